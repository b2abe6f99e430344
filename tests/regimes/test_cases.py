"""Cases with known answers: the regulator's own examples, and others worked out from the text of the law."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.regimes.known_cases import FILE
from app.regimes.registry import assess_case

CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_known_case_is_answered_as_known(case: dict[str, Any]) -> None:
    assert assess_case(case) == {"id": case["id"], **case["expect"]}


def test_what_is_expected_is_never_read() -> None:
    for case in CASES:
        blind = {name: value for name, value in case.items() if name != "expect"}
        assert assess_case({**blind, "expect": "-", "source": 7, "note": [], "confidence": None}) == assess_case(case)


@pytest.mark.parametrize("regime", ["EU-PROSPECTUS", "no such law"])
def test_a_regime_that_is_not_built_says_so_without_reading_the_facts(regime: str) -> None:
    answer = {"cap": None, "remaining": None, "decision": "unsupported", "reason_rule": None}
    assert assess_case({"id": "x-1", "regime": regime, "pledge": "anything"}) == {"id": "x-1", **answer}
