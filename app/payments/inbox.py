"""What the gateway tells us: stored first, handled later, the same thing twice is one row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.database import STATEMENT_BEGAN, Transaction
from app.payments.models import GatewayEvent
from app.payments.port import Envelope

LARGEST_EVENT_BYTES = 256 * 1024
#: An event that could not be handled so often is looked at by a person.
MOST_ATTEMPTS = 12


def store(tx: Transaction, gateway: str, envelope: Envelope) -> bool:
    """Keep a verified event; False when we had it already. Writes: event. Wakes: process_inbox."""
    made = tx.session.execute(
        insert(GatewayEvent)
        .values(
            gateway=gateway,
            event_id=envelope.event_id,
            type=envelope.type,
            body=envelope.body,
            received_at=tx.now,
            status="new",
            attempts=0,
            next_attempt_at=tx.wall_now,
        )
        .on_conflict_do_nothing()
        .returning(GatewayEvent.event_id)
    ).one_or_none()
    tx.wake("process_inbox")
    return made is not None


def lease(tx: Transaction, limit: int) -> list[GatewayEvent]:
    """Take events to handle; nobody else takes them meanwhile. Locks: events (skipping locked ones)."""
    rows = tx.session.scalars(
        select(GatewayEvent)
        .where(GatewayEvent.status == "new", GatewayEvent.next_attempt_at <= STATEMENT_BEGAN)
        .order_by(GatewayEvent.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.attempts += 1
        row.next_attempt_at = tx.wall_now + min(timedelta(seconds=5) * 2**row.attempts, timedelta(hours=1))
        if row.attempts > MOST_ATTEMPTS:
            row.status = "poison"
    return [row for row in rows if row.status == "new"]


def mark(tx: Transaction, events: Iterable[GatewayEvent], status: str, error: str | None = None) -> None:
    """Write what became of events, of all of them the same. Writes: events."""
    keys = [(event.gateway, event.event_id) for event in events]
    tx.session.execute(
        update(GatewayEvent)
        .where(tuple_(GatewayEvent.gateway, GatewayEvent.event_id).in_(keys))
        .values(status=status, last_error=error and error[:500])
    )
