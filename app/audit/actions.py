"""The only place that sets a status, and the only place that writes the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol, cast

from sqlalchemy import Table, func, select, update

from app.audit.models import AuditEvent
from app.database import Base, Transaction, in_batches, insert_many
from app.errors import Mistake
from app.money import Money
from app.state_machine import StateMachine


class Subject(Protocol):
    """Anything with a life: its table names its machine in `lifecycle`."""

    __tablename__: str
    lifecycle: ClassVar[StateMachine]
    id: Any
    status: Any


def transition(tx: Transaction, subject: Subject, event: str, **facts: Any) -> None:
    """Move the subject along its table and write the trail in the same act.

    Raises Refused("illegal_move"). Writes: the subject's status, audit.
    """
    before = subject.status
    subject.status = subject.lifecycle.next(before, event)
    _write(tx, subject.__tablename__, subject.id, event, before, subject.status, facts)


def begin(tx: Transaction, subject: Subject, event: str, **facts: Any) -> None:
    """Write the birth of a subject, in the status it already has. Writes: audit."""
    _write(tx, subject.__tablename__, subject.id, event, None, subject.status, facts)


def record(tx: Transaction, event: str, subject_type: str, subject_id: int, **facts: Any) -> None:
    """Write something that changed no status. Writes: audit."""
    _write(tx, subject_type, subject_id, event, None, None, facts)


def transition_many(
    tx: Transaction, subjects: type[Subject], event: str, facts: Mapping[int, Mapping[str, Any]]
) -> None:
    """Move many of one kind as `transition` moves one, by few statements; `facts` are by the subject's id.

    Its caller holds what nobody else moves them without. What was loaded of them before is stale.
    Raises Refused("illegal_move") if one may not move, Mistake if somebody else did move one.
    Locks: the subjects. Writes: their statuses, audit.
    """
    table = cast(Table, cast(type[Base], subjects).__table__)
    for ids in in_batches(sorted(facts)):
        found = tx.session.execute(select(table.c.id, table.c.status).where(table.c.id == func.any(ids)))
        before = {row.id: row.status for row in found}
        after = {status: subjects.lifecycle.next(status, event) for status in set(before.values())}
        for status, target in after.items():
            moving = table.c.id == func.any([one for one in ids if before[one] == status])
            moved = tx.session.execute(update(table).where(moving, table.c.status == status).values(status=target))
            if moved.rowcount != sum(before[one] == status for one in ids):  # type: ignore[attr-defined]
                raise Mistake(f"somebody else moved one of these {table.name}")
        events = [_event(tx, table.name, one, event, before[one], after[before[one]], facts[one]) for one in ids]
        insert_many(tx.session, AuditEvent, events)


def record_many(tx: Transaction, event: str, subject_type: str, facts: Mapping[int, Mapping[str, Any]]) -> None:
    """Write for many subjects what changed no status; `facts` are by the subject's id. Writes: audit."""
    for ids in in_batches(facts):
        events = [_event(tx, subject_type, one, event, None, None, facts[one]) for one in ids]
        insert_many(tx.session, AuditEvent, events)


def begin_many(
    tx: Transaction, subject_type: str, event: str, status: str, facts: Mapping[int, Mapping[str, Any]]
) -> None:
    """Write the births of many subjects, all in one status; `facts` are by the subject's id. Writes: audit."""
    insert_many(
        tx.session, AuditEvent, [_event(tx, subject_type, one, event, None, status, facts[one]) for one in facts]
    )


def _write(
    tx: Transaction,
    subject_type: str,
    subject_id: int,
    event: str,
    before: str | None,
    after: str | None,
    facts: Mapping[str, Any],
) -> None:
    tx.session.add(AuditEvent(**_event(tx, subject_type, subject_id, event, before, after, facts)))


def _event(
    tx: Transaction,
    subject_type: str,
    subject_id: int,
    event: str,
    before: str | None,
    after: str | None,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "at": tx.now,
        "actor": tx.actor.name,
        "actor_user_id": tx.actor.user_id,
        "event": event,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "from_status": before,
        "to_status": after,
        "facts": {name: _plain(value) for name, value in facts.items()},
        "request_id": tx.request_id,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value
