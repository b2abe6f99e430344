"""What the gateway tells us: stored first, handled later, the same thing twice is one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.approvals import actions as approvals
from app.audit import actions as audit
from app.database import STATEMENT_BEGAN, Transaction
from app.errors import NotFound, Refused
from app.payments import queries
from app.payments.lifecycle import EVENT, NEW
from app.payments.models import GatewayEvent
from app.payments.port import Envelope, Ref

LARGEST_EVENT_BYTES = 256 * 1024
#: An event that could not be handled so often is looked at by a person.
MOST_ATTEMPTS = 12
#: Why an event that names what we do not know could not be handled.
OBJECT_UNKNOWN = "object_unknown"


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
            status=NEW,
            attempts=0,
            next_attempt_at=tx.wall_now,
        )
        .on_conflict_do_nothing()
        .returning(GatewayEvent.event_id)
    ).one_or_none()
    tx.wake("process_inbox")
    return made is not None


def lease(tx: Transaction, limit: int) -> list[GatewayEvent]:
    """Take events to handle; nobody else takes them meanwhile. One that was tried too often is left to a person.

    Locks: events (skipping locked ones). Writes: events, audit. Wakes: reconcile.
    """
    rows = tx.session.scalars(
        select(GatewayEvent)
        .where(GatewayEvent.status == NEW, GatewayEvent.next_attempt_at <= STATEMENT_BEGAN)
        .order_by(GatewayEvent.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.attempts += 1
        row.next_attempt_at = tx.wall_now + min(timedelta(seconds=5) * 2**row.attempts, timedelta(hours=1))
        if row.attempts > MOST_ATTEMPTS:
            audit.transition(tx, row, "give_up", gateway=row.gateway, told=row.event_id, why=row.last_error)
            tx.wake("reconcile")  # which calls somebody
    return [row for row in rows if row.status == NEW]


def finish(tx: Transaction, events: Iterable[GatewayEvent], move: str) -> None:
    """Write that events are over, unless a person was quicker; `move` is "handle" or "ignore". Writes: events.

    No trail is written: what follows from an event has its own, and one that changes nothing is to leave none.
    """
    keys = [(event.gateway, event.event_id) for event in events]
    tx.session.execute(
        update(GatewayEvent)
        .where(tuple_(GatewayEvent.gateway, GatewayEvent.event_id).in_(keys), GatewayEvent.status == NEW)
        .values(status=EVENT.next(NEW, move), last_error=None, objects=[])
    )


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that could not be handled this time: why, and what it names."""

    event: GatewayEvent
    error: str
    named: Sequence[Ref]


def keep_failures(tx: Transaction, failures: Iterable[Failed]) -> None:
    """Write why events could not be handled; they are tried again. Writes: events."""
    for one in failures:
        tx.session.execute(
            update(GatewayEvent)
            .where(GatewayEvent.id == one.event.id, GatewayEvent.status == NEW)
            .values(last_error=one.error[:500], objects=[str(ref) for ref in one.named])
        )


def replay(tx: Transaction, event_id: int) -> None:
    """Handle an event once more, as new and at once, whatever became of it.

    Raises NotFound. Locks: event. Writes: event, audit. Wakes: process_inbox, reconcile.
    """
    _replay(tx, _lock(tx, event_id))


def replay_range(tx: Transaction, first: int, last: int) -> int:
    """As `replay`, all events with numbers from `first` to `last`; how many there were. Locks: events. Writes: events, audit."""
    numbers = GatewayEvent.id.between(first, last)
    rows = tx.session.scalars(select(GatewayEvent).where(numbers).order_by(GatewayEvent.id).with_for_update()).all()
    for row in rows:
        _replay(tx, row)
    return len(rows)


def _replay(tx: Transaction, row: GatewayEvent) -> None:
    audit.transition(
        tx, row, "replay", gateway=row.gateway, told=row.event_id, after=row.last_error, tries=row.attempts
    )
    row.attempts, row.next_attempt_at = 0, tx.wall_now
    row.last_error = row.note = row.set_aside_by = None
    tx.wake("process_inbox")
    tx.wake("reconcile")


def set_aside(tx: Transaction, event_id: int, note: str) -> None:
    """A person says that an event which cannot be handled is about nothing of ours.

    Raises NotFound, Refused: "note_too_short", "event_not_tried", "event_of_ours" (we know what it names), "illegal_move".
    Locks: event. Writes: event, audit. Wakes: reconcile.
    """
    if len(note.strip()) < approvals.SHORTEST_NOTE:
        raise Refused("note_too_short", field="note", shortest=approvals.SHORTEST_NOTE)
    row = _lock(tx, event_id)
    if row.status == NEW and row.last_error is None:
        raise Refused("event_not_tried", field="note")
    if queries.by_refs(tx.session, [(row.gateway, Ref.read(name)) for name in row.objects]):
        raise Refused("event_of_ours", field="note")
    audit.transition(tx, row, "set_aside", gateway=row.gateway, told=row.event_id, why=row.last_error)
    row.note, row.set_aside_by = note.strip(), tx.actor.user_id
    tx.wake("reconcile")


def _lock(tx: Transaction, event_id: int) -> GatewayEvent:
    row = tx.session.scalars(
        select(GatewayEvent)
        .where(GatewayEvent.id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row
