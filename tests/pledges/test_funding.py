"""Pledges paid on credit: refused, capped or allowed by the platform's policy for the rules of the offering."""

from __future__ import annotations

from datetime import date

import pytest

from app.investors.models import Investor
from app.offerings.models import Offering
from app.payments.port import Funding
from app.payments.sandbox.tables import Token
from app.pledges.lifecycle import FAILED, HELD, REFUNDED
from app.pledges.models import Pledge
from app.regimes.platform_policy import credit_limit
from tests.builders import World, usd

TODAY = date(2026, 3, 3)


def paid(world: World, offering: Offering, shares: int, token: Token, investor: Investor | None = None) -> Pledge:
    pledge = world.pledged(offering, shares, investor)
    world.pay(pledge, token)
    world.run_jobs()
    return world.pledge(pledge.id)


@pytest.mark.parametrize("token", [Token.CREDIT_CARD, Token.PREPAID_CARD])
def test_a_credit_card_within_the_limit_is_taken_and_remembered(world: World, token: Token) -> None:
    pledge = paid(world, world.live(), 2000, token)  # 5,000.00, the limit itself
    assert (pledge.status, pledge.funding) == (HELD, token.value.removesuffix("_card"))
    assert world.broken_promises() == []


def test_above_the_limit_the_gateway_declines_before_any_charge_and_the_investor_reads_why(world: World) -> None:
    offering = world.live()
    pledge = paid(world, offering, 2001, Token.CREDIT_CARD)
    assert (pledge.status, pledge.funding_refused) == (FAILED, True)
    assert world.at_the_gateway(offering) == [("payment", "failed", 500_250)]
    ((facts,),) = world.sql("SELECT facts FROM messages WHERE kind = 'payment_failed'")
    assert facts["funding_refused"]
    assert world.broken_promises() == []


def test_what_the_gateway_learns_only_after_the_charge_goes_back_in_full_with_its_reason(world: World) -> None:
    offering = world.live()
    pledge = paid(world, offering, 2001, Token.LATE_CREDIT_CARD)
    assert (pledge.status, pledge.funding_refused, pledge.funding) == (REFUNDED, True, "credit")
    assert [(kind, minor) for kind, _, minor in world.at_the_gateway(offering)] == [
        ("payment", 500_250), ("refund", 500_250),
    ]  # fmt: skip
    ((facts,),) = world.sql("SELECT facts FROM messages WHERE kind = 'refund_due'")
    assert facts["funding_refused"]
    assert world.offering(offering.id).progress.held_minor == 0  # type: ignore[union-attr]
    assert world.broken_promises() == []


def test_the_limit_counts_all_that_one_investor_pays_on_credit(world: World) -> None:
    offering, investor = world.live(), world.investor()
    assert paid(world, offering, 1500, Token.CREDIT_CARD, investor).status == HELD
    assert paid(world, offering, 501, Token.PREPAID_CARD, investor).status == FAILED
    assert paid(world, offering, 501, Token.LATE_CREDIT_CARD, investor).status == REFUNDED
    assert paid(world, offering, 500, Token.CREDIT_CARD, investor).status == HELD
    assert paid(world, offering, 2000, Token.OK, investor).status == HELD  # no card: no limit
    assert paid(world, offering, 2000, Token.CREDIT_CARD).status == HELD  # somebody else
    assert world.broken_promises() == []


def test_two_payments_on_credit_that_were_begun_together_do_not_both_stay(world: World) -> None:
    offering, investor = world.live(), world.investor()
    pledges = [world.pledged(offering, 1500, investor) for _ in range(2)]
    for pledge in pledges:
        world.pay(pledge, Token.CREDIT_CARD)  # neither of them was over the limit when it was begun
    world.run_jobs()
    assert sorted(world.pledge(pledge.id).status for pledge in pledges) == [HELD, REFUNDED]
    assert world.broken_promises() == []


@pytest.mark.parametrize(
    ("rules", "currency", "funding", "minor", "refused"),
    [
        ("US-CF", "USD", Funding.CREDIT, 500_000, False), ("US-CF", "USD", Funding.CREDIT, 500_001, True),
        ("US-CF", "USD", Funding.DEBIT, 99_999_999, False), ("US-CF", "USD", None, 99_999_999, False),
        ("US-CF", "USD", Funding.UNKNOWN, 500_001, True), ("US-CF", "EUR", Funding.CREDIT, 1, True),
        ("CN-MICHOU", "CNY", Funding.CREDIT, 1, True), ("CN-MICHOU", "CNY", Funding.UNKNOWN, 1, True),
        ("CN-MICHOU", "CNY", Funding.BANK, 99_999_999, False), ("rules of tomorrow", "USD", Funding.CREDIT, 1, True),
    ],
)  # fmt: skip
def test_rules_that_the_policy_does_not_name_refuse_credit(
    rules: str, currency: str, funding: Funding | None, minor: int, refused: bool
) -> None:
    limit = credit_limit(rules, currency, TODAY)
    total = type(usd("1"))(minor, currency)
    assert limit.refuses(funding, total) == refused


def test_before_the_policy_there_was_no_limit() -> None:
    assert not credit_limit("US-CF", "USD", date(2015, 12, 31)).refuses(Funding.CREDIT, usd("1000000"))


def test_an_account_of_somebody_else_is_an_alert_that_shows_both_names(world: World) -> None:
    pledge = paid(world, world.live(), 100, Token.OTHER_PAYER)
    assert pledge.status == HELD
    ((rule, holds, inputs),) = world.sql("SELECT rule, holds, inputs FROM alerts")
    assert (rule, holds) == ("PLATFORM-PAYER", True)
    assert inputs["payer"] == "Quentin Otherman" and inputs["pledges"] == [pledge.ref]


def test_an_account_of_the_investor_in_another_order_is_none(world: World) -> None:
    paid(world, world.live(), 100, Token.OTHER_PAYER, world.investor(name="Otherman, Quentin"))
    assert world.sql("SELECT * FROM alerts") == []
