"""The pretend provider's own pages: where a payer chooses what their bank does. Registered with the sandbox only."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.i18n.words import N_
from app.money import Money
from app.payments.sandbox.answers import RemoteError
from app.payments.sandbox.provider import Provider
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

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")


def _provider() -> Provider:
    provider = platform().sandbox
    if provider is None:
        abort(404)
    return provider


def _way_back(return_url: str | None) -> str:
    """Where the payer came from, on this site by whatever name they know it."""
    return urlsplit(return_url or "/").path


@blueprint.get("/checkout/<payment_id>")
@allow(Permission.PAY_AT_SANDBOX)
def checkout(payment_id: str) -> ResponseReturnValue:
    """Show what is to be paid, and the buttons that decide how it ends."""
    try:
        payment, _ = _provider().get(payment_id)
    except RemoteError:
        abort(404)
    if payment.kind != "payment":
        abort(404)
    amount = Money(payment.amount_minor, payment.currency)
    outcome = say(OUTCOMES[payment.status]) if payment.status in OUTCOMES else None
    return render_template(
        "sandbox/checkout.html", payment=payment, amount=amount, outcome=outcome, back=_way_back(payment.return_url)
    )


@blueprint.post("/checkout/<payment_id>")
@allow(Permission.PAY_AT_SANDBOX)
def pay(payment_id: str) -> ResponseReturnValue:
    """Let happen what the payer chose, and send them back. "abandon" does nothing, as closing the window would."""
    try:
        payment, _ = _provider().get(payment_id)
        chosen = request.form.get("token", "")
        if chosen != "abandon":
            _provider().pay(payment_id, Token(chosen))
    except (RemoteError, ValueError):
        abort(404)
    return redirect(_way_back(payment.return_url))
