"""What Stripe tells is believed only when it was signed just now, for this kind of environment; then it only names things."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.payments.errors import BadSignature, NotSent, Stale
from app.payments.port import Envelope, Method, Ref
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe import far as far_side
from tests.payments.stripe.far import OLD_SECRET, SECRET, Far, collect, op, paid, release, usd

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())


def told(far: Far, type_: str = "refund.updated", about: str = "re_1", **how: Any) -> tuple[bytes, dict[str, str]]:
    """An event as it would be posted to us."""
    order = {"type": type_, "about": about, "secret": SECRET, "stamp": STAMP, **how}
    found = far.act("event", **order)
    return found["body"].encode(), {"Stripe-Signature": found["header"]}


@pytest.mark.scenario(7)
@pytest.mark.parametrize("thin", [False, True])
@pytest.mark.parametrize("secret", [OLD_SECRET, SECRET])
def test_an_event_is_believed_under_either_secret_in_either_style(
    far: Far, stripe: StripeGateway, secret: str, thin: bool
) -> None:
    body, headers = told(far, secret=secret, thin=thin)
    envelope = stripe.verify(body, headers, NOW)
    assert (envelope.event_id, envelope.body) == ("evt_1", body)
    (hint,) = stripe.parse(envelope)
    assert (hint.type, hint.ref) == ("refund.updated", Ref("refund", "re_1"))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_stamp_within_five_minutes_is_believed(far: Far, stripe: StripeGateway, seconds: int) -> None:
    assert stripe.verify(*told(far, stamp=STAMP + seconds), NOW).event_id == "evt_1"


@pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
def test_an_old_stamp_and_one_from_the_future_are_stale(far: Far, stripe: StripeGateway, seconds: int) -> None:
    with pytest.raises(Stale):
        stripe.verify(*told(far, stamp=STAMP + seconds), NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"t={STAMP}",
        "v1=00",
        f"t={STAMP},v1=00",
        f"t={STAMP},v1=é中",
        f"t={'9' * 5000},v1=00",
        "t=１７,v1=00",
        "t,v1",
    ],
)
def test_a_header_that_is_no_signature_is_not_believed(far: Far, stripe: StripeGateway, header: str) -> None:
    body, _ = told(far)
    with pytest.raises(BadSignature):
        stripe.verify(body, {"Stripe-Signature": header}, NOW)
    with pytest.raises(BadSignature):
        stripe.verify(body, {}, NOW)


def test_a_forged_body_a_guessed_secret_and_an_altered_stamp_are_not_believed(far: Far, stripe: StripeGateway) -> None:
    body, headers = told(far)
    for forged in (
        (body.replace(b"re_1", b"re_2"), headers),
        told(far, secret="whsec_a_guess"),
        (body, {"Stripe-Signature": headers["Stripe-Signature"].replace(str(STAMP), str(STAMP + 1))}),
        (b"\xff" + body, headers),
    ):
        with pytest.raises(BadSignature, match="signature_differs"):
            stripe.verify(*forged, NOW)


@pytest.mark.scenario(7)
def test_a_secret_that_is_gone_is_not_believed(far: Far) -> None:
    rotated = far_side.gateway(far, STRIPE_WEBHOOK_SECRETS=SECRET)
    with pytest.raises(BadSignature):
        rotated.verify(*told(far, secret=OLD_SECRET), NOW)


@pytest.mark.scenario(8)
@pytest.mark.parametrize("livemode", [True, None, "false", 0])
def test_an_event_of_the_other_world_is_not_believed(far: Far, stripe: StripeGateway, livemode: object) -> None:
    with pytest.raises(BadSignature, match="wrong_environment"):
        stripe.verify(*told(far, livemode=livemode), NOW)


@pytest.mark.parametrize("thin", [False, True])
def test_an_event_names_its_object_as_the_instruction_knows_it(far: Far, stripe: StripeGateway, thin: bool) -> None:
    page, intent = paid(far, stripe, usd(100_00))
    dispute = far.act("dispute", intent=intent)["id"]
    kept = far.act("pay", page=_setup(stripe).id)
    means = f"{kept['customer']}/pm_card"
    alone = collect(stripe, op(), usd(5_00), instrument=Ref("instrument", means)).ref
    for type_, about, expected in (
        *((f"checkout.session.{what}", page.id, page) for what in (
            "completed", "async_payment_succeeded", "async_payment_failed", "expired",
        )),
        *((f"payment_intent.{what}", intent, page) for what in (
            "succeeded", "processing", "payment_failed", "requires_action", "canceled",
        )),
        ("payment_intent.succeeded", alone.id, alone),
        *((f"charge.dispute.{what}", dispute, page) for what in (
            "created", "updated", "closed", "funds_withdrawn", "funds_reinstated",
        )),
        *((what, "re_1", Ref("refund", "re_1")) for what in (
            "refund.created", "refund.updated", "refund.failed", "charge.refund.updated",
        )),
        *((f"payout.{what}", "po_1", Ref("payout", "po_1")) for what in ("paid", "failed", "canceled", "updated")),
    ):  # fmt: skip
        envelope = stripe.verify(*told(far, type_, about, thin=thin), NOW)
        assert [hint.ref for hint in stripe.parse(envelope)] == [expected]
    far.act("top_up", amount=500_00, currency="usd")
    payout = release(stripe, op(), usd(1_00)).ref
    id_ = far.act("known", object_="payout", account="acct_issuer")["data"][0]["id"]
    envelope = stripe.verify(*told(far, "payout.failed", id_, thin=thin, account="acct_issuer"), NOW)
    assert [hint.ref for hint in stripe.parse(envelope)] == [payout]
    # What the issuer has its own money paid out by is no affair of ours.
    far.act("payout_by_hand", amount=0, currency="usd", account="acct_issuer")
    id_ = far.act("known", object_="payout", account="acct_issuer")["data"][0]["id"]
    envelope = stripe.verify(*told(far, "payout.failed", id_, thin=thin, account="acct_issuer", event_id="evt_2"), NOW)
    assert stripe.parse(envelope) == ()


def _setup(stripe: StripeGateway) -> Ref:
    return stripe.setup(
        op(), method=Method.CARD, payer=far_side.ADA, reference="P-1", return_url="https://x.example/back"
    ).ref


@pytest.mark.parametrize("type_", ["customer.created", "invoice.paid", "v1.unheard.of"])
@pytest.mark.parametrize("thin", [False, True])
def test_what_does_not_concern_us_gives_no_hint(far: Far, stripe: StripeGateway, type_: str, thin: bool) -> None:
    assert stripe.parse(stripe.verify(*told(far, type_, thin=thin), NOW)) == ()


@pytest.mark.parametrize("about", [{}, {"data": None}, {"data": {"object": {}}}, {"data": {"object": {"id": ""}}}])
def test_an_event_about_nothing_gives_no_hint(stripe: StripeGateway, about: dict[str, Any]) -> None:
    body = json.dumps({"object": "event", "type": "refund.updated", **about}).encode()
    assert stripe.parse(Envelope("evt_1", "refund.updated", body)) == ()


def test_when_stripe_cannot_be_asked_the_event_waits(far: Far) -> None:
    nobody = far_side.gateway(Far("http://127.0.0.1:1"))
    body, _ = told(far, "payment_intent.succeeded", "pi_1")
    with pytest.raises(NotSent):
        nobody.parse(Envelope("evt_1", "payment_intent.succeeded", body))


def test_an_event_of_a_day_ago_is_stale_though_its_body_is_new(far: Far, stripe: StripeGateway) -> None:
    body, headers = told(far)
    with pytest.raises(Stale):
        stripe.verify(body, headers, NOW + timedelta(days=1))
