"""A way to pay is kept on a page and charged later without its holder; who is wanted all the same gets a link."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.money import Money
from app.payments.errors import Declined, Unknown, Unsupported
from app.payments.port import Envelope, Funding, Method, Op, Outcome, Ref, TxnKind
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe.far import ADA, Far, collect, op, usd

WANTED, DECLINED = Ref("instrument", "cus_1/pm_needs_3ds"), Ref("instrument", "cus_1/pm_declined")


def _page(stripe: StripeGateway, method: Method = Method.CARD) -> Outcome:
    page = stripe.setup(op(), method=method, payer=ADA, reference="P-1", return_url="https://x.example/back")
    assert (page.state, page.instrument, page.funding) == ("action_required", None, None)
    return page


def _kept(far: Far, stripe: StripeGateway, method: Method = Method.CARD, funding: str = "debit") -> Outcome:
    page = _page(stripe, method)
    far.act("pay", page=page.ref.id, funding=funding)
    found = stripe.fetch(page.ref)
    assert found.state == "succeeded" and found.instrument is not None and found.instrument.id.startswith("cus_")
    return found


@pytest.mark.parametrize(
    ("method", "of_card", "funding"),
    [
        (Method.CARD, "credit", Funding.CREDIT),
        (Method.CARD, "prepaid", Funding.PREPAID),
        (Method.CARD, "something new", Funding.UNKNOWN),
        (Method.ACH_DEBIT, "", Funding.BANK),
        (Method.SEPA_DEBIT, "", Funding.BANK),
    ],
)
def test_what_is_kept_tells_what_kind_it_is_and_whose(
    far: Far, stripe: StripeGateway, method: Method, of_card: str, funding: Funding
) -> None:
    found = _kept(far, stripe, method, of_card)
    assert (found.funding, found.payer, found.account, found.evidence) == (funding, "Ada Lovelace", "fp_1", ())


def test_a_kept_card_is_charged_without_its_holder(far: Far, stripe: StripeGateway) -> None:
    kept = _kept(far, stripe, funding="credit").instrument
    found = collect(stripe, op(), usd(100_00), instrument=Ref.read(str(kept)))
    assert (found.state, found.ref.kind, found.evidence[0].kind) == ("succeeded", "payment", TxnKind.PAYMENT)
    assert found.funding is not None
    assert stripe.fetch(found.ref) == found


@pytest.mark.parametrize(("method", "currency"), [(Method.ACH_DEBIT, "USD"), (Method.SEPA_DEBIT, "EUR")])
def test_a_kept_bank_account_is_debited_and_its_bank_answers_later(
    far: Far, stripe: StripeGateway, method: Method, currency: str
) -> None:
    kept = _kept(far, stripe, method).instrument
    amount = Money(100_00, currency)
    asked = collect(stripe, op(), amount, method, instrument=kept)
    assert (asked.state, asked.ref.kind, asked.evidence) == ("pending", "payment", ())
    far.act("arrive", intent=asked.ref.id)
    found = stripe.fetch(asked.ref)
    assert (found.state, found.amount, found.funding) == ("succeeded", amount, Funding.BANK)
    far.act("dispute", intent=asked.ref.id)
    late = stripe.fetch(asked.ref)
    assert late.state == "succeeded"
    assert [(line.kind, line.amount.minor) for line in late.evidence] == [
        (TxnKind.PAYMENT, 100_00), (TxnKind.RETURN, -100_00),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [("requires_action", "pending", None), ("requires_payment_method", "failed", "verification_failed"),
     ("requires_confirmation", "pending", None), ("processing", "pending", None), ("canceled", "cancelled", None),
     ("succeeded", "succeeded", None)],
)  # fmt: skip
def test_a_bank_account_is_kept_only_when_it_is_proven(
    far: Far, stripe: StripeGateway, status: str, state: str, code: str | None
) -> None:
    page = _page(stripe, Method.ACH_DEBIT).ref
    far.act("pay", page=page.id)
    setup = far.act("prove", page=page.id, status=status)["id"]
    found = stripe.fetch(page)
    assert (found.state, found.code, found.instrument is None) == (state, code, state != "succeeded")
    body = b'{"object": "event", "type": "setup_intent.succeeded", "data": {"object": {"id": "%s"}}}' % setup.encode()
    assert [hint.ref for hint in stripe.parse(Envelope("evt_1", "setup_intent.succeeded", body))] == [page]


def test_a_card_that_wants_its_holder_gives_them_a_link(far: Far, stripe: StripeGateway) -> None:
    this = op()
    asked = collect(stripe, this, usd(100_00), instrument=WANTED)
    assert (asked.state, asked.ref.kind, asked.evidence) == ("action_required", "checkout", ())
    assert asked.url is not None
    assert stripe.find(this) == asked
    assert collect(stripe, this, usd(100_00), instrument=WANTED) == asked
    far.act("pay", page=asked.ref.id)
    found = stripe.fetch(asked.ref)
    assert (found.state, found.amount, [line.kind for line in found.evidence]) == (
        "succeeded", usd(100_00), [TxnKind.PAYMENT],
    )  # fmt: skip


@pytest.mark.parametrize("keys_are_forgotten", [False, True])
@pytest.mark.parametrize("fault", ["drop before", "drop after", "500 after"])
def test_when_the_link_was_lost_it_is_found_or_made_once(
    far: Far, stripe: StripeGateway, fault: str, keys_are_forgotten: bool
) -> None:
    this = replace(op(), sent_at=datetime.now(UTC))
    far.fault(fault, "/checkout/sessions")
    with pytest.raises(Unknown):
        collect(stripe, this, usd(100_00), instrument=WANTED)
    if keys_are_forgotten:
        far.act("keys")
    found = stripe.find(this) or collect(stripe, this, usd(100_00), instrument=WANTED)
    assert (found.state, found.ref.kind) == ("action_required", "checkout")
    assert stripe.find(this) == found


def test_what_stripe_tells_of_the_charge_that_wanted_its_holder_is_about_their_page(
    far: Far, stripe: StripeGateway
) -> None:
    page = collect(stripe, op(), usd(100_00), instrument=WANTED).ref
    (intent,) = [one["id"] for one in far.act("known", object_="payment_intent")["data"]]
    body = b'{"object": "event", "type": "payment_intent.payment_failed", "data": {"object": {"id": "%s"}}}'
    envelope = Envelope("evt_1", "payment_intent.payment_failed", body % intent.encode())
    assert [hint.ref for hint in stripe.parse(envelope)] == [page]


def test_a_card_that_is_declined_has_failed_under_its_name(far: Far, stripe: StripeGateway) -> None:
    this: Op = op()
    found = collect(stripe, this, usd(100_00), instrument=DECLINED)
    assert (found.state, found.code, found.ref.kind, found.evidence) == ("failed", "card_declined", "payment", ())
    assert stripe.find(this) == found == collect(stripe, this, usd(100_00), instrument=DECLINED)
    assert [path for path in far.calls() if "checkout" in path] == []


def test_a_kept_credit_card_is_refused_before_any_charge(far: Far, stripe: StripeGateway) -> None:
    far.act("stored_way", name="pm_credit", funding="credit")
    with pytest.raises(Declined, match="funding_refused"):
        collect(stripe, op(), usd(1_00), instrument=Ref("instrument", "cus_1/pm_credit"), refused=(Funding.CREDIT,))
    assert far.calls() == []


@pytest.mark.parametrize("method", [Method.ALIPAY, Method.WECHAT_PAY, Method.BANK_TRANSFER, Method.CASH_ACCOUNT])
def test_what_cannot_be_kept_is_unsupported(far: Far, stripe: StripeGateway, method: Method) -> None:
    with pytest.raises(Unsupported):
        stripe.setup(op(), method=method, payer=ADA, reference="P-1", return_url="https://x.example/back")
    assert far.calls() == []
