"""The cases with known answers that are shipped with the packs: the regulator's own examples, and others worked out
from the text of the law. Each can be put to any edition of its law.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.regimes.facts import BadFacts
from app.regimes.regime import Regime
from app.regimes.registry import assess_case

FILE = Path(__file__).with_name("cases.json")


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case, and what an edition answers to it. `answer` is None where it cannot read the case."""

    case: Mapping[str, Any]
    answer: Mapping[str, Any] | None

    @property
    def id(self) -> str:
        return str(self.case["id"])

    @property
    def expected(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.case["expect"]
        return found

    @property
    def rule(self) -> str:
        """The rule that the case is about."""
        return str(self.expected["reason_rule"])

    @property
    def as_expected(self) -> bool:
        return self.answer == {"id": self.case["id"], **self.expected}


@cache
def every_case() -> tuple[dict[str, Any], ...]:
    """All cases of all laws, as they are in the file."""
    return tuple(json.loads(FILE.read_text(encoding="utf-8")))


def of_regime(regime: Regime) -> list[KnownCase]:
    """The cases of a law, each answered by this very edition."""
    return [KnownCase(case, _answer(case, regime)) for case in every_case() if case["regime"] == regime.pack.id]


def _answer(case: Mapping[str, Any], regime: Regime) -> Mapping[str, Any] | None:
    try:
        return assess_case(case, {regime.pack.id: regime})
    except BadFacts:
        return None
