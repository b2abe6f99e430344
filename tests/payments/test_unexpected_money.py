"""Money that is not what was asked for counts for nothing, is booked apart, and goes back to where it came from."""

from __future__ import annotations

import pytest

from app.jobs import process_inbox
from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.offerings.models import Offering
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.builders import World

AMOUNT = 25_000


def counted(world: World, offering: Offering) -> tuple[int, int, int]:
    progress = world.offering(offering.id).progress
    assert progress is not None
    return progress.taken_minor, progress.held_minor, progress.settled_minor


def told(world: World) -> list[tuple[str, int, str]]:
    rows = world.sql("SELECT kind, facts FROM messages WHERE kind <> 'offering_decided' ORDER BY id")
    return [(kind, facts["minor"], facts["currency"]) for kind, facts in rows]


def unidentified(world: World, offering: Offering, currency: str) -> int:
    with world.looking() as view:
        return ledger.balance(view.session, Code.UNIDENTIFIED_RECEIPTS, currency, offering_id=offering.id)


def instructions(world: World, pledge: Pledge) -> list[tuple[str, str, str | None]]:
    rows = world.sql("SELECT kind, status, code FROM instructions WHERE pledge_id = :id ORDER BY id", id=pledge.id)
    return [(kind, status, code) for kind, status, code in rows]


WRONG = pytest.mark.parametrize(
    ("token", "minor", "currency"),
    [
        pytest.param(Token.PARTIAL_AMOUNT, AMOUNT // 2, "USD", marks=pytest.mark.scenario(18), id="S18"),
        pytest.param(Token.WRONG_CURRENCY, AMOUNT, "EUR", marks=pytest.mark.scenario(16), id="S16"),
    ],
)


@WRONG
def test_another_amount_or_currency_goes_to_a_person_and_the_money_goes_back(
    world: World, token: Token, minor: int, currency: str
) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.pay(pledge, token)
    world.deliver_events()
    process_inbox.run(world.platform)
    assert (world.pledge(pledge.id).status, counted(world, offering)) == ("failed", (0, 0, 0))
    assert unidentified(world, offering, currency) == minor

    world.run_jobs()
    assert instructions(world, pledge) == [("collect", "review", "amount_differs"), ("refund", "succeeded", None)]
    assert unidentified(world, offering, currency) == 0
    assert world.sql("SELECT kind, amount_minor, currency FROM sandbox.transactions ORDER BY kind") == [
        ("payment", minor, currency), ("refund", -minor, currency),
    ]  # fmt: skip
    assert counted(world, offering) == (0, 0, 0)
    assert world.broken_promises() == []


@WRONG
def test_the_investor_is_told_what_came_and_goes_back(world: World, token: Token, minor: int, currency: str) -> None:
    """ "Nothing was charged" would be wrong."""
    pledge = world.pledged(world.live())
    world.pay(pledge, token)
    world.run_jobs()
    assert told(world) == [
        ("pledge_placed", AMOUNT, "USD"), ("refund_due", minor, currency), ("refund_paid", minor, currency),
    ]  # fmt: skip


@WRONG
def test_a_cancelled_pledge_gets_the_wrong_amount_back_too(
    world: World, token: Token, minor: int, currency: str
) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.pay(pledge, token)
    world.cancel(pledge)
    assert world.pledge(pledge.id).status == "cancelling"
    world.run_jobs()
    assert (world.pledge(pledge.id).status, counted(world, offering)) == ("failed", (0, 0, 0))
    assert told(world)[1:] == [("refund_due", minor, currency), ("refund_paid", minor, currency)]
    assert unidentified(world, offering, currency) == 0
    assert world.broken_promises() == []


def pay_although_it_is_over(world: World, pledge: Pledge) -> None:
    """The payer's bank sends the money of a payment that was stopped."""
    world.sql("UPDATE sandbox.objects SET status = 'requires_action' WHERE kind = 'payment'")
    (ref,) = world.sql("SELECT provider_ref FROM instructions WHERE pledge_id = :id", id=pledge.id)[0]
    assert world.platform.sandbox is not None
    world.platform.sandbox.pay(ref.split("/")[1], Token.OK)


@pytest.mark.parametrize("end", ["cancelled", "declined"])
def test_money_that_comes_after_the_pledge_has_ended_is_returned_once(world: World, end: str) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    if end == "cancelled":
        world.run_jobs()
        world.cancel(pledge)
    else:
        world.pay(pledge, Token.DECLINE)
    world.run_jobs()
    ended = world.pledge(pledge.id).status
    assert ended in ("cancelled", "failed")

    pay_although_it_is_over(world, pledge)
    assert world.platform.sandbox is not None
    world.platform.sandbox.behave(copies=3)
    world.run_jobs()
    world.run_jobs()
    assert (world.pledge(pledge.id).status, counted(world, offering)) == (ended, (0, 0, 0))
    assert sorted(world.at_the_gateway(offering)) == [("payment", "succeeded", AMOUNT), ("refund", "succeeded", AMOUNT)]
    assert [message for message in told(world) if message[0].startswith("refund")] == [
        ("refund_due", AMOUNT, "USD"), ("refund_paid", AMOUNT, "USD"),
    ]  # fmt: skip
    assert unidentified(world, offering, "USD") == 0
    assert world.broken_promises() == []


def test_a_declined_payment_frees_its_place_and_says_so(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    assert counted(world, offering)[0] == AMOUNT
    world.pay(pledge, Token.DECLINE)
    world.run_jobs()
    assert (world.pledge(pledge.id).status, counted(world, offering)) == ("failed", (0, 0, 0))
    assert instructions(world, pledge) == [("collect", "failed", "card_declined")]
    assert told(world)[-1][0] == "payment_failed"
    assert world.broken_promises() == []


@pytest.mark.parametrize(("token", "end"), [(Token.DELAYED_OK, "held"), (Token.DELAYED_FAIL, "failed")])
def test_a_slow_bank_is_waited_for(world: World, token: Token, end: str) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.pay(pledge, token)
    world.run_jobs()
    assert (world.pledge(pledge.id).status, counted(world, offering)) == ("processing", (AMOUNT, 0, 0))

    world.move_clock(days=3, minutes=1)
    world.run_jobs()
    assert world.pledge(pledge.id).status == end
    assert counted(world, offering) == ((AMOUNT, AMOUNT, 0) if end == "held" else (0, 0, 0))
    assert world.broken_promises() == []


def test_a_refund_that_takes_days_is_paid_once(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.pay(pledge, Token.REFUND_DELAYED)
    world.run_jobs()
    world.cancel(pledge)
    world.run_jobs()
    assert (world.pledge(pledge.id).status, instructions(world, pledge)[1]) == (
        "refund_due",
        ("refund", "pending", None),
    )
    assert world.broken_promises() == []

    world.move_clock(days=3, minutes=1)
    world.run_jobs()
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert [one for one in world.at_the_gateway(offering) if one[0] == "refund"] == [("refund", "succeeded", AMOUNT)]
    assert world.broken_promises() == []
