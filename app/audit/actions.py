"""The only place that sets a status, and the only place that writes the trail."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from app.audit.models import AuditEvent
from app.database import Transaction
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


def _write(
    tx: Transaction,
    subject_type: str,
    subject_id: int,
    event: str,
    before: str | None,
    after: str | None,
    facts: dict[str, Any],
) -> None:
    tx.session.add(
        AuditEvent(
            at=tx.now,
            actor=tx.actor.name,
            actor_user_id=tx.actor.user_id,
            event=event,
            subject_type=subject_type,
            subject_id=subject_id,
            from_status=before,
            to_status=after,
            facts={name: _plain(value) for name, value in facts.items()},
            request_id=tx.request_id,
        )
    )


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
