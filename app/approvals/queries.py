"""What may be asked about proposals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.approvals.lifecycle import APPROVED, PROPOSED, UNFINISHED
from app.approvals.models import Proposal, ProposalApproval, ProposalKind
from app.errors import NotFound


def by_ref(session: Session, ref: str) -> Proposal:
    """Raises NotFound."""
    found = session.scalars(select(Proposal).where(Proposal.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def unfinished(session: Session, kind: ProposalKind, subject: str) -> Proposal | None:
    """The proposal of this kind about this subject that somebody may still act on."""
    return session.scalars(
        select(Proposal).where(Proposal.kind == kind, Proposal.subject == subject, Proposal.status.in_(UNFINISHED))
    ).one_or_none()


def waiting(session: Session) -> list[Proposal]:
    """Everything that waits for a second person, the oldest first."""
    return list(session.scalars(select(Proposal).where(Proposal.status == PROPOSED).order_by(Proposal.id)))


def unfinished_by(session: Session, user_id: int) -> list[Proposal]:
    """What this person proposed and may still take back, the oldest first."""
    made = select(Proposal).where(Proposal.made_by == user_id, Proposal.status.in_(UNFINISHED))
    return list(session.scalars(made.order_by(Proposal.id)))


def approvals(session: Session, proposal_id: int) -> list[ProposalApproval]:
    return list(
        session.scalars(
            select(ProposalApproval)
            .where(ProposalApproval.proposal_id == proposal_id)
            .order_by(ProposalApproval.approved_at)
        )
    )


def counts(session: Session, user_id: int) -> Mapping[int, tuple[int, bool]]:
    """Of what waits: proposal -> how many agreed, and whether this person did."""
    rows = session.execute(
        select(
            ProposalApproval.proposal_id,
            func.count().label("agreed"),
            func.bool_or(ProposalApproval.user_id == user_id).label("by_me"),
        )
        .join(Proposal, Proposal.id == ProposalApproval.proposal_id)
        .where(Proposal.status == PROPOSED)
        .group_by(ProposalApproval.proposal_id)
    )
    return {row.proposal_id: (row.agreed, row.by_me) for row in rows}


def due(session: Session, kind: ProposalKind, now: datetime) -> list[str]:
    """References of approved proposals that may be carried out by now."""
    return list(
        session.scalars(
            select(Proposal.ref)
            .where(
                Proposal.kind == kind,
                Proposal.status == APPROVED,
                or_(Proposal.not_before.is_(None), Proposal.not_before <= now),
            )
            .order_by(Proposal.id)
        )
    )
