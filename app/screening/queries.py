"""Who on the lists may be whom; who has to be compared again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.alerts import queries as alerts
from app.alerts.lifecycle import CONFIRMED
from app.alerts.models import SubjectType
from app.identity.models import User
from app.investors import queries as investors
from app.investors.models import BeneficialOwner, Investor, Kind
from app.issuers.models import Issuer, IssuerMember, RelatedParty
from app.regimes import platform_policy
from app.regimes.parameters import Row
from app.screening import names
from app.screening.models import ListImport, Listing, ListingKind, Named, Screening

#: The policy counts in basis points, the fuzzy library in hundredths.
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Match:
    """A listing and how it scores; `likeness` is of the names alone."""

    listing: Listing
    likeness: int
    score: int


def latest_import(session: Session) -> int | None:
    """The newest version of any list; None: nothing was ever taken in."""
    return session.scalars(select(func.max(ListImport.id))).one()


def matches(session: Session, person: Named, on: date, *, since: int = 0) -> list[Match]:
    """Listings that this may be, the best first, among those that came or changed after the import `since`."""
    policy = platform_policy.PACK.in_force("name_match", on)
    spelled = names.spellings(person.name, of_company=person.is_company)
    if policy is None or not spelled:
        return []
    kind = ListingKind.ORGANISATION if person.is_company else ListingKind.PERSON
    likenesses = _likenesses(session, spelled, kind, since)
    # What birth date and country could add at most; only these entries are read whole.
    most = (policy["same_birth_bps"] + policy["same_country_bps"]) // PERCENT
    from_score = policy["alert_from_bps"] // PERCENT
    near = [listing_id for listing_id, likeness in likenesses.items() if likeness + most >= from_score]
    found = []
    for listing in session.scalars(select(Listing).where(Listing.id.in_(near)).order_by(Listing.id)):
        score = judged(likenesses[listing.id], person, listing, policy)
        if score >= from_score:
            found.append(Match(listing, likenesses[listing.id], score))
    return sorted(found, key=lambda match: -match.score)


def _likenesses(session: Session, spelled: Collection[str], kind: ListingKind, since: int) -> dict[int, int]:
    """How alike the name is to every listing that shares a sound with it, by the listing's id."""
    rows = session.execute(
        select(Listing.id, Listing.spellings).where(
            Listing.keys.overlap(sorted(names.keys(spelled))), Listing.kind.in_((kind, ListingKind.EITHER)),
            ~Listing.is_gone, Listing.import_id > since,
        )
    )  # fmt: skip
    return {row.id: names.likeness(spelled, row.spellings) for row in rows}


def judged(likeness: int, person: Named, listing: Listing, policy: Row) -> int:
    """The likeness of the names, raised or lowered by birth date and country where both are known. 0 to 100."""
    score = likeness
    if person.born_on is not None and listing.births:
        day = person.born_on.isoformat()
        # A list may know the year alone: then only another year says something.
        if day in listing.births:
            score += policy["same_birth_bps"] // PERCENT
        elif not any(day.startswith(birth) for birth in listing.births):
            score -= policy["other_birth_bps"] // PERCENT
    if person.country and listing.countries:
        is_same = person.country.lower() in listing.countries
        score += policy["same_country_bps"] // PERCENT if is_same else -(policy["other_country_bps"] // PERCENT)
    return max(0, min(100, score))


def fingerprint(person: Named) -> str:
    """Changes when something changes that is compared."""
    told = "|".join((person.name, person.country, str(person.born_on), str(person.is_company)))
    return hashlib.sha256(told.encode()).hexdigest()


# Who is compared


def investor(row: Investor) -> Named:
    return Named(
        SubjectType.INVESTOR, row.id, row.legal_name, row.country, row.born_on, row.kind == Kind.ENTITY, (row.user_id,)
    )


def _member(row: User) -> Named:
    return Named(SubjectType.MEMBER, row.id, row.name, involves=(row.id,))


def _company(row: Issuer) -> Named:
    return Named(SubjectType.COMPANY, row.id, row.legal_name, row.country, is_company=True)


def _related(row: RelatedParty) -> Named:
    return Named(SubjectType.RELATED, row.id, row.name, is_company=row.relation == "affiliate")


def _owner(row: BeneficialOwner) -> Named:
    return Named(SubjectType.OWNER, row.id, row.name, row.country, row.born_on)


def behind(session: Session, row: Investor) -> list[Named]:
    """An investor, and who stands behind an entity: each is compared, and a hold on one of them holds it."""
    owners = investors.owners(session, row.id) if row.kind == Kind.ENTITY else []
    return [investor(row), *(replace(_owner(one), involves=(row.user_id,)) for one in owners)]


def hold(session: Session, row: Investor) -> str | None:
    """The strongest hold on an investor and who stands behind it: confirmed before raised; None: there is none."""
    found = {alerts.hold(session, person.type, person.id) for person in behind(session, row)} - {None}
    return CONFIRMED if CONFIRMED in found else next(iter(found), None)


_TABLES: Mapping[SubjectType, tuple[Any, Callable[..., Named]]] = {
    SubjectType.INVESTOR: (Investor, investor),
    SubjectType.MEMBER: (User, _member),
    SubjectType.COMPANY: (Issuer, _company),
    SubjectType.RELATED: (RelatedParty, _related),
    SubjectType.OWNER: (BeneficialOwner, _owner),
}


def everybody_of(session: Session, issuer_id: int) -> Iterator[Named]:
    """A company, those who act for it and those related to it."""
    members = tuple(session.scalars(select(IssuerMember.user_id).where(IssuerMember.issuer_id == issuer_id)))
    company = _company(session.get_one(Issuer, issuer_id))
    yield Named(company.type, company.id, company.name, company.country, is_company=True, involves=members)
    for user_id in members:
        known = investors.of_user(session, user_id)  # who invests, too, is one person and not two
        yield investor(known) if known is not None else _member(session.get_one(User, user_id))
    related = select(RelatedParty).where(RelatedParty.issuer_id == issuer_id, RelatedParty.ended_at.is_(None))
    for party in session.scalars(related):
        found = _related(party)
        yield Named(found.type, found.id, found.name, is_company=found.is_company, involves=members)


def company_on_hold(session: Session, issuer_id: int) -> bool:
    """Whether the company, or somebody who acts for it or is related to it, is on hold."""
    return any(alerts.hold(session, person.type, person.id) is not None for person in everybody_of(session, issuer_id))


def due(session: Session, limit: int) -> list[Named]:
    """Those who were not compared with the newest lists yet."""
    latest = latest_import(session)
    found: list[Named] = []
    for kind, (table, named) in _TABLES.items() if latest is not None else ():
        rows = session.scalars(_not_since(table, kind, latest or 0).limit(limit - len(found)))
        found += [named(row) for row in rows]
    return found


def _not_since(table: Any, kind: SubjectType, latest: int) -> Select[Any]:
    row = table.__table__.c
    query: Select[Any] = (
        select(table)
        .outerjoin(Screening, (Screening.subject_type == kind) & (Screening.subject_id == row.id))
        .where(or_(Screening.import_id.is_(None), Screening.import_id < latest))
        .order_by(row.id)
    )
    if kind is SubjectType.MEMBER:
        people = select(Investor.user_id).where(Investor.kind == Kind.NATURAL)
        query = query.where(row.id.in_(select(IssuerMember.user_id)), row.id.not_in(people))
    if kind is SubjectType.RELATED:
        query = query.where(row.ended_at.is_(None))
    return query
