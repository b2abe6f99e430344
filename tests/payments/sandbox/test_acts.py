"""What others play in their tests: the acts of `tests/payments/sandbox/cards.py`, each with its lines, events and refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.money import Money
from app.payments.errors import InsufficientProviderFunds, Rejected, Unsupported
from app.payments.port import Method, Outcome, Ref
from app.payments.sandbox.answers import RemoteError
from app.payments.sandbox.tables import Token
from tests.builders import World
from tests.payments.sandbox.cards import AMOUNT, Cards, op

PAID = ("payment", 100_000, 2_930)


def told(cards: Cards, about: Ref) -> list[str]:
    return [event.type for event in cards.provider.all_events() if event.object_id == about.id]


def test_a_decline_moves_nothing(cards: Cards) -> None:
    declined = cards.declines(cards.asked().ref)
    assert (declined.state, declined.code, declined.evidence) == ("failed", "card_declined", ())
    assert told(cards, declined.ref) == ["payment.failed"]


def test_a_payment_that_waits_is_cancelled_and_a_made_one_answers_too_late(cards: Cards) -> None:
    waiting, made = cards.asked(), cards.paid()
    assert cards.gateway.cancel(op(), waiting.ref).state == "cancelled"
    assert cards.pays(waiting.ref).state == "cancelled"
    assert cards.gateway.cancel(op(), made.ref).state == "succeeded"
    assert cards.balance() == 100_000 - 2_930


def test_a_debit_comes_back_once(cards: Cards) -> None:
    debit = cards.paid(method=Method.ACH_DEBIT)
    cards.days(4)
    returned = cards.late_return(debit.ref)
    assert cards.lines(debit.ref) == [("payment", 100_000, 500), ("return", -100_000, 400)]
    assert (returned.state, returned.amount) == ("succeeded", AMOUNT)
    assert told(cards, debit.ref) == ["payment.processing", "payment.succeeded", "payment.returned"]
    with pytest.raises(RemoteError, match="not_now"):
        cards.late_return(debit.ref)
    assert cards.balance() == -900


def test_a_dispute_is_opened_lost_and_won_after_all(cards: Cards) -> None:
    paid = cards.paid()
    opened, line = cards.dispute(paid.ref), ("dispute", -100_000, 1_500)
    assert (opened.dispute, cards.lines(paid.ref)) == ("open", [PAID, line])
    assert (cards.dispute_lost(paid.ref).dispute, cards.lines(paid.ref)) == ("lost", [PAID, line])
    assert cards.dispute_won(paid.ref).dispute == "won"
    assert cards.lines(paid.ref) == [PAID, line, ("dispute_won", 100_000, 0)]
    assert told(cards, paid.ref) == ["payment.succeeded", "dispute.open", "dispute.lost", "dispute.won"]


def test_an_inquiry_has_no_line_and_may_become_a_dispute(cards: Cards) -> None:
    paid = cards.paid()
    assert (cards.inquiry(paid.ref).dispute, cards.lines(paid.ref)) == ("inquiry", [PAID])
    assert cards.dispute(paid.ref).dispute == "open"


def test_a_dispute_takes_what_was_paid_and_not_what_was_asked(cards: Cards) -> None:
    paid = cards.paid(Token.PARTIAL_AMOUNT)
    cards.dispute(paid.ref)
    assert [amount for _, amount, _ in cards.lines(paid.ref)] == [50_000, -50_000]


@pytest.mark.parametrize(
    "act", [Cards.dispute_won, Cards.dispute_lost, Cards.refund_fails, Cards.payout_fails], ids=lambda one: one.__name__
)
def test_what_cannot_come_next_does_not(cards: Cards, act: Callable[[Cards, Ref], Outcome]) -> None:
    paid = cards.paid()
    with pytest.raises(RemoteError, match="not_now"):
        act(cards, paid.ref)
    with pytest.raises(RemoteError, match="not_now"):
        cards.late_return(cards.asked().ref)
    assert cards.gateway.fetch(paid.ref) == paid
    assert told(cards, paid.ref) == ["payment.succeeded"]


def test_a_refund_and_a_payout_come_back(cards: Cards) -> None:
    paid = cards.paid()
    cards.days(2)
    payout, refund = cards.paid_out(), cards.refunded(paid.ref)
    assert cards.refund_fails(refund.ref).state == cards.payout_fails(payout.ref).state == "failed"
    assert cards.lines(refund.ref) == [("refund", -100_000, 0), ("refund_failed", 100_000, 0)]
    assert cards.lines(payout.ref) == [("payout", -10_000, 0), ("payout_failed", 10_000, 0)]
    assert told(cards, refund.ref) == ["refund.succeeded", "refund.failed"]
    assert cards.refunded(paid.ref).state == "succeeded"  # what came back can be sent again


def test_a_refund_waits_until_the_balance_covers_it(cards: Cards) -> None:
    paid, sent = cards.paid(Token.REFUND_NEEDS_BALANCE), op()
    for _ in range(2):
        with pytest.raises(InsufficientProviderFunds):
            cards.refunded(paid.ref, sent=sent)
        assert cards.gateway.find(sent) is None
        cards.days(2)  # free by now, but for the price
    cards.paid()
    cards.days(2)
    assert cards.refunded(paid.ref, sent=sent).state == "succeeded"


def test_a_wallet_refunds_for_ninety_days(cards: Cards) -> None:
    paid = cards.paid(method=Method.ALIPAY, amount=Money(20_000, "CNY"))
    window = cards.gateway.methods("CNY")[Method.ALIPAY].refund_window
    assert window == timedelta(days=90)
    cards.days(90)
    assert cards.refunded(paid.ref, Money(1, "CNY")).state == "succeeded"
    cards.days(1)
    with pytest.raises(Rejected, match="refund_window_over"):
        cards.refunded(paid.ref, Money(1, "CNY"))
    assert cards.balance() == 20_000 - 610 - 1


def test_what_is_kept_can_be_declined_when_it_is_charged(cards: Cards) -> None:
    instrument = cards.kept(Token.OFF_SESSION_DECLINE)
    declined = cards.asked(instrument=instrument)
    assert (declined.state, declined.code, declined.evidence) == ("failed", "card_declined", ())


def test_what_was_not_kept_cannot_be_charged(cards: Cards) -> None:
    instrument = cards.kept(method=Method.ACH_DEBIT)
    sent = op()
    for method, charged in ((Method.CARD, instrument), (Method.ACH_DEBIT, Ref("instrument", "pm_nobodys"))):
        with pytest.raises(Rejected, match="no_such_instrument"):
            cards.asked(method, sent=sent, instrument=charged)
    assert cards.gateway.find(sent) is None
    with pytest.raises(Unsupported):
        cards.kept(method=Method.ALIPAY)


def test_days_let_everything_happen_on_its_day(cards: Cards) -> None:
    began_at = cards.provider.now()
    debit = cards.paid(Token.RETURN_D5, Method.ACH_DEBIT)
    cards.days(30)
    found = [(line.created_at - began_at).days for line in cards.gateway.fetch(debit.ref).evidence]
    assert found == [4, 9]


def test_what_was_due_does_not_come_after_it_came_by_another_way(cards: Cards) -> None:
    debit, disputed = cards.paid(Token.RETURN_D5, Method.ACH_DEBIT), cards.paid(Token.DISPUTE_WON)
    cards.days(4)
    cards.late_return(debit.ref)
    cards.dispute(disputed.ref)
    cards.days(60)
    assert [kind for kind, _, _ in cards.lines(debit.ref)] == ["payment", "return"]
    assert [kind for kind, _, _ in cards.lines(disputed.ref)] == ["payment", "dispute", "dispute_won"]
    assert told(cards, debit.ref).count("payment.returned") == 1


def test_another_sending_of_an_operation_is_not_taken_for_this_one(cards: Cards) -> None:
    first = op()
    again = op(first.id, generation=2)
    made = cards.declines(cards.asked(sent=first).ref)
    assert cards.gateway.find(again) is None
    anew = cards.asked(sent=again)
    assert (cards.gateway.find(first), cards.gateway.find(again)) == (made, anew)


def test_a_line_tells_the_key_of_its_object_long_after_the_key_was_forgotten(cards: Cards) -> None:
    sent, began_at = op(), cards.provider.now()
    cards.pays(cards.asked(sent=sent).ref)
    cards.days(3)
    again = cards.asked(sent=sent)  # the key is forgotten, so this is a second payment
    cards.pays(again.ref)
    lines = list(cards.gateway.transactions(began_at, cards.provider.now() + timedelta(seconds=1)))
    assert [line.op_key for line in lines] == [sent.key, sent.key]


def test_the_lines_of_a_day_tell_price_and_when_they_come_free(cards: Cards) -> None:
    first = cards.paid()
    cards.days(1)
    began_at = cards.provider.now()
    second = cards.paid(method=Method.ALIPAY)
    cards.dispute(first.ref)
    lines = list(cards.gateway.transactions(began_at, began_at + timedelta(days=1)))
    by_source = {line.source: line for line in lines}
    assert len(lines) == 2
    assert (by_source[second.ref].fee.minor, by_source[first.ref].fee.minor) == (2_930, 1_500)
    assert by_source[second.ref].available_at == began_at + timedelta(days=2)
    assert by_source[first.ref].available_at is None


def test_in_a_world_a_pledge_is_paid_there_and_the_platform_hears_of_it(cards_world: World) -> None:
    cards = Cards.of(cards_world)
    pledge = cards_world.pledged(cards_world.live(regime_id="US-REGA", days=30))
    payment = cards.chosen(pledge, Method.ACH_DEBIT)
    assert cards.payment_of(pledge) == payment
    cards.pays(payment)
    cards_world.run_jobs()
    assert cards_world.pledge(pledge.id).status == "processing"
    cards.days(4)
    cards_world.run_jobs()
    assert cards_world.pledge(pledge.id).status == "held"
    cards.late_return(payment)
    cards_world.run_jobs()
    assert [kind for kind, _, _ in cards.lines(payment)] == ["payment", "return"]
    assert cards_world.sql("SELECT type, status FROM gateway_events WHERE type LIKE 'payment.%' ORDER BY received_at, event_id") == [
        ("payment.processing", "done"), ("payment.succeeded", "done"), ("payment.returned", "done"),
    ]  # fmt: skip


def test_in_a_world_a_refund_is_found_behind_its_pledge(cards_world: World) -> None:
    cards = Cards.of(cards_world)
    pledge = cards_world.pledged(cards_world.live(regime_id="US-REGA", days=30))
    cards.pays(cards.chosen(pledge, Method.CARD))
    cards_world.run_jobs()
    cards_world.cancel(pledge)
    cards_world.run_jobs()
    refund = cards.refund_of(pledge)
    assert cards.refund_fails(refund).state == "failed"
    assert [kind for kind, _, _ in cards.lines(refund)] == ["refund", "refund_failed"]
