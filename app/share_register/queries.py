"""What may be asked of the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.issuers.models import Issuer
from app.share_register.models import RegisterEntry


def holdings(session: Session, investor_id: int) -> Sequence[tuple[RegisterEntry, Issuer]]:
    """What an investor owns, newest first."""
    rows = session.execute(
        select(RegisterEntry, Issuer)
        .join(Issuer, Issuer.id == RegisterEntry.issuer_id)
        .where(RegisterEntry.investor_id == investor_id, RegisterEntry.kind == "issuance")
        .order_by(RegisterEntry.id.desc())
    )
    return [(entry, issuer) for entry, issuer in rows]


def of_offering(session: Session, offering_id: int) -> list[RegisterEntry]:
    return list(
        session.scalars(
            select(RegisterEntry).where(RegisterEntry.offering_id == offering_id).order_by(RegisterEntry.id)
        )
    )


class Holding(NamedTuple):
    """What one entry gave to whom; a distribution reads hundreds of thousands."""

    pledge_id: int
    investor_id: int
    holder_name: str
    shares: int
    amount_minor: int


def holdings_at(session: Session, offering_id: int, until: datetime) -> list[Holding]:
    """Everybody's shares of an offering as the register stood at an instant, by investor. Shares are only ever issued here."""
    entry = RegisterEntry
    rows = session.execute(
        select(entry.pledge_id, entry.investor_id, entry.holder_name, entry.shares, entry.amount_minor)
        .where(entry.offering_id == offering_id, entry.kind == "issuance", entry.entered_at <= until)
        .order_by(entry.investor_id, entry.id)
    )
    return [Holding(*row) for row in rows]


def of_pledge(session: Session, pledge_id: int) -> RegisterEntry | None:
    return session.scalars(select(RegisterEntry).where(RegisterEntry.pledge_id == pledge_id)).one_or_none()


def shares_issued(session: Session, offering_id: int) -> int:
    return session.scalars(
        select(func.coalesce(func.sum(RegisterEntry.shares), 0)).where(RegisterEntry.offering_id == offering_id)
    ).one()
