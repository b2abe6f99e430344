"""What may be asked about investors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.evidence import queries as evidence
from app.evidence.models import EvidenceFile
from app.investors.lifecycle import ENDED, LINKED, VERIFIED
from app.investors.models import BeneficialOwner, Claim, ClaimEvidence, Entity, Figures, Investor, Kind, SpouseLink
from app.regimes import standing as categories


def investor(session: Session, investor_id: int) -> Investor:
    return session.get_one(Investor, investor_id)


def of_user(session: Session, user_id: int) -> Investor | None:
    """The investor that a person is, whomever else they act for."""
    return session.scalars(
        select(Investor).where(Investor.user_id == user_id, Investor.kind == Kind.NATURAL)
    ).one_or_none()


def acted_for(session: Session, user_id: int) -> list[Investor]:
    """Everybody that a person may act for: themselves first, then entities, the oldest first."""
    return list(
        session.scalars(
            select(Investor).where(Investor.user_id == user_id).order_by(Investor.kind != Kind.NATURAL, Investor.id)
        )
    )


def entity(session: Session, investor_id: int) -> Entity | None:
    return session.get(Entity, investor_id)


def entity_by_number(session: Session, registered_in: str, number: str) -> Investor | None:
    return session.scalars(
        select(Investor)
        .join(Entity, Entity.investor_id == Investor.id)
        .where(Entity.registered_in == registered_in, Entity.registration_number == number)
    ).one_or_none()


def owners(session: Session, investor_id: int) -> list[BeneficialOwner]:
    """Who stands behind an entity."""
    return list(
        session.scalars(
            select(BeneficialOwner).where(BeneficialOwner.investor_id == investor_id).order_by(BeneficialOwner.id)
        )
    )


def names_of_owners(session: Session, owner_ids: Collection[int]) -> Mapping[int, str]:
    """owner -> name."""
    rows = session.execute(select(BeneficialOwner.id, BeneficialOwner.name).where(BeneficialOwner.id.in_(owner_ids)))
    return {row.id: row.name for row in rows}


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


def claim_of(session: Session, claim_id: int, investor_ids: Collection[int]) -> Claim:
    """The claim of one of these investors. Raises NotFound, also for somebody else's."""
    found = session.get(Claim, claim_id)
    if found is None or found.investor_id not in investor_ids:
        raise NotFound
    return found


def held(session: Session, investor_id: int, on: date) -> list[Claim]:
    """The claims that count on this day: verified, and not past their last day, whether a job has seen it or not."""
    return list(
        session.scalars(
            select(Claim)
            .where(Claim.investor_id == investor_id, Claim.status == VERIFIED, Claim.valid_until >= on)
            .order_by(Claim.given_on, Claim.id)
        )
    )


def verified_kinds(session: Session, investor_id: int, on: date) -> Collection[str]:
    """The statuses that count on this day."""
    return {one.kind for one in held(session, investor_id, on)}


def standing(counting: Collection[Claim], regime_id: str) -> dict[str, Any]:
    """What a case under these rules says of the statuses that count; of several of one sort, the latest."""
    known = categories.otherwise(regime_id)
    for one in counting:
        category = categories.BY_ID[one.kind]
        if regime_id in category.regimes and one.given_on is not None:
            known |= category.facts(one.figures, one.given_on)
    return known


def evidence_of(session: Session, claim_id: int) -> list[EvidenceFile]:
    """The files that were handed in for a claim."""
    return evidence.files(
        session, session.scalars(select(ClaimEvidence.file_id).where(ClaimEvidence.claim_id == claim_id))
    )


def ending(session: Session, on: date, limit: int) -> list[int]:
    """Ids of claims that count no longer on this day, the longest past first."""
    return list(
        session.scalars(
            select(Claim.id)
            .where(Claim.status == VERIFIED, Claim.valid_until < on)
            .order_by(Claim.valid_until, Claim.id)
            .limit(limit)
        )
    )


def to_remind(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of claims whose investor is to be reminded that they end soon."""
    found: list[int] = []
    for category in categories.BY_ID.values():
        today = category.day_of(now)
        row = category.row(today)
        if row is not None:
            last = date.fromordinal(today.toordinal() + row["remind_days"])
            waiting = select(Claim.id).where(
                Claim.kind == category.id,
                Claim.status == VERIFIED,
                Claim.valid_until.between(today, last),
                Claim.reminded_at.is_(None),
            )
            found += session.scalars(waiting.order_by(Claim.id).limit(limit - len(found)))
    return found


def spouse_links(session: Session, investor_id: int) -> list[SpouseLink]:
    """Every link that an investor asked for or confirmed, newest first."""
    return list(
        session.scalars(
            select(SpouseLink)
            .where(or_(SpouseLink.asker_id == investor_id, SpouseLink.other_id == investor_id))
            .order_by(SpouseLink.id.desc())
            .execution_options(populate_existing=True)
        )
    )


def spouse_link(session: Session, investor_id: int) -> SpouseLink | None:
    """The link that counts now."""
    return next((one for one in spouse_links(session, investor_id) if one.status == LINKED), None)


def spouse_of(link: SpouseLink, investor_id: int) -> int:
    """The other of the two."""
    assert link.other_id is not None  # a link that counted has two sides
    return link.other_id if link.asker_id == investor_id else link.asker_id


def past_and_present_links(session: Session, investor_id: int) -> tuple[list[SpouseLink], SpouseLink | None]:
    """The links that counted once and count no more, and the one that counts now."""
    links = spouse_links(session, investor_id)
    present = next((one for one in links if one.status == LINKED), None)
    return [one for one in links if one.status == ENDED], present


def names(session: Session, investor_ids: Collection[int]) -> Mapping[int, str]:
    """investor -> the name that goes on the register."""
    rows = session.execute(select(Investor.id, Investor.legal_name).where(Investor.id.in_(investor_ids)))
    return {row.id: row.legal_name for row in rows}


def names_of_claims(session: Session, claim_ids: Collection[int]) -> Mapping[int, str]:
    """claim -> the name of its investor."""
    rows = session.execute(
        select(Claim.id, Investor.legal_name)
        .join(Investor, Investor.id == Claim.investor_id)
        .where(Claim.id.in_(claim_ids))
    )
    return {row.id: row.legal_name for row in rows}


def claims_of_people_like(words: str) -> Select[int]:
    """The ids of claims of investors whose name has these words, as part of a larger question."""
    return (
        select(Claim.id)
        .join(Investor, Investor.id == Claim.investor_id)
        .where(Investor.legal_name.icontains(words, autoescape=True))
    )
