"""What may be asked of the trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent, AuditSeal
from app.audit.verifier import GENESIS

#: Everything that an event says; its hash is taken of these. Plain columns: a million of them are read at a time.
EVENT = tuple(AuditEvent.__table__.columns)
SEAL = tuple(AuditSeal.__table__.columns)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal. Position 0: nothing is sealed yet."""

    position: int
    hash: str


def timeline(session: Session, subject_type: str, subject_id: int) -> list[AuditEvent]:
    """Everything that happened to one subject, oldest first."""
    return list(
        session.scalars(
            select(AuditEvent)
            .where(AuditEvent.subject_type == subject_type, AuditEvent.subject_id == subject_id)
            .order_by(AuditEvent.id)
        )
    )


def reached(session: Session, subject_type: str, subject_id: int, status: str) -> datetime | None:
    """When a subject last came into a status; None: never."""
    return session.scalars(
        select(func.max(AuditEvent.at)).where(
            AuditEvent.subject_type == subject_type,
            AuditEvent.subject_id == subject_id,
            AuditEvent.to_status == status,
        )
    ).one()


def head(session: Session) -> Head:
    """Where the chain ends."""
    found = session.execute(
        select(AuditSeal.position, AuditSeal.hash).order_by(AuditSeal.position.desc()).limit(1)
    ).one_or_none()
    return Head(0, GENESIS) if found is None else Head(*found)


def hash_at(session: Session, position: int) -> str:
    """The hash of the seal at a position; position 0 is before the first."""
    return GENESIS if position == 0 else session.get_one(AuditSeal, position).hash


def moment(at: datetime) -> str:
    """An instant as it is hashed: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def as_facts(row: Any) -> dict[str, Any]:
    """A row that holds `EVENT`, as it is hashed and handed out."""
    return {
        "id": row.id, "at": moment(row.at), "actor": row.actor, "actor_user_id": row.actor_user_id, "event": row.event,
        "subject_type": row.subject_type, "subject_id": row.subject_id, "from_status": row.from_status,
        "to_status": row.to_status, "facts": row.facts, "request_id": row.request_id,
    }  # fmt: skip


def since(session: Session, subject_type: str, event_id: int, limit: int) -> list[tuple[int, datetime, int]]:
    """What happened to subjects of a kind after an event: (event, when, subject), oldest first."""
    rows = session.execute(
        select(AuditEvent.id, AuditEvent.at, AuditEvent.subject_id)
        .where(AuditEvent.id > event_id, AuditEvent.subject_type == subject_type)
        .order_by(AuditEvent.id)
        .limit(limit)
    )
    return [(found, at, subject) for found, at, subject in rows]


def reached_by(session: Session, subject_type: str, subject_ids: Collection[int]) -> Mapping[int, datetime]:
    """When each of these subjects last moved: subject -> the platform's time."""
    rows = session.execute(
        select(AuditEvent.subject_id, func.max(AuditEvent.at).label("at"))
        .where(
            AuditEvent.subject_type == subject_type,
            AuditEvent.subject_id.in_(subject_ids),
            AuditEvent.to_status.is_not(None),
        )
        .group_by(AuditEvent.subject_id)
    )
    return {row.subject_id: row.at for row in rows}


def moved_in_this_transaction(session: Session) -> list[tuple[str, str, int]]:
    """(table, status, how many): what the transaction that asks has moved so far, in the order it began to."""
    rows = session.execute(
        select(AuditEvent.subject_type, AuditEvent.to_status, func.count(AuditEvent.subject_id.distinct()))
        .where(
            text("audit_events.xmin = pg_current_xact_id()::xid"),
            AuditEvent.from_status.is_not(None),
            AuditEvent.from_status != AuditEvent.to_status,
        )
        .group_by(AuditEvent.subject_type, AuditEvent.to_status)
        .order_by(func.min(AuditEvent.id))
    )
    return [(table, str(status), number) for table, status, number in rows]
