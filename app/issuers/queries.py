"""What may be asked about companies."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.issuers.models import Issuer, IssuerMember, RelatedParty


def issuer(session: Session, issuer_id: int) -> Issuer:
    return session.get_one(Issuer, issuer_id)


def by_ref(session: Session, ref: str) -> Issuer:
    """Raises NotFound."""
    found = session.scalars(select(Issuer).where(Issuer.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def by_form_key(session: Session, form_key: uuid.UUID) -> Issuer | None:
    return session.scalars(select(Issuer).where(Issuer.form_key == form_key)).one_or_none()


def by_cik(session: Session, cik: str) -> Issuer | None:
    return session.scalars(select(Issuer).where(Issuer.cik == cik)).one_or_none()


def of_member(session: Session, user_id: int) -> list[Issuer]:
    """The companies that this person acts for."""
    return list(
        session.scalars(
            select(Issuer).join(IssuerMember).where(IssuerMember.user_id == user_id).order_by(Issuer.legal_name)
        )
    )


def is_member(session: Session, issuer_id: int, user_id: int | None) -> bool:
    return user_id is not None and session.get(IssuerMember, (issuer_id, user_id)) is not None


def members(session: Session, issuer_id: int) -> list[int]:
    """The user ids of those who act for the company."""
    return list(session.scalars(select(IssuerMember.user_id).where(IssuerMember.issuer_id == issuer_id)))


def related_parties(session: Session, issuer_id: int) -> list[RelatedParty]:
    """Those whom the company declared, in their order."""
    return list(
        session.scalars(
            select(RelatedParty)
            .where(RelatedParty.issuer_id == issuer_id, RelatedParty.ended_at.is_(None))
            .order_by(RelatedParty.id)
        )
    )


def related_party(session: Session, party_id: int) -> RelatedParty:
    return session.get_one(RelatedParty, party_id)
