"""Queue a message; mark what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.database import STATEMENT_BEGAN, Transaction, in_batches, insert_many
from app.notifications.catalog import Message
from app.notifications.models import QueuedMessage

LONGEST_BACKOFF = timedelta(hours=1)


def enqueue(tx: Transaction, user_id: int, message: Message, about: str, **facts: Any) -> None:
    """Queue a message about `about` ("pledge:42"); queueing it again changes nothing.

    Facts are plain values (texts, whole numbers, ISO dates); the words are the template's.
    Writes: message. Wakes: send_notifications.
    """
    tx.session.execute(
        insert(QueuedMessage)
        .values(
            user_id=user_id,
            kind=message,
            facts=facts,
            dedupe_key=f"{message}:{user_id}:{about}",
            created_at=tx.now,
            next_attempt_at=tx.wall_now,
            attempts=0,
        )
        .on_conflict_do_nothing()
    )
    tx.wake("send_notifications")


def enqueue_many(tx: Transaction, message: Message, told: Iterable[tuple[int, str, Mapping[str, Any]]]) -> None:
    """Queue one message to many: each with whom it goes to, what it is about and its facts, as `enqueue` does.

    Writes: messages. Wakes: send_notifications.
    """
    for batch in in_batches(told):
        rows = [
            {
                "user_id": user_id,
                "kind": message,
                "facts": facts,
                "dedupe_key": f"{message}:{user_id}:{about}",
                "created_at": tx.now,
                "next_attempt_at": tx.wall_now,
                "attempts": 0,
            }
            for user_id, about, facts in batch
        ]
        insert_many(tx.session, QueuedMessage, rows, once=True)
    tx.wake("send_notifications")


def lease(tx: Transaction, limit: int) -> list[QueuedMessage]:
    """Take messages to send; nobody else takes them for a minute. Locks: messages (skipping locked ones)."""
    due = list(
        tx.session.scalars(
            select(QueuedMessage)
            .where(QueuedMessage.sent_at.is_(None), QueuedMessage.next_attempt_at <= STATEMENT_BEGAN)
            .order_by(QueuedMessage.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for message in due:
        message.attempts += 1
        message.next_attempt_at = tx.wall_now + min(timedelta(minutes=1) * 2**message.attempts, LONGEST_BACKOFF)
    return due


def mark_sent(tx: Transaction, message_id: int) -> None:
    message = tx.session.get_one(QueuedMessage, message_id)
    message.sent_at = tx.wall_now
    message.last_error = None


def mark_failed(tx: Transaction, message_id: int, error: str) -> None:
    tx.session.get_one(QueuedMessage, message_id).last_error = error[:500]
