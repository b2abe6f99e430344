"""What may be asked of compliance: the queue, a case."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.lifecycle import CLAIMED, OPEN, RESOLVED
from app.compliance.models import CaseKind, ReviewCase
from app.errors import NotFound


def case(session: Session, ref: str) -> ReviewCase:
    """Raises NotFound."""
    found = session.scalars(select(ReviewCase).where(ReviewCase.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def queue(session: Session, *, kind: str = "", status: str = "", limit: int = 200) -> list[ReviewCase]:
    """Cases that wait, the oldest first; with status "resolved" those that were decided, the latest first."""
    query = select(ReviewCase)
    if kind:
        query = query.where(ReviewCase.kind == kind)
    if status == RESOLVED:
        query = query.where(ReviewCase.status == RESOLVED).order_by(ReviewCase.resolved_at.desc())
    else:
        query = query.where(ReviewCase.status.in_((OPEN, CLAIMED))).order_by(ReviewCase.opened_at, ReviewCase.id)
    return list(session.scalars(query.limit(limit)))


def cases_about(session: Session, kind: CaseKind, subject_id: int) -> list[ReviewCase]:
    """Every case there ever was about one subject, newest first."""
    return list(
        session.scalars(
            select(ReviewCase)
            .where(ReviewCase.kind == kind, ReviewCase.subject_id == subject_id)
            .order_by(ReviewCase.id.desc())
        )
    )
