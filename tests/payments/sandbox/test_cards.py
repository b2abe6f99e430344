"""What the cards persona charges, keeps, forgets, and lets happen long after a payment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.money import Money
from app.payments.errors import InsufficientProviderFunds, KeyConflict, Rejected, Unknown
from app.payments.port import Method
from app.payments.sandbox.tables import Token
from tests.payments.sandbox.cards import AMOUNT, Cards, op

PAID = [("payment", 100_000, 2_930)]


@pytest.mark.parametrize(
    ("method", "amount", "fee"),
    [
        (Method.CARD, Money(100_000, "USD"), 2_930),
        (Method.CARD, Money(50, "USD"), 31),
        (Method.CARD, Money(5_000, "JPY"), 175),
        (Method.ALIPAY, Money(20_000, "CNY"), 610),
        (Method.WECHAT_PAY, Money(20_000, "CNY"), 610),
        (Method.ACH_DEBIT, Money(10_000, "USD"), 80),
        (Method.ACH_DEBIT, Money(1_000_000, "USD"), 500),
        (Method.SEPA_DEBIT, Money(10_000, "EUR"), 80),
        (Method.BANK_TRANSFER, Money(10_000, "EUR"), 80),
    ],
)
def test_the_price_is_kept_from_the_payment(cards: Cards, method: Method, amount: Money, fee: int) -> None:
    asked = cards.paid(method=method, amount=amount)
    cards.days(14)
    (line,) = cards.gateway.fetch(asked.ref).evidence
    assert (line.amount, line.fee, line.net.minor) == (amount, Money(fee, amount.currency), amount.minor - fee)
    assert line.account == "offering-1"
    assert cards.balance() == amount.minor - fee


def test_a_card_is_paid_at_once_and_a_debit_after_days(cards: Cards) -> None:
    assert cards.paid().state == "succeeded"
    debit = cards.paid(method=Method.ACH_DEBIT)
    assert (debit.state, debit.evidence) == ("pending", ())
    cards.days(4)
    assert cards.gateway.fetch(debit.ref).state == "succeeded"


def test_a_method_takes_only_its_currencies_and_amounts(cards: Cards) -> None:
    for method, amount in (
        (Method.ACH_DEBIT, Money(10_000, "EUR")),
        (Method.SEPA_DEBIT, Money(10_000, "USD")),
        (Method.CARD, Money(49, "USD")),
        (Method.CASH_ACCOUNT, Money(10_000, "USD")),
    ):
        with pytest.raises(Rejected):
            cards.asked(method, amount)
    assert list(cards.gateway.transactions(cards.provider.now() - timedelta(days=1), cards.provider.now())) == []


def test_money_may_be_paid_out_two_days_later(cards: Cards) -> None:
    paid = cards.paid()
    assert paid.evidence[0].available_at == cards.provider.now() + timedelta(days=2)
    with pytest.raises(InsufficientProviderFunds):
        cards.paid_out()
    cards.days(2)
    assert cards.paid_out().state == "succeeded"
    with pytest.raises(InsufficientProviderFunds):
        cards.paid_out(100_000 - 2_930 - 10_000 + 1)
    assert cards.balance() == 100_000 - 2_930 - 10_000


@pytest.mark.parametrize(("token", "days"), [(Token.RETURN_D5, 5), (Token.RETURN_D45, 45)])
def test_a_debit_is_returned(cards: Cards, token: Token, days: int) -> None:
    debit = cards.paid(token, Method.ACH_DEBIT)
    cards.days(4)
    assert cards.lines(debit.ref) == [("payment", 100_000, 500)]
    cards.days(days - 1)
    assert cards.lines(debit.ref) == [("payment", 100_000, 500)]
    cards.days(1)
    assert cards.lines(debit.ref) == [("payment", 100_000, 500), ("return", -100_000, 400)]
    assert cards.gateway.fetch(debit.ref).amount == AMOUNT
    assert cards.balance() == -900
    with pytest.raises(Rejected):
        cards.gateway.refund(op(), debit.ref, AMOUNT)


@pytest.mark.parametrize(
    ("token", "end", "line"),
    [(Token.DISPUTE_LOST_D30, "lost", []), (Token.DISPUTE_WON, "won", [("dispute_won", 100_000, 0)])],
)
def test_a_dispute_takes_the_money_until_it_is_decided(
    cards: Cards, token: Token, end: str, line: list[tuple[str, int, int]]
) -> None:
    paid = cards.paid(token)
    assert paid.dispute is None
    cards.days(5)
    assert cards.gateway.fetch(paid.ref).dispute == "open"
    assert cards.lines(paid.ref) == [*PAID, ("dispute", -100_000, 1_500)]
    with pytest.raises(Rejected, match="payment_disputed"):
        cards.gateway.refund(op(), paid.ref, Money(1, "USD"))
    cards.days(25)
    after = cards.gateway.fetch(paid.ref)
    assert (after.state, after.dispute) == ("succeeded", end)
    assert cards.lines(paid.ref) == [*PAID, ("dispute", -100_000, 1_500), *line]


def test_an_inquiry_moves_nothing(cards: Cards) -> None:
    paid = cards.paid(Token.INQUIRY_ONLY)
    cards.days(60)
    assert cards.gateway.fetch(paid.ref).dispute == "inquiry"
    assert cards.lines(paid.ref) == PAID


def test_a_refund_waits_for_the_balance_and_fails(cards: Cards) -> None:
    paid = cards.paid(Token.REFUND_PENDING_NSF)
    refund = cards.gateway.refund(op(), paid.ref, AMOUNT)
    assert (refund.state, refund.evidence) == ("pending", ())
    cards.days(3)
    after = cards.gateway.fetch(refund.ref)
    assert (after.state, after.code, after.evidence) == ("failed", "insufficient_funds", ())
    assert cards.balance() == 100_000 - 2_930


def test_a_refund_comes_back_after_three_days(cards: Cards) -> None:
    paid = cards.paid(Token.REFUND_FAIL_D3)
    refund = cards.gateway.refund(op(), paid.ref, AMOUNT)
    assert (refund.state, cards.lines(refund.ref)) == ("succeeded", [("refund", -100_000, 0)])
    assert cards.balance() == -2_930
    cards.days(3)
    assert cards.gateway.fetch(refund.ref).state == "failed"
    assert cards.lines(refund.ref) == [("refund", -100_000, 0), ("refund_failed", 100_000, 0)]


def test_a_payout_that_was_paid_comes_back(cards: Cards) -> None:
    cards.paid()
    cards.days(2)
    payout = cards.paid_out(account="DE0095")
    assert (payout.state, cards.lines(payout.ref)) == ("succeeded", [("payout", -10_000, 0)])
    cards.days(4)
    after = cards.gateway.fetch(payout.ref)
    assert (after.state, after.code) == ("failed", "account_closed")
    assert cards.lines(payout.ref) == [("payout", -10_000, 0), ("payout_failed", 10_000, 0)]


def test_a_payout_for_which_the_balance_is_too_low_leaves_nothing(cards: Cards) -> None:
    cards.paid()
    cards.days(2)
    sent = op()
    with pytest.raises(InsufficientProviderFunds):
        cards.paid_out(account="DE0098", sent=sent)
    assert cards.gateway.find(sent) is None
    assert cards.balance() == 100_000 - 2_930


def test_the_provider_can_hold_less_than_its_lines_say(cards: Cards) -> None:
    cards.paid(Token.CUSTODY_MISSING)
    lines = cards.gateway.transactions(cards.provider.now(), cards.provider.now() + timedelta(seconds=1))
    assert cards.balance() == sum(line.net.minor for line in lines) - 1


def test_a_payer_who_leaves_their_banks_page_can_come_back(cards: Cards) -> None:
    left = cards.paid(Token.ABANDON_3DS)
    assert (left.state, left.evidence) == ("action_required", ())
    cards.provider.pay(left.ref.id, Token.OK)
    assert cards.lines(left.ref) == PAID


def test_what_is_kept_is_charged_as_its_holder_chose(cards: Cards) -> None:
    charged = cards.asked(instrument=cards.kept())
    assert (charged.state, cards.lines(charged.ref)) == ("succeeded", PAID)
    waiting = cards.asked(instrument=cards.kept(Token.OFF_SESSION_NEEDS_ACTION))
    assert (waiting.state, waiting.code, waiting.evidence) == ("action_required", "authentication_required", ())
    assert waiting.url == f"/sandbox/checkout/{waiting.ref.id}"
    cards.provider.pay(waiting.ref.id, Token.OK)
    assert cards.gateway.fetch(waiting.ref).state == "succeeded"
    debit = cards.asked(Method.ACH_DEBIT, instrument=cards.kept(Token.RETURN_D5, Method.ACH_DEBIT))
    assert debit.state == "pending"
    cards.days(4)
    cards.gateway.fetch(debit.ref)
    cards.days(5)
    assert [kind for kind, _, _ in cards.lines(debit.ref)] == ["payment", "return"]


def test_an_error_of_the_server_sticks_to_its_key_for_a_day(cards: Cards) -> None:
    sent = op()
    cards.provider.stick("payment")
    for _ in range(3):
        with pytest.raises(Unknown, match="e500_sticky"):
            cards.asked(sent=sent)
    assert cards.gateway.find(sent) is None
    assert cards.asked(sent=op()).state == "action_required"
    assert cards.asked(sent=op(sent.id, generation=2)).state == "action_required"
    other = op()
    cards.provider.stick("payment")
    with pytest.raises(Unknown):
        cards.asked(sent=other)
    cards.days(1)
    assert cards.asked(sent=other).state == "action_required"


def test_a_key_is_forgotten_after_a_day_and_what_was_made_is_still_found(cards: Cards) -> None:
    sent = op()
    first = cards.asked(sent=sent)
    cards.days(0.99)
    assert cards.asked(sent=sent).ref == first.ref
    with pytest.raises(KeyConflict):
        cards.asked(sent=sent, amount=Money(1_000, "USD"))
    cards.days(0.01)
    found = cards.gateway.find(sent)
    assert found is not None and found.ref == first.ref
    assert cards.asked(sent=sent).ref != first.ref


def test_every_late_line_is_in_the_account_and_in_the_balance(cards: Cards) -> None:
    began_at = cards.provider.now()
    seen = [cards.paid(token).ref for token in Token if token not in (Token.CUSTODY_MISSING, Token.WRONG_CURRENCY)]
    cards.days(60)
    lines = list(cards.gateway.transactions(began_at, cards.provider.now() + timedelta(seconds=1)))
    assert {line.id for ref in seen for line in cards.gateway.fetch(ref).evidence} == {line.id for line in lines}
    assert cards.balance() == sum(line.net.minor for line in lines)
    assert [line.created_at for line in lines] == sorted(line.created_at for line in lines)
