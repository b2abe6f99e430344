"""Time-based codes (RFC 6238) and recovery codes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import pyotp

STEP_S = 30
RECOVERY_CODES = 10
ISSUER_NAME = "OpenRaise"


def new_secret() -> str:
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """What an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER_NAME)


def step_of(code: str, secret: str, at: datetime, last_step: int | None) -> int | None:
    """The step that this code belongs to, if it is right, at most one step off, and not used before."""
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return None
    totp = pyotp.TOTP(secret)
    now_step = int(at.timestamp()) // STEP_S
    for step in (now_step, now_step - 1, now_step + 1):
        fresh = last_step is None or step > last_step
        if fresh and secrets.compare_digest(totp.at(step * STEP_S), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    return [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> bytes:
    return hashlib.sha256(code.strip().lower().encode()).digest()
