"""What a transaction has done so far, told before somebody confirms it, and compared when they do.

A page shows what a decision would do by doing it in a rehearsal (`Database.rehearsal`), so that what is announced can
never differ from what the act does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from app.audit import queries as audit
from app.database import Transaction
from app.money import Money
from app.notifications import queries as notifications
from app.notifications.models import QueuedMessage
from app.payments import queries as payments

#: What is told by the page around it.
LEFT_OUT = ("review_cases", "proposals", "instructions")


@dataclass(frozen=True, slots=True)
class Effect:
    """`code` is a key of `labels.EFFECTS` or the table whose rows move to `status`; `count` of them, `amount` together."""

    code: str
    count: int
    status: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that changed, and of each kind of message the first one, with how many people get it."""

    changes: tuple[Effect, ...]
    messages: tuple[tuple[QueuedMessage, int], ...]

    @property
    def sha256(self) -> str:
        """The same for the same consequences; the moment at which they were looked at is not in it."""
        told = [(one.code, one.count, one.status, one.amount.minor if one.amount else None) for one in self.changes]
        mailed = [(message.kind, people) for message, people in self.messages]
        return hashlib.sha256(json.dumps([told, mailed]).encode()).hexdigest()


def of(tx: Transaction) -> Effects:
    """What this transaction has done so far."""
    tx.session.flush()
    moved = [
        Effect(table, number, status)
        for table, status, number in audit.moved_in_this_transaction(tx.session)
        if table not in LEFT_OUT
    ]
    asked = [
        Effect(purpose, number, amount=amount)
        for purpose, number, amount in payments.asked_in_this_transaction(tx.session)
    ]
    messages = notifications.queued_in_this_transaction(tx.session)
    return Effects((*moved, *asked), tuple(messages))
