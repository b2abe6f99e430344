"""How Stripe is asked, and what its errors mean: everything comes out as one of the port's errors."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import stripe
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from app.payments.errors import (
    Declined,
    GatewayError,
    InFlight,
    InsufficientProviderFunds,
    KeyConflict,
    Misconfigured,
    NotSent,
    RateLimited,
    Rejected,
    Unknown,
)
from app.payments.port import Op

#: The version whose answers this adapter reads; events come in the version of their endpoint, and only name objects.
API_VERSION = "2026-10-28.endive"
#: Seconds to connect, seconds to answer.
TIMEOUT = (5, 30)
#: Reads are free to repeat. A write is sent once a call: of two tries only the last one's error would be told, and
#: "refused" after "dropped" is no proof that nothing was done. The outbox sends again, with the same key.
READ_RETRIES, WRITE_RETRIES = 2, 0

# The library logs addresses and parts of keys at INFO, whole bodies at DEBUG.
logging.getLogger("stripe").setLevel(logging.WARNING)


def client(key: str, api_base: str | None, timeout: tuple[int, int] = TIMEOUT) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        max_network_retries=READ_RETRIES,
        http_client=stripe.RequestsClient(timeout=timeout),
        base_addresses={"api": api_base} if api_base else None,
    )


def writing(op: Op, step: str = "", account: str | None = None) -> stripe.RequestOptions:
    """What every write carries: the operation's own key. `step` tells two writes of one operation apart."""
    options: stripe.RequestOptions = {"idempotency_key": op.key + step, "max_network_retries": WRITE_RETRIES}
    if account is not None:
        options["stripe_account"] = account
    return options


@contextmanager
def calling() -> Iterator[None]:
    """Whatever Stripe answers within, comes out as a GatewayError, without a word of what was sent."""
    try:
        yield
    except stripe.StripeError as error:
        raise translated(error) from None


_KINDS: tuple[tuple[type[stripe.StripeError], type[GatewayError]], ...] = (
    (stripe.CardError, Declined),
    (stripe.RateLimitError, RateLimited),
    (stripe.IdempotencyError, KeyConflict),
    (stripe.AuthenticationError, Misconfigured),
    (stripe.PermissionError, Misconfigured),
)
_CODE = re.compile(r"[a-z0-9_]{1,80}")


def translated(error: stripe.StripeError) -> GatewayError:
    """The port's word for it. Only Stripe's `code` is kept: its messages repeat what was sent."""
    if isinstance(error, stripe.APIConnectionError):
        return NotSent("not_connected") if _never_connected(error) else Unknown("no_answer")
    # The library leaves `code` out of some kinds of error, though the answer has one.
    details = (error.json_body or {}).get("error") if isinstance(error.json_body, dict) else None
    found = error.code or (details.get("code") if isinstance(details, dict) else None) or ""
    code = found if _CODE.fullmatch(found) else f"http_{error.http_status}"
    if isinstance(error, stripe.InvalidRequestError):
        return InsufficientProviderFunds(code) if code == "balance_insufficient" else Rejected(code)
    for theirs, ours in _KINDS:
        if isinstance(error, theirs):
            return ours(code)
    return InFlight(code) if error.http_status == 409 else Unknown(code)


def _never_connected(error: stripe.APIConnectionError) -> bool:
    """Whether not even a connection was made: refused, no such host, no answer to the greeting."""
    cause = error.__cause__
    if not isinstance(cause, requests.ConnectionError) or not cause.args:
        return False
    reason = getattr(cause.args[0], "reason", cause.args[0])
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))
