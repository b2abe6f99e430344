"""What may be asked about investors."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.investors.lifecycle import VERIFIED
from app.investors.models import Claim, Figures, Investor


def investor(session: Session, investor_id: int) -> Investor:
    return session.get_one(Investor, investor_id)


def of_user(session: Session, user_id: int) -> Investor | None:
    return session.scalars(select(Investor).where(Investor.user_id == user_id)).one_or_none()


def latest_figures(session: Session, investor_id: int, currency: str) -> Figures | None:
    return session.scalars(
        select(Figures)
        .where(Figures.investor_id == investor_id, Figures.currency == currency)
        .order_by(Figures.id.desc())
        .limit(1)
    ).one_or_none()


def claims(session: Session, investor_id: int) -> list[Claim]:
    """Every claim of the investor, newest first."""
    return list(session.scalars(select(Claim).where(Claim.investor_id == investor_id).order_by(Claim.id.desc())))


def claim(session: Session, claim_id: int) -> Claim:
    return session.get_one(Claim, claim_id)


def verified_kinds(session: Session, investor_id: int) -> Collection[str]:
    """The statuses that an officer has verified."""
    return set(session.scalars(select(Claim.kind).where(Claim.investor_id == investor_id, Claim.status == VERIFIED)))
