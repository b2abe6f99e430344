"""The pretend provider's own pages: where a payer chooses what their bank does. Registered with the sandbox only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from app.access import Permission
from app.i18n.words import N_
from app.money import Money
from app.payments.sandbox.answers import RemoteError
from app.payments.sandbox.cards_provider import CardsProvider
from app.payments.sandbox.provider import ASK_THE_PAYER, Provider
from app.payments.sandbox.tables import Token
from app.web.components import say
from app.web.guard import allow
from app.web.session import platform

OUTCOMES = {
    "processing": N_("Your bank is working on this payment. It takes about three days."),
    "succeeded": N_("This payment succeeded."),
    "failed": N_("This payment failed. Nothing was charged."),
    "cancelled": N_("This payment was stopped. Nothing was charged."),
}

KEPT = {
    "succeeded": N_("This way to pay is kept. Nothing was charged."),
    "failed": N_("This way to pay was not kept. Nothing was charged."),
}

#: What the payer of a card processor can choose besides: most of it comes days later.
LATER = {
    Token.RETURN_D5: N_("It succeeds; the bank takes it back five days later"),
    Token.RETURN_D45: N_("It succeeds; the bank takes it back forty-five days later"),
    Token.DISPUTE_LOST_D30: N_("It succeeds; the payer complains, and wins"),
    Token.DISPUTE_WON: N_("It succeeds; the payer complains, and loses"),
    Token.INQUIRY_ONLY: N_("It succeeds; the payer's bank only asks about it"),
    Token.REFUND_PENDING_NSF: N_("It succeeds; a refund waits for the provider's balance, and fails"),
    Token.REFUND_FAIL_D3: N_("It succeeds; a refund comes back after three days"),
    Token.REFUND_NEEDS_BALANCE: N_("It succeeds; a refund is refused until the provider's balance covers it"),
    Token.CUSTODY_MISSING: N_("It succeeds; the provider then holds one unit less than it says"),
    Token.ABANDON_3DS: N_("The bank asks who you are, and you leave"),
}
#: What the holder of a card or account can choose who leaves it for later.
KEEP = {
    Token.SETUP_OK: N_("Keep it: it can be charged later"),
    Token.OFF_SESSION_NEEDS_ACTION: N_("Keep it: charged later, the bank will ask for you"),
    Token.OFF_SESSION_DECLINE: N_("Keep it: charged later, the bank declines"),
}
USUAL = {token.value for token in Token} - {token.value for token in (*LATER, *KEEP)}

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")


def _found(payment_id: str) -> tuple[Provider, Row[Any]]:
    """Whoever of the pretend providers has it, and what it is. 404 for what none of them asks a payer about."""
    for provider in platform().far_sides.values():
        try:
            row, _ = provider.get(payment_id)
        except RemoteError:
            continue
        if row.kind in ASK_THE_PAYER:
            return provider, row
    abort(404)


def _tokens(provider: Provider, payment: Row[Any]) -> dict[str, str]:
    """What can be chosen besides the usual, with its words: what is kept can also misbehave when it is charged later."""
    if not isinstance(provider, CardsProvider):
        return {}
    found = {**KEEP, **LATER} if payment.kind == "setup" else LATER
    return {token.value: say(words) for token, words in found.items()}


def _way_back(return_url: str | None) -> str:
    """Where the payer came from, on this site by whatever name they know it."""
    return urlsplit(return_url or "/").path


@blueprint.get("/checkout/<payment_id>")
@allow(Permission.PAY_AT_SANDBOX)
def checkout(payment_id: str) -> ResponseReturnValue:
    """Show what is to be paid, and the buttons that decide how it ends."""
    provider, payment = _found(payment_id)
    amount = Money(payment.amount_minor, payment.currency)
    outcomes = OUTCOMES if payment.kind == "payment" else {**OUTCOMES, **KEPT}
    outcome = say(outcomes[payment.status]) if payment.status in outcomes else None
    return render_template(
        "sandbox/checkout.html", payment=payment, amount=amount, outcome=outcome, back=_way_back(payment.return_url),
        tokens=_tokens(provider, payment),
    )  # fmt: skip


@blueprint.post("/checkout/<payment_id>")
@allow(Permission.PAY_AT_SANDBOX)
def pay(payment_id: str) -> ResponseReturnValue:
    """Let happen what the payer chose, and send them back. "abandon" does nothing, as closing the window would."""
    provider, payment = _found(payment_id)
    chosen = request.form.get("token", "")
    if chosen != "abandon":
        if chosen not in (USUAL | set(_tokens(provider, payment))):
            abort(404)
        provider.pay(payment_id, Token(chosen))
    return redirect(_way_back(payment.return_url))
