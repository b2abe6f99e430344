"""MiChou's rules of 2016: certified investors only, by assets or by income, above the ticket."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.money import Money
from app.regimes.registry import BUILT
from tests.regimes.asking import decided, limit, michou

QUALIFIED = ("allow", "CN-MICHOU-QI")
NOT_QUALIFIED = ("deny", "CN-MICHOU-QI")


@pytest.mark.parametrize(
    ("investor", "answer"),
    [
        ({"financial_assets": "1000000.00"}, QUALIFIED),
        ({"financial_assets": "999999.99"}, NOT_QUALIFIED),
        ({"financial_assets": None, "income_3y": ["300000.00", "300000.00", "300000.00"]}, QUALIFIED),
        ({"financial_assets": "0.00", "income_3y": ["100000.00", "200000.00", "600000.00"]}, QUALIFIED),
        ({"financial_assets": "0.00", "income_3y": ["299999.99", "300000.00", "300000.00"]}, NOT_QUALIFIED),
        ({"financial_assets": None, "income_3y": ["900000.00", "900000.00"]}, NOT_QUALIFIED),
        ({"financial_assets": None, "income_3y": ["900000.00", "900000.00", None]}, NOT_QUALIFIED),
        ({"financial_assets": None}, NOT_QUALIFIED),
    ],
)
def test_either_the_assets_or_three_years_of_income_must_reach_the_bar(
    investor: dict[str, Any], answer: tuple[str, str]
) -> None:
    assert decided(michou(**investor)) == answer


@pytest.mark.parametrize("status", ["registered", "anonymous", None])
def test_only_certified_investors_may_buy(status: str | None) -> None:
    assert decided(michou(status=status)) == ("needs_ack", "CN-MICHOU-CERT")


@pytest.mark.parametrize(("amount", "decision"), [("399999.99", "deny"), ("400000.00", "allow")])
def test_the_ticket_of_the_offering_is_the_least_one_may_buy_for(amount: str, decision: str) -> None:
    assert decided(michou(amount))[0] == decision


def test_ticks_made_for_the_investor_are_no_consent() -> None:
    assert decided(michou(consents_preticked=True)) == ("needs_ack", "CN-CONSENT")
    assert decided(michou(consents_preticked=False)) == QUALIFIED


def test_a_status_without_evidence_is_asked_for_it() -> None:
    assert decided(michou(evidence=False)) == ("needs_ack", "CN-EVIDENCE")
    assert decided(michou(evidence=True)) == QUALIFIED


def test_there_is_no_limit_on_the_amount() -> None:
    assert limit(michou("90000000.00")) == (None, None)


def test_nobody_was_qualified_before_the_platform_opened() -> None:
    assert decided(michou(on="2016-09-21")) == NOT_QUALIFIED
    assert decided(michou(on="2016-09-22")) == QUALIFIED


def test_one_may_cancel_until_the_deadline_and_a_raise_has_no_limit() -> None:
    china = BUILT["CN-MICHOU"]
    deadline = datetime(2026, 5, 1, 15, 0, tzinfo=UTC)
    assert china.cancel_until(deadline, deadline) == deadline
    assert china.earliest_deadline(date(2026, 5, 1)) == date(2026, 5, 1)
    assert china.resale_restricted_until(date(2026, 5, 1)) is None
    target, short = Money.of("21000000", "CNY"), Money.of("20999999.99", "CNY")
    assert china.may_raise(amount=target, issuer="c", earlier=[], on=date(2026, 5, 1)).allows
    for held, allows in ((target, True), (short, False)):
        assert (
            china.may_release(opened_on=date(2026, 5, 1), on=date(2026, 5, 1), held=held, target=target).allows
            is allows
        )
