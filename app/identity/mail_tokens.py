"""Links in mails: bound to one purpose, one person and the state they were made for, so each works once.

The token itself is never stored: it is made when the mail is rendered.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.identity.models import User

#: How long a link works, by purpose.
LIFETIMES = {"verify_email": timedelta(days=3), "reset_password": timedelta(hours=1)}


class MailTokens:
    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret_key, salt=f"mail:{purpose}")

    def make(self, purpose: str, person: User) -> str:
        return str(self._serializer(purpose).dumps([person.id, fingerprint(person)]))

    def read(self, purpose: str, token: str) -> tuple[int, str] | None:
        """The person's id and the state it was made for; None when it is not ours, too old or for another purpose."""
        try:
            user_id, state = self._serializer(purpose).loads(token, max_age=int(LIFETIMES[purpose].total_seconds()))
            return int(user_id), str(state)
        except (BadSignature, ValueError, TypeError):
            return None


def fingerprint(person: User) -> str:
    """Changes when the address is verified or the password is set: older links stop working."""
    state = f"{person.email}|{person.password_hash}|{person.email_verified_at is not None}"
    return hashlib.sha256(state.encode()).hexdigest()[:24]
