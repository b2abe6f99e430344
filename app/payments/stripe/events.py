"""What Stripe tells us: checked by its signature, read for the names of things, never for their state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import stripe

from app.payments.errors import WRONG_ENVIRONMENT, BadSignature, Stale
from app.payments.port import Envelope, Hint, Ref
from app.payments.stripe.payouts import Payouts
from app.payments.stripe.reading import CHECKOUT, REFUND
from app.payments.stripe.searching import Search

SIGNATURE_HEADER = "stripe-signature"
#: An event signed longer ago, or further ahead, is not believed. (The library lets stamps of the future pass.)
TOLERANCE = timedelta(seconds=300)
#: Events that carry only a name: https://docs.stripe.com/event-destinations
THIN = "v2.core.event"
THIN_PREFIX = "v1."


def verify(
    raw: bytes, headers: Mapping[str, str], now: datetime, *, secrets: Sequence[str], livemode: bool
) -> Envelope:
    """Check an event against every secret in use: two, while one follows the other. Raises BadSignature, Stale."""
    header = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER), "")
    if not any(_is_signed(raw, header, secret) for secret in secrets):
        raise BadSignature("signature_differs")
    if abs(now.timestamp() - _stamp(header)) > TOLERANCE.total_seconds():
        raise Stale("outside_tolerance")
    try:
        body = json.loads(raw)
        envelope = Envelope(str(body["id"]), str(body["type"]), raw)
        told = body["livemode"]
    except (ValueError, TypeError, KeyError):
        raise BadSignature("unreadable") from None
    if told is not livemode:
        raise BadSignature(WRONG_ENVIRONMENT)
    return envelope


def _is_signed(raw: bytes, header: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(raw, header, secret)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        # Bytes that are no text, and letters that no digest has, are no signature either.
        return False
    return True


def _stamp(header: str) -> int:
    return int(next(part for part in header.split(",") if part.startswith("t="))[2:])


#: What concerns us -> how its object is named: "page", "setup", "payment", "dispute", "refund" or "payout".
_CONCERNS: dict[str, str] = {
    "checkout.session.completed": "page",
    "checkout.session.async_payment_succeeded": "page",
    "checkout.session.async_payment_failed": "page",
    "checkout.session.expired": "page",
    "setup_intent.succeeded": "setup",
    "setup_intent.setup_failed": "setup",
    "setup_intent.canceled": "setup",
    "payment_intent.succeeded": "payment",
    "payment_intent.processing": "payment",
    "payment_intent.payment_failed": "payment",
    "payment_intent.requires_action": "payment",
    "payment_intent.canceled": "payment",
    "charge.dispute.created": "dispute",
    "charge.dispute.updated": "dispute",
    "charge.dispute.closed": "dispute",
    "charge.dispute.funds_withdrawn": "dispute",
    "charge.dispute.funds_reinstated": "dispute",
    "refund.created": "refund",
    "refund.updated": "refund",
    "refund.failed": "refund",
    "charge.refund.updated": "refund",
    "payout.paid": "payout",
    "payout.failed": "payout",
    "payout.canceled": "payout",
    "payout.updated": "payout",
}


def parse(envelope: Envelope, search: Search, payouts: Payouts) -> Sequence[Hint]:
    """What an event is about; nothing for a type that does not concern us, or an event about nothing.

    `search` asks Stripe which page a payment, a complaint or a kept way to pay belongs to, `payouts` which transfer the payout
    of a connected account.
    """
    body = json.loads(envelope.body)
    thin = body.get("object") == THIN
    type_ = str(body.get("type")).removeprefix(THIN_PREFIX) if thin else str(body.get("type"))
    about = _CONCERNS.get(type_)
    found: Any = body.get("related_object") if thin else (body.get("data") or {}).get("object")
    name = (found or {}).get("id")
    if about is None or not name:
        return ()
    account = body.get("context" if thin else "account")
    ref: Ref | None
    match about:
        case "page":
            ref = Ref(CHECKOUT, name)
        case "payment":
            ref = search.of_payment(name)
        case "setup":
            ref = search.of_setup(name)
        case "dispute":
            ref = search.of_dispute(name)
        case "refund":
            ref = Ref(REFUND, name)
        case _:
            ref = payouts.about(name, account)
    return (Hint(type_, ref),) if ref is not None else ()
