"""What may be asked about alerts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.lifecycle import CONFIRMED, LIVE
from app.alerts.models import Alert, SubjectType


def alert(session: Session, alert_id: int) -> Alert:
    return session.get_one(Alert, alert_id)


def alerts(session: Session, alert_ids: Collection[int]) -> list[Alert]:
    return list(session.scalars(select(Alert).where(Alert.id.in_(alert_ids))))


def of_subject(session: Session, kind: SubjectType, subject_id: int) -> list[Alert]:
    """Every alert about one subject, newest first."""
    return list(
        session.scalars(
            select(Alert).where(Alert.subject_type == kind, Alert.subject_id == subject_id).order_by(Alert.id.desc())
        )
    )


def earlier(session: Session, rule: str, kind: SubjectType, subject_id: int) -> list[Alert]:
    """What one rule has found about one subject, newest first."""
    return [one for one in of_subject(session, kind, subject_id) if one.rule == rule]


def about(session: Session, rule: str, what: str) -> list[Alert]:
    """What one rule has found in one thing, whoever it was."""
    return list(session.scalars(select(Alert).where(Alert.rule == rule, Alert.about == what).order_by(Alert.id.desc())))


def held(session: Session, kind: SubjectType, subject_ids: Collection[int]) -> set[int]:
    """Which of these are on hold."""
    return set(
        session.scalars(
            select(Alert.subject_id).where(
                Alert.subject_type == kind,
                Alert.subject_id == func.any(list(subject_ids)),
                Alert.holds,
                Alert.status.in_(LIVE),
            )
        )
    )


def hold(session: Session, kind: SubjectType, subject_id: int) -> str | None:
    """None, "raised" (nobody has said yet what it is) or "confirmed" (an officer has)."""
    statuses = set(
        session.scalars(
            select(Alert.status).where(
                Alert.subject_type == kind, Alert.subject_id == subject_id, Alert.holds, Alert.status.in_(LIVE)
            )
        )
    )
    return CONFIRMED if CONFIRMED in statuses else next(iter(statuses), None)
