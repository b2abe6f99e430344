"""What may be asked of the trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent


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


def since(session: Session, subject_type: str, event_id: int, limit: int) -> list[tuple[int, datetime, int]]:
    """What happened to subjects of a kind after an event: (event, when, subject), oldest first."""
    rows = session.execute(
        select(AuditEvent.id, AuditEvent.at, AuditEvent.subject_id)
        .where(AuditEvent.id > event_id, AuditEvent.subject_type == subject_type)
        .order_by(AuditEvent.id)
        .limit(limit)
    )
    return [(found, at, subject) for found, at, subject in rows]
