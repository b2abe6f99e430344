"""What may be asked about companies."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.issuers.models import Issuer, IssuerMember, RelatedParty

#: So many companies with the same account are shown.
ALIKE = 20


def issuer(session: Session, issuer_id: int) -> Issuer:
    return session.get_one(Issuer, issuer_id)


def names(session: Session, issuer_ids: Collection[int]) -> Mapping[int, str]:
    """company -> its registered name."""
    rows = session.execute(select(Issuer.id, Issuer.legal_name).where(Issuer.id.in_(issuer_ids)))
    return {row.id: row.legal_name for row in rows}


def by_names(session: Session, names: Collection[str]) -> Mapping[str, int]:
    """registered name in lower case -> company, for those of these names that are here."""
    lowered = [name.lower() for name in names]
    rows = session.execute(select(Issuer.id, Issuer.legal_name).where(func.lower(Issuer.legal_name).in_(lowered)))
    return {row.legal_name.lower(): row.id for row in rows}


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


def names_of_related(session: Session, party_ids: Collection[int]) -> Mapping[int, str]:
    """related party -> its name, also of one whose relation has ended."""
    rows = session.execute(select(RelatedParty.id, RelatedParty.name).where(RelatedParty.id.in_(party_ids)))
    return {row.id: row.name for row in rows}


def related_party(session: Session, party_id: int) -> RelatedParty:
    return session.get_one(RelatedParty, party_id)


def paid_alike(session: Session, issuer: Issuer) -> list[Issuer]:
    """Other companies that are paid to the same holder at an account with the same end; the number itself is sealed."""
    if issuer.payout_hint is None:
        return []
    return list(
        session.scalars(
            select(Issuer)
            .where(
                Issuer.id != issuer.id,
                Issuer.payout_hint == issuer.payout_hint,
                Issuer.payout_holder == issuer.payout_holder,
            )
            .order_by(Issuer.id)
            .limit(ALIKE)
        )
    )
