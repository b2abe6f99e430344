"""What may be asked about offerings."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.issuers.models import Issuer, IssuerMember
from app.offerings.form_c import OPENING
from app.offerings.lifecycle import CLOSING, FAILED, LIVE, PUBLIC, RAISING, SETTLED
from app.offerings.models import DocumentOpening, Filing, Offering, OfferingDocument, OfferingProgress


def offering(session: Session, offering_id: int) -> Offering:
    return session.get_one(Offering, offering_id)


def names(session: Session, offering_ids: Collection[int]) -> Mapping[int, str]:
    """offering -> its name."""
    rows = session.execute(select(Offering.id, Offering.name).where(Offering.id.in_(offering_ids)))
    return {row.id: row.name for row in rows}


def seal(session: Session, offering_id: int) -> str:
    """A hash of everything that an investor reads of it, made by the database, which asks for it when it opens."""
    found: str = session.execute(select(func.offering_seal(offering_id))).scalar_one()
    return found


def named_like(words: str) -> Select[int]:
    """The ids of offerings whose name or reference has these words, as part of a larger question."""
    return select(Offering.id).where(
        or_(Offering.name.icontains(words, autoescape=True), Offering.ref == words.upper())
    )


def by_slug(session: Session, slug: str) -> Offering:
    """An offering that is or was public. Raises NotFound, also for one that is not public yet."""
    found = session.scalars(select(Offering).where(Offering.slug == slug)).one_or_none()
    if found is None or found.opened_at is None:
        raise NotFound
    return found


def by_ref(session: Session, ref: str) -> Offering:
    """Any offering, for its issuer and for staff. Raises NotFound."""
    found = session.scalars(select(Offering).where(Offering.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def by_form_key(session: Session, form_key: uuid.UUID) -> Offering | None:
    return session.scalars(select(Offering).where(Offering.form_key == form_key)).one_or_none()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor looks for. Everything is optional; `status` is "open" or "past"."""

    words: str = ""
    regime: str = ""
    security_type: str = ""
    status: str = "open"


def listed(
    session: Session,
    filters: Filters,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
    stories_hidden: Collection[str] = (),
) -> Sequence[tuple[Offering, Issuer]]:
    """Public offerings, the one that ends first at the top; no other order is offered, so none is favoured.

    `after` is the deadline and id of the last one seen. Under the rules in `stories_hidden` no search looks into the
    stories: what is found would tell what they say.
    """
    wanted = (LIVE,) if filters.status == "open" else tuple(status for status in PUBLIC if status != LIVE)
    query = select(Offering, Issuer).join(Issuer, Issuer.id == Offering.issuer_id).where(Offering.status.in_(wanted))
    if filters.regime:
        query = query.where(Offering.regime == filters.regime)
    if filters.security_type:
        query = query.where(Offering.security_type == filters.security_type)
    for word in filters.words.split():
        pattern = f"%{_escaped(word)}%"
        query = query.where(
            or_(
                Offering.name.ilike(pattern, escape="\\"),
                Offering.tagline.ilike(pattern, escape="\\"),
                Issuer.legal_name.ilike(pattern, escape="\\"),
                Offering.disclosure["story"].astext.ilike(pattern, escape="\\")
                & Offering.regime.not_in(stories_hidden),
            )
        )
    if after is not None:
        query = query.where(
            or_(
                Offering.deadline_at > after[0],
                (Offering.deadline_at == after[0]) & (Offering.id > after[1]),
            )
        )
    rows = session.execute(query.order_by(Offering.deadline_at, Offering.id).limit(limit))
    return [(found, issuer) for found, issuer in rows]


def _escaped(word: str) -> str:
    """So that % and _ are looked for, not obeyed."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def of_member(session: Session, user_id: int) -> Sequence[tuple[Offering, Issuer]]:
    """The offerings of every company that this person acts for, newest first."""
    rows = session.execute(
        select(Offering, Issuer)
        .join(Issuer, Issuer.id == Offering.issuer_id)
        .join(IssuerMember, IssuerMember.issuer_id == Issuer.id)
        .where(IssuerMember.user_id == user_id)
        .order_by(Offering.id.desc())
    )
    return [(found, issuer) for found, issuer in rows]


def of_issuer(session: Session, issuer_id: int) -> list[Offering]:
    """Every offering of a company, newest first."""
    return list(session.scalars(select(Offering).where(Offering.issuer_id == issuer_id).order_by(Offering.id.desc())))


def progress(session: Session, offering_id: int) -> OfferingProgress:
    return session.get_one(OfferingProgress, offering_id)


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all offerings in one currency, in minor units: what is held, and what went to companies for shares."""

    currency: str
    held_minor: int
    settled_minor: int


def sums(session: Session) -> list[Sums]:
    """The public counters of all offerings together, the largest first."""
    held, settled = func.sum(OfferingProgress.held_minor), func.sum(OfferingProgress.settled_minor)
    rows = session.execute(
        select(Offering.currency, held, settled)
        .join(OfferingProgress, OfferingProgress.offering_id == Offering.id)
        .group_by(Offering.currency)
        .having(held + settled > 0)
        .order_by((held + settled).desc())
    )
    return [Sums(currency, int(is_held), int(is_settled)) for currency, is_held, is_settled in rows]


def due_to_close(session: Session, now: datetime) -> list[int]:
    """Ids of live offerings whose deadline has come."""
    return list(
        session.scalars(
            select(Offering.id)
            .where(Offering.status == LIVE, Offering.deadline_at <= now)
            .order_by(Offering.deadline_at)
        )
    )


def in_closing(session: Session) -> list[Offering]:
    return list(session.scalars(select(Offering).where(Offering.status == CLOSING).order_by(Offering.id)))


def failed(session: Session) -> list[int]:
    """Ids of offerings whose investors are still being refunded."""
    return list(session.scalars(select(Offering.id).where(Offering.status == FAILED).order_by(Offering.id)))


def documents(session: Session, offering_id: int) -> list[OfferingDocument]:
    """The newest version of each document."""
    newest = (
        select(OfferingDocument.title, func.max(OfferingDocument.version).label("version"))
        .where(OfferingDocument.offering_id == offering_id)
        .group_by(OfferingDocument.title)
        .subquery()
    )
    return list(
        session.scalars(
            select(OfferingDocument)
            .join(newest, (newest.c.title == OfferingDocument.title) & (newest.c.version == OfferingDocument.version))
            .where(OfferingDocument.offering_id == offering_id)
            .order_by(OfferingDocument.id)
        )
    )


def document(session: Session, offering_id: int, document_id: int) -> OfferingDocument:
    """Raises NotFound, also for a document of another offering."""
    found = session.get(OfferingDocument, document_id)
    if found is None or found.offering_id != offering_id:
        raise NotFound
    return found


def opened_by(session: Session, user_id: int, offering_id: int) -> set[int]:
    """Ids of the documents of this offering, each a version, that somebody has opened."""
    return set(
        session.scalars(
            select(DocumentOpening.document_id)
            .join(OfferingDocument, OfferingDocument.id == DocumentOpening.document_id)
            .where(DocumentOpening.user_id == user_id, OfferingDocument.offering_id == offering_id)
        )
    )


def filings_of(session: Session, offering_id: int) -> list[Filing]:
    """Everything that was filed about the offering, the newest first."""
    return list(session.scalars(select(Filing).where(Filing.offering_id == offering_id).order_by(Filing.id.desc())))


def filing_of(session: Session, offering_id: int) -> Filing | None:
    """The filing that the offering was made from."""
    made_from = (Filing.offering_id == offering_id) & Filing.form.in_(OPENING)
    return session.scalars(select(Filing).where(made_from).order_by(Filing.id)).first()


def filing_by_hash(session: Session, sha256: str) -> Filing | None:
    return session.scalars(select(Filing).where(Filing.sha256 == sha256)).one_or_none()


def meant_by(session: Session, issuer_id: int, regime: str, file_number: str | None, *, filed: bool) -> list[Offering]:
    """The issuer's offerings that a filing with this number may mean, the newest first.

    `filed` leaves out those that came by no filing. The SEC gives the number only after the first filing: one without
    it may mean any offering, and one with it an offering whose filings have none yet.
    """
    numbers: dict[int | None, set[str]] = {}
    for offering_id, number in session.execute(
        select(Filing.offering_id, Filing.file_number)
        .join(Offering, Offering.id == Filing.offering_id)
        .where(Offering.issuer_id == issuer_id, Filing.form.in_(OPENING))
    ):
        numbers.setdefault(offering_id, set()).update({number} if number else ())
    found = session.scalars(
        select(Offering).where(Offering.issuer_id == issuer_id, Offering.regime == regime).order_by(Offering.id.desc())
    ).all()
    named = [one for one in found if file_number in numbers.get(one.id, ())]
    return named or [
        one for one in found if (one.id in numbers or not filed) and (file_number is None or not numbers.get(one.id))
    ]


def raising_of(session: Session, issuer_id: int) -> Offering | None:
    """An offering of this issuer that was handed in and has not ended: officers and investors go by what it says."""
    return session.scalars(
        select(Offering).where(Offering.issuer_id == issuer_id, Offering.status.in_(RAISING)).order_by(Offering.id)
    ).first()


def raised_besides(session: Session, offering: Offering) -> Sequence[Offering]:
    """The issuer's other offerings under the same regime that have sold or may still sell."""
    return list(
        session.scalars(
            select(Offering)
            .where(
                Offering.issuer_id == offering.issuer_id,
                Offering.regime == offering.regime,
                Offering.id != offering.id,
                Offering.status.in_((*RAISING, SETTLED)),
            )
            .order_by(Offering.id)
        )
    )
