"""The drafts of 2014 and 2015: qualified by the ticket, by assets or by income; two hundred holders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.regimes.asking import Case, decided, limit
from tests.regimes.asking_elsewhere import ask

#: Regime -> its rule, ticket, financial assets, average income, and net assets of an entity.
DRAFTS = {
    "CN-SAC2014": ("CN-SAC2014-14", 1_000_000, 3_000_000, 500_000, 10_000_000),
    "CN-SAC2015R": ("CN-SAC2015R-QI", 100_000, 1_000_000, 300_000, None),
}
BOTH = pytest.mark.parametrize("draft", DRAFTS)


def buy(draft: str, amount: str = "50000.00", *, on: str | None = None, **investor: Any) -> Case:
    return ask(draft, "eligibility", amount, on=on, **{"type": "natural", **investor})


def said(draft: str, allowed: bool) -> tuple[str, str]:
    return "allow" if allowed else "deny", DRAFTS[draft][0]


@BOTH
def test_the_ticket_alone_is_enough(draft: str) -> None:
    ticket = DRAFTS[draft][1]
    for kind in ("natural", "entity"):
        for amount, allowed in ((f"{ticket}.00", True), (f"{ticket - 1}.99", False)):
            case = buy(draft, amount, type=kind)
            assert (decided(case), limit(case)) == (said(draft, allowed), (None, None))


@BOTH
def test_so_are_the_financial_assets_of_a_person(draft: str) -> None:
    bar = DRAFTS[draft][2]
    for assets, allowed in ((f"{bar}.00", True), (f"{bar - 1}.99", False), (None, False)):
        assert decided(buy(draft, financial_assets=assets)) == said(draft, allowed)
        assert decided(buy(draft, type="entity", financial_assets=assets)) == said(draft, False)


@BOTH
def test_so_is_the_average_income_of_three_years(draft: str) -> None:
    bar = DRAFTS[draft][3]
    for years, allowed in (
        ([bar, bar, bar], True), ([bar - 100_000, bar, bar + 100_000], True), ([bar * 3, 0, 0], True),
        ([bar - 1, bar, bar], False), ([bar * 9, bar * 9], False), ([], False),
    ):  # fmt: skip
        income = [f"{year}.00" for year in years]
        assert decided(buy(draft, financial_assets="0.00", income_3y=income)) == said(draft, allowed)
    assert decided(buy(draft, income_3y=["9000000.00", "9000000.00", None])) == said(draft, False)


@BOTH
def test_net_assets_qualify_an_entity_under_the_first_draft_only(draft: str) -> None:
    for assets, allowed in (("10000000.00", True), ("9999999.99", False), ("-1.00", False), (None, False)):
        first = DRAFTS[draft][4] is not None
        assert decided(buy(draft, type="entity", net_assets=assets)) == said(draft, allowed and first)
        assert decided(buy(draft, type="natural", net_assets=assets)) == said(draft, False)


@BOTH
def test_nothing_is_shown_to_who_did_not_give_a_real_name(draft: str) -> None:
    rich = {"financial_assets": "9000000.00"}
    assert decided(buy(draft, "9000000.00", status="anonymous", **rich)) == ("deny", "CN-SAC-SOLICIT")
    for status in ("registered", "certified", None):
        assert decided(buy(draft, status=status, **rich)) == said(draft, True)


@BOTH
def test_ticks_of_others_are_no_consent_and_assets_need_proof(draft: str) -> None:
    rich = {"financial_assets": "9000000.00"}
    assert decided(buy(draft, consents_preticked=True, **rich)) == ("needs_ack", "CN-CONSENT")
    assert decided(buy(draft, evidence=False, **rich)) == ("needs_ack", "CN-EVIDENCE")
    assert decided(buy(draft, "1000000.00", evidence=False, **rich)) == said(draft, True), "the ticket needs no proof"


@BOTH
@pytest.mark.parametrize(("direct", "decision", "left"), [(91, "allow", 1), (92, "deny", 0)])
def test_two_hundred_holders_with_those_behind_vehicles(draft: str, direct: int, decision: str, left: int) -> None:
    event = {
        "type": "issuer_lookthrough", "existing_holders": 10, "direct_new": direct, "spv_investors": [49, 49],
        "esop_employees": 5,
    }  # fmt: skip
    case = ask(draft, "cohort", event=event)
    assert (decided(case), limit(case)) == ((decision, "CN-SAC-12"), (200, left))


@pytest.mark.parametrize(
    ("draft", "on", "before"), [("CN-SAC2014", "2014-12-18", "2014-12-17"), ("CN-SAC2015R", "2015-01-26", "2015-01-25")]
)
def test_there_was_no_draft_before_it_was_published(draft: str, on: str, before: str) -> None:
    for day, allowed in ((before, False), (on, True)):
        assert decided(buy(draft, "9000000.00", on=day)) == said(draft, allowed)
        assert decided(ask(draft, "cohort", on=day)) == ("allow" if allowed else "deny", "CN-SAC-12")
