"""How the pretend provider signs what it tells: `t=…,v1=…`, HMAC-SHA256 of the stamp and the body."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

SIGNATURE_HEADER = "X-Sandbox-Signature"


def digest(body: bytes, secret: str, stamp: str) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def sign(body: bytes, secret: str, at: datetime) -> str:
    """The header's value for a body sent at this instant."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={digest(body, secret, stamp)}"
