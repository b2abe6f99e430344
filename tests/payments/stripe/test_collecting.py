"""Money in: pages, kept ways to pay, refunds, complaints; each amount as Stripe counts it."""

from __future__ import annotations

import pytest

from app.money import Money
from app.payments.errors import Rejected, Unsupported
from app.payments.port import Funding, Method, Ref, TxnKind
from app.payments.stripe import adapter
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe.far import Far, collect, op, paid, usd


def test_a_collection_sends_the_payer_to_a_page_and_then_tells_what_was_paid(far: Far, stripe: StripeGateway) -> None:
    asked = collect(stripe, op(), usd(100_00))
    assert (asked.state, asked.ref.kind, asked.amount) == ("action_required", "checkout", usd(100_00))
    assert asked.url is not None and asked.url.startswith("https://checkout.stripe.com/")
    far.act("pay", page=asked.ref.id, funding="credit")
    found = stripe.fetch(asked.ref)
    assert (found.state, found.ref, found.amount, found.url) == ("succeeded", asked.ref, usd(100_00), None)
    assert (found.funding, found.payer, found.account) == (Funding.CREDIT, "Ada Lovelace", "fp_1")
    (line,) = found.evidence
    assert (line.kind, line.source, line.amount, line.fee, line.net) == (
        TxnKind.PAYMENT, asked.ref, usd(100_00), usd(2_90), usd(97_10),
    )  # fmt: skip
    assert line.available_at is not None and line.available_at > line.created_at


@pytest.mark.parametrize(
    ("amount", "method"),
    [
        (Money(500, "JPY"), Method.CARD),
        (Money(50_000, "KRW"), Method.CARD),
        (Money(12_340, "KWD"), Method.CARD),
        (Money(300_00, "CNY"), Method.ALIPAY),
        (Money(300_00, "CNY"), Method.WECHAT_PAY),
        (Money(300_00, "EUR"), Method.SEPA_DEBIT),
        (Money(300_00, "EUR"), Method.BANK_TRANSFER),
        (Money(300_00, "USD"), Method.ACH_DEBIT),
    ],
)
def test_an_amount_goes_there_and_back_unchanged(
    far: Far, stripe: StripeGateway, amount: Money, method: Method
) -> None:
    ref, intent = paid(far, stripe, amount, method)
    if stripe.fetch(ref).state != "succeeded":
        far.act("arrive", intent=intent)
    found = stripe.fetch(ref)
    assert (found.state, found.amount, found.evidence[0].amount) == ("succeeded", amount, amount)


def test_five_hundred_yen_are_five_hundred(far: Far, stripe: StripeGateway) -> None:
    _, intent = paid(far, stripe, Money(500, "JPY"))
    assert far.act("arrive", intent=intent)["amount"] == 500


def test_the_last_of_three_digits_must_be_zero(far: Far, stripe: StripeGateway) -> None:
    with pytest.raises(Rejected, match="amount_too_fine"):
        collect(stripe, op(), Money(12_345, "KWD"))
    assert far.calls() == []


@pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
def test_what_goes_back_ends_in_zero_too(far: Far, stripe: StripeGateway, currency: str) -> None:
    assert stripe.methods(currency)[Method.CARD].step_minor == 10
    ref, _ = paid(far, stripe, Money(12_340, currency))
    asked = len(far.calls())
    with pytest.raises(Rejected, match="amount_too_fine"):
        stripe.refund(op(), ref, Money(2_345, currency))
    assert len(far.calls()) == asked
    assert stripe.refund(op(), ref, Money(2_340, currency)).amount == Money(2_340, currency)
    assert stripe.refund(op(), ref, Money(10_000, currency)).state == "succeeded"


def test_stripe_itself_refuses_what_does_not_end_in_zero(
    far: Far, stripe: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the adapter says beforehand is what would be answered."""
    ref, _ = paid(far, stripe, Money(12_340, "KWD"))
    monkeypatch.setattr(adapter, "STEP_MINOR", {"KWD": 1})
    with pytest.raises(Rejected, match="amount_not_a_multiple_of_ten"):
        collect(stripe, op(), Money(12_345, "KWD"))
    with pytest.raises(Rejected, match="amount_not_a_multiple_of_ten"):
        stripe.refund(op(), ref, Money(2_345, "KWD"))


@pytest.mark.parametrize(
    ("currency", "method"), [("USD", Method.SEPA_DEBIT), ("JPY", Method.ACH_DEBIT), ("USD", Method.CASH_ACCOUNT)]
)
def test_what_a_method_does_not_take_is_unsupported(
    far: Far, stripe: StripeGateway, currency: str, method: Method
) -> None:
    with pytest.raises(Unsupported):
        collect(stripe, op(), Money(10_000, currency), method)
    assert far.calls() == []


def test_a_debit_is_under_way_until_its_bank_has_answered(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, usd(100_00), Method.ACH_DEBIT)
    assert (stripe.fetch(ref).state, stripe.fetch(ref).evidence) == ("pending", ())
    far.act("bounce", intent=intent)
    found = stripe.fetch(ref)
    assert (found.state, found.code) == ("failed", "insufficient_funds")
    assert [(line.kind, line.amount) for line in found.evidence] == [
        (TxnKind.PAYMENT, usd(100_00)), (TxnKind.RETURN, usd(-100_00)),
    ]  # fmt: skip


def test_a_transfer_names_the_page_that_tells_how_to_make_it(far: Far, stripe: StripeGateway) -> None:
    ref, _ = paid(far, stripe, Money(100_00, "EUR"), Method.BANK_TRANSFER)
    found = stripe.fetch(ref)
    assert (found.state, found.url) == ("action_required", "https://payments.stripe.com/bank_transfers/x")


def test_a_transfer_of_less_than_was_asked_waits_for_the_rest(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, Money(100_00, "EUR"), Method.BANK_TRANSFER)
    far.act("arrive_in_part", intent=intent, amount=40_00)
    found = stripe.fetch(ref)
    assert (found.state, found.amount, found.evidence) == ("action_required", Money(100_00, "EUR"), ())


def test_an_open_page_is_closed_and_a_paid_one_says_it_is_too_late(far: Far, stripe: StripeGateway) -> None:
    open_ = collect(stripe, op(), usd(100_00)).ref
    assert stripe.cancel(op(), open_).state == "cancelled"
    assert stripe.cancel(op(), open_).state == "cancelled"
    done, _ = paid(far, stripe, usd(100_00))
    assert stripe.cancel(op(), done).state == "succeeded"
    waiting, _ = paid(far, stripe, Money(100_00, "EUR"), Method.BANK_TRANSFER)
    assert stripe.cancel(op(), waiting).state == "cancelled"


def test_two_equal_refunds_are_two_and_a_third_is_refused(far: Far, stripe: StripeGateway) -> None:
    ref, _ = paid(far, stripe, usd(100_00))
    first, second = stripe.refund(op(), ref, usd(50_00)), stripe.refund(op(), ref, usd(50_00))
    assert (first.state, first.ref.kind) == ("succeeded", "refund") and first.ref != second.ref
    assert [(line.kind, line.amount) for line in first.evidence] == [(TxnKind.REFUND, usd(-50_00))]
    with pytest.raises(Rejected, match="charge_already_refunded"):
        stripe.refund(op(), ref, usd(1))


def test_a_refund_that_was_made_by_hand_names_the_payment_as_we_know_it(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, usd(100_00))
    ours = stripe.refund(op(), ref, usd(40_00))
    by_hand = stripe._collecting.v1.refunds.create({"payment_intent": intent, "amount": 60_00})
    assert stripe.fetch(Ref("refund", by_hand.id)).about == ref
    assert stripe.fetch(ours.ref).about is None


def test_what_nobody_paid_is_not_refunded(far: Far, stripe: StripeGateway) -> None:
    waiting = collect(stripe, op(), usd(100_00)).ref
    with pytest.raises(Rejected, match="nothing_was_paid"):
        stripe.refund(op(), waiting, usd(100_00))
    assert [path for path in far.calls() if "refunds" in path] == []


@pytest.mark.parametrize("method", [Method.ALIPAY, Method.WECHAT_PAY])
def test_a_refund_to_a_wallet_is_answered_later(far: Far, stripe: StripeGateway, method: Method) -> None:
    ref, _ = paid(far, stripe, Money(300_00, "CNY"), method)
    this = op()
    refund = stripe.refund(this, ref, Money(300_00, "CNY"))
    assert refund.state == "pending"
    far.act("settle_refund", refund=refund.ref.id)
    found = stripe.fetch(refund.ref)
    assert (found.state, found.evidence[0].amount) == ("succeeded", Money(-300_00, "CNY"))
    assert stripe.find(this) == found


def test_a_refund_waits_for_money_on_the_balance_and_may_then_fail(far: Far, stripe: StripeGateway) -> None:
    ref, _ = paid(far, stripe, usd(100_00))
    far.act("hold_refunds")
    refund = stripe.refund(op(), ref, usd(100_00))
    assert (refund.state, refund.evidence) == ("pending", ())
    far.act("settle_refund", refund=refund.ref.id)
    assert [line.kind for line in stripe.fetch(refund.ref).evidence] == [TxnKind.REFUND]
    far.act("fail_refund", refund=refund.ref.id)
    found = stripe.fetch(refund.ref)
    assert (found.state, sum(line.amount.minor for line in found.evidence)) == ("failed", 0)


def test_a_refund_that_comes_back_has_both_lines(far: Far, stripe: StripeGateway) -> None:
    ref, _ = paid(far, stripe, usd(100_00))
    refund = stripe.refund(op(), ref, usd(100_00))
    far.act("fail_refund", refund=refund.ref.id)
    found = stripe.fetch(refund.ref)
    assert (found.state, found.code) == ("failed", "expired_or_canceled_card")
    assert [(line.kind, line.amount) for line in found.evidence] == [
        (TxnKind.REFUND, usd(-100_00)), (TxnKind.REFUND_FAILED, usd(100_00)),
    ]  # fmt: skip


def test_a_refund_that_stripe_cancels_was_not_made(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, usd(100_00), Method.BANK_TRANSFER)
    far.act("arrive", intent=intent)
    far.act("hold_refunds")
    refund = stripe.refund(op(), ref, usd(100_00))
    far.act("cancel_refund", refund=refund.ref.id)
    found = stripe.fetch(refund.ref)
    assert (found.state, found.code, found.evidence) == ("failed", "canceled", ())


def test_a_complaint_takes_the_money_and_a_price_and_gives_back_what_is_won(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, usd(100_00))
    dispute = far.act("dispute", intent=intent)["id"]
    found = stripe.fetch(ref)
    assert (found.state, found.dispute) == ("succeeded", "open")
    assert [(one.kind, one.amount, one.fee) for one in found.evidence[1:]] == [
        (TxnKind.DISPUTE, usd(-100_00), usd(15_00))
    ]
    far.act("close_dispute", dispute=dispute, status="won")
    found = stripe.fetch(ref)
    assert found.dispute == "won"
    assert [one.kind for one in found.evidence] == [TxnKind.PAYMENT, TxnKind.DISPUTE, TxnKind.DISPUTE_WON]
    assert sum(one.net.minor for one in found.evidence) == 97_10
    assert {one.source for one in found.evidence} == {ref}


def test_a_lost_complaint_and_an_inquiry(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, usd(100_00))
    far.act("inquire", intent=intent)
    found = stripe.fetch(ref)
    assert (found.dispute, len(found.evidence)) == ("inquiry", 1)
    far.act("close_dispute", dispute=far.act("dispute", intent=intent)["id"], status="lost")
    assert stripe.fetch(ref).dispute == "lost"


def test_a_debit_taken_back_is_a_return_and_no_complaint(far: Far, stripe: StripeGateway) -> None:
    ref, intent = paid(far, stripe, usd(100_00), Method.ACH_DEBIT)
    far.act("arrive", intent=intent)
    far.act("dispute", intent=intent)
    found = stripe.fetch(ref)
    assert (found.state, found.dispute, found.funding) == ("succeeded", None, Funding.BANK)
    assert [one.kind for one in found.evidence] == [TxnKind.PAYMENT, TxnKind.RETURN]


def test_what_is_not_there_is_rejected(far: Far, stripe: StripeGateway) -> None:
    for ref in (Ref("checkout", "cs_0"), Ref("payment", "pi_0"), Ref("refund", "re_0"), Ref("payout", "po_0")):
        with pytest.raises(Rejected, match="resource_missing"):
            stripe.fetch(ref)
    with pytest.raises(Rejected, match="unknown_kind"):
        stripe.fetch(Ref("cheque", "1"))
