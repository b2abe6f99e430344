"""What an investor makes their own at a pledge: each sentence of the law by itself, in the very text that is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.errors import Refused
from app.regimes.parameters import Statement
from app.regimes.regime import Regime


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def statements(laws: Sequence[Regime], now: datetime) -> tuple[Statement, ...]:
    """Everything that an investor must make their own under these laws today."""
    return tuple(one for law in laws for one in law.pack.statements_on(law.pack.day_of(now)))


def require_ticked(laws: Sequence[Regime], ticked: Mapping[str, str], locale: str, now: datetime) -> None:
    """Every statement of the day, each by itself, in the very text that is in force. Raises Refused("statement_missing")."""
    for statement in statements(laws, now):
        if ticked.get(statement.id) != text_hash(statement.text(locale)):
            raise Refused("statement_missing", field=statement.id)
