"""Companies Act 2013, section 42: two hundred offerees in a financial year, and nothing in public."""

from __future__ import annotations

from typing import Any

import pytest

from app.regimes.facts import BadFacts
from app.regimes.registry import assess_case
from tests.regimes.asking import Case, decided, limit
from tests.regimes.asking_elsewhere import ask


def offer(offerees: Any, *, public: bool = False, kind: str = "identified", on: str | None = None) -> Case:
    event = {"public_solicitation": public, "offerees_this_fy_excl_qib": offerees}
    others: dict[str, Any] = {"class": kind}
    return ask("IN", "eligibility", "100000.00", on=on, event=event, **others)


@pytest.mark.parametrize(
    ("offerees", "decision", "left"), [(0, "allow", 200), (199, "allow", 1), (200, "deny", 0), (900, "deny", 0)]
)
def test_the_two_hundredth_offeree_is_the_last(offerees: int, decision: str, left: int) -> None:
    expected = {"cap": 200, "remaining": left, "decision": decision, "reason_rule": "IN-42-2", "unit": "offerees"}
    assert assess_case(offer(offerees)) == {"id": "one", **expected}
    assert assess_case({**offer(offerees), "category": "cohort"}) == {"id": "one", **expected}


@pytest.mark.parametrize(("offerees", "left"), [(3, 197), (200, 0)])
def test_institutional_buyers_are_not_counted(offerees: int, left: int) -> None:
    expected = {"cap": 200, "remaining": left, "decision": "allow", "reason_rule": "IN-42-QIB", "unit": "offerees"}
    assert assess_case(offer(offerees, kind="qib")) == {"id": "one", **expected}


@pytest.mark.parametrize("kind", ["retail", "identified", "qib"])
def test_nothing_may_be_offered_in_public(kind: str) -> None:
    case = offer(0, public=True, kind=kind)
    assert (decided(case), limit(case)) == (("deny", "IN-42-7"), (None, None))
    assert "unit" not in assess_case(case)


@pytest.mark.parametrize("offerees", [None, -1, 1.5, "199", True])
def test_who_was_offered_to_is_a_whole_number(offerees: Any) -> None:
    with pytest.raises(BadFacts, match=r"event\.offerees_this_fy_excl_qib"):
        decided(offer(offerees))


def test_there_was_no_such_section_before_the_act() -> None:
    for on, decision in (("2014-03-31", "deny"), ("2014-04-01", "allow")):
        assert decided(offer(0, on=on)) == (decision, "IN-42-2")
