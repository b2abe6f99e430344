"""A bank takes its money back while a refund is being sent: it goes back once, and nobody loses it twice."""

from __future__ import annotations

from datetime import timedelta

from app.jobs import carry_money, close_offerings, send_payments
from app.payments.port import Method
from app.payments.sandbox.tables import Token
from tests.payments.sandbox.cards import Cards
from tests.payments.test_after_the_payment import Story


def lost(story: Story) -> int:
    ((minor,),) = story.world.sql("SELECT coalesce(sum(debits - credits), 0) FROM ledger_accounts WHERE code = '5020'")
    return int(minor)


def refunds(story: Story) -> list[str]:
    return [
        status for (status,) in story.world.sql("SELECT status FROM instructions WHERE kind = 'refund' ORDER BY id")
    ]


def test_a_debit_that_is_returned_before_its_refund_is_tried_is_no_loss(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    story.cards.late_return(payment)
    send_payments.run(story.world.platform)  # before the platform has heard of the return: the gateway refuses
    assert refunds(story) == ["review"]
    assert story.status(pledge) == "returned"
    assert (refunds(story), lost(story)) == (["cancelled"], 0)
    assert story.world.broken_promises() == []


def test_a_debit_that_is_returned_after_its_refund_came_back_is_no_loss(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    assert story.status(pledge) == "refunded"
    story.cards.refund_fails(story.cards.refund_of(pledge))
    assert story.status(pledge) == "refund_due"
    story.cards.late_return(payment)
    assert (story.status(pledge), lost(story)) == ("returned", 0)
    assert story.world.broken_promises() == []


def test_a_refund_that_a_dispute_stopped_at_the_gateway_goes_out_once_when_it_is_won(story: Story) -> None:
    pledge, payment = story.paid(token=Token.OK)
    story.world.cancel(pledge)
    story.cards.dispute(payment)
    send_payments.run(story.world.platform)
    assert refunds(story) == ["review"]
    assert story.status(pledge) == "refund_due"
    assert refunds(story) == ["cancelled"]
    story.cards.dispute_won(payment)
    assert story.status(pledge) == "refunded"
    assert (refunds(story), Cards.of(story.world).lines(payment)[0][1]) == (
        ["cancelled", "succeeded"],
        pledge.amount_minor,
    )
    assert story.world.broken_promises() == []


def test_what_a_bank_took_before_the_rest_was_carried_holds_no_closing_up(story: Story) -> None:
    sold, _ = story.paid(shares=300)
    _, payment = story.paid()
    story.world.pass_deadline(story.offering)
    close_offerings.run(story.world.platform)
    carried = "SELECT status FROM instructions WHERE kind = 'to_custody' ORDER BY id"
    while not story.world.sql(carried):
        send_payments.run(story.world.platform)
        carry_money.run(story.world.platform)
    story.cards.dispute(payment)
    for _ in range(4):
        story.days(1)
        story.world.let_backoffs_pass()
    assert story.world.sql(carried) == [("cancelled",), ("succeeded",)]
    story.world.approve_closing(story.offering)
    assert story.status(sold) == "settled"


def test_a_dispute_after_the_approval_takes_nothing_that_the_payout_needs(story: Story) -> None:
    """Its collector lacks what the bank took until it is known who bears that, and the platform has paid it in."""
    _, payment = story.paid(shares=300)
    story.ends()
    story.world.approve_closing(story.offering)
    story.cards.dispute(payment)
    waits = "UPDATE instructions SET next_attempt_at = now() + :later WHERE kind = 'release'"
    story.world.sql(waits, later=timedelta(hours=1))  # the custodian could not be reached
    for _ in range(3):
        story.world.run_jobs()
        carry_money.run(story.world.platform)
    carried = "SELECT count(*) FROM instructions WHERE kind = 'from_custody'"
    assert story.world.sql(carried) == [(0,)]
    story.world.sql(waits, later=timedelta(0))
    story.world.run_jobs()
    assert story.world.offering(story.offering.id).status == "settled"
    story.days(3)
    story.cards.dispute_lost(payment)
    story.days(4)
    assert (story.books(), story.world.sql(carried)) == ({}, [(1,)])
