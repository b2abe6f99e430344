"""How the pretend provider signs what it tells: `t=…,v1=…`, HMAC-SHA256 of the stamp and the body."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta

from app.payments.conformance.bench import Forgery

SIGNATURE_HEADER = "X-Sandbox-Signature"


def digest(body: bytes, secret: str, stamp: str) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def sign(body: bytes, secret: str, at: datetime) -> str:
    """The header's value for a body sent at this instant."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={digest(body, secret, stamp)}"


#: How far from the truth the stamp of a forged event is.
AGES = {Forgery.OLD: -timedelta(hours=1), Forgery.FUTURE: timedelta(hours=1)}


def forge(how: Forgery, body: bytes, secret: str, at: datetime) -> tuple[bytes, dict[str, str]]:
    """An event as it must not be believed: what is sent, and its headers."""
    if how is Forgery.ENVIRONMENT:
        body = json.dumps({**json.loads(body), "livemode": True}).encode()
    signature = sign(body, "somebody else's" if how is Forgery.SIGNER else secret, at + AGES.get(how, timedelta(0)))
    return body + b" " if how is Forgery.BODY else body, {SIGNATURE_HEADER: signature}
