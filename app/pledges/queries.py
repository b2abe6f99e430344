"""What may be asked about pledges."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.cash.models import BankAccount
from app.database import AT_ONCE
from app.decisions.models import Decision
from app.errors import NotFound
from app.investors import queries as investors
from app.investors.models import Investor
from app.ledger import queries as books
from app.limit_statements import queries as limit_statements
from app.money import Money
from app.offerings.lifecycle import LIVE as OPEN
from app.offerings.models import Offering
from app.payments.lifecycle import CANCELLED as CANCELLED_PAYMENT
from app.payments.lifecycle import FAILED, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import OpKind
from app.pledges.lifecycle import (
    ALLOTTED,
    AUTHORISED,
    CANCELLING,
    HELD,
    IN_REVIEW,
    LIVE,
    REFUND_DUE,
    RESERVED,
    SETTLED,
    TAKING,
    UNPAID,
)
from app.pledges.models import Pledge, StopReason
from app.regimes.profile import EarlierPledge
from app.regimes.regime import Regime


def pledge(session: Session, pledge_id: int) -> Pledge:
    return session.get_one(Pledge, pledge_id)


def titles(session: Session, pledge_ids: Collection[int]) -> Mapping[int, str]:
    """pledge -> its reference and its offering, as one line."""
    rows = session.execute(
        select(Pledge.id, Pledge.ref, Offering.name)
        .join(Offering, Offering.id == Pledge.offering_id)
        .where(Pledge.id.in_(pledge_ids))
    )
    return {row.id: f"{row.ref} · {row.name}" for row in rows}


def titled_like(words: str) -> Select[int]:
    """The ids of pledges whose offering's name or own reference has these words, as part of a larger question."""
    return (
        select(Pledge.id)
        .join(Offering, Offering.id == Pledge.offering_id)
        .where(or_(Offering.name.icontains(words, autoescape=True), Pledge.ref == words.upper()))
    )


def by_ref(session: Session, ref: str) -> Pledge:
    """Raises NotFound."""
    found = session.scalars(select(Pledge).where(Pledge.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def by_form_key(session: Session, form_key: uuid.UUID) -> Pledge | None:
    return session.scalars(select(Pledge).where(Pledge.form_key == form_key)).one_or_none()


def refs_of_decisions(session: Session, decision_ids: Sequence[int]) -> dict[int, str]:
    """The pledges that were placed on these decisions; a refused wish made none."""
    rows = session.execute(select(Pledge.decision_id, Pledge.ref).where(Pledge.decision_id.in_(decision_ids)))
    return {row.decision_id: row.ref for row in rows}


def history(
    session: Session, investor_id: int, regime: Regime, now: datetime, *, selling: Pledge | None = None
) -> list[EarlierPledge]:
    """The purchases under this regime that use the investor's limit: pledges that take a place or were settled.

    Of a pledge that is about to be sold, only those that came before it: whoever came later has to fit in beside it.
    A spouse's are among them, marked as theirs. What was bought jointly before a link ended stays one's own for as long
    as the law looks back: a limit is not doubled by ending a link. Source: Instruction 2 to 17 CFR 227.100(a)(2).

    What statements of other installations name is among them, too. It comes beside the sum that the investor declared to
    have bought elsewhere: which of it a statement names we cannot know, and who counts too much can be put right by new
    figures, who counts too little has sold what the law forbids. Source: 17 CFR 227.303(b)(1).
    """
    before = None if selling is None else regime.pack.day_of(selling.placed_at)
    earlier = [] if selling is None else [or_(Pledge.id < selling.id, Pledge.status.in_((ALLOTTED, SETTLED)))]
    found = _taking(session, investor_id, regime, now, *earlier)
    found += limit_statements.purchases(session, investor_id, regime, before=before)
    past, present = investors.past_and_present_links(session, investor_id)
    spouse = None if present is None else investors.spouse_of(present, investor_id)
    for link in past:
        if investors.spouse_of(link, investor_id) == spouse:
            continue  # linked anew: everything of theirs is below
        assert link.linked_at is not None and link.ended_at is not None
        found += _taking(
            session, investors.spouse_of(link, investor_id), regime, now, *earlier,
            Pledge.placed_at.between(link.linked_at, link.ended_at),
            Decision.facts["investor"]["joint_with_spouse"].as_boolean().is_(True),
        )  # fmt: skip
    if spouse is not None:
        found += _taking(session, spouse, regime, now, *earlier, owner="spouse")
        found += limit_statements.purchases(session, spouse, regime, before=before, owner="spouse")
    return sorted(found, key=lambda one: one.on)


def _taking(
    session: Session, investor_id: int, regime: Regime, now: datetime, *only: ColumnElement[bool], owner: str | None = None
) -> list[EarlierPledge]:  # fmt: skip
    rows = session.execute(
        select(Pledge.placed_at, Pledge.amount_minor, Pledge.currency, Pledge.status, Offering.issuer_id, Offering.ref)
        .join(Offering, Offering.id == Pledge.offering_id)
        .join(Decision, Decision.id == Pledge.decision_id)
        .where(
            Pledge.investor_id == investor_id,
            Pledge.status.in_(TAKING),
            Offering.regime == regime.pack.id,
            *only,
        )
        .order_by(Pledge.placed_at)
    )
    # What is stored was decided before what is decided now, even if it began after midnight and this before.
    return [
        EarlierPledge(
            regime.pack.day_of(min(placed_at, now)),
            Money(minor, currency),
            str(issuer_id),
            status == SETTLED,
            offering,
            owner,
        )
        for placed_at, minor, currency, status, issuer_id, offering in rows
    ]


def of_investor(session: Session, investor_id: int) -> Sequence[tuple[Pledge, Offering]]:
    """The investor's pledges with their offerings, newest first."""
    rows = session.execute(
        select(Pledge, Offering)
        .join(Offering, Offering.id == Pledge.offering_id)
        .where(Pledge.investor_id == investor_id)
        .order_by(Pledge.id.desc())
    )
    return [(found, offering) for found, offering in rows]


def of_offering(session: Session, offering_id: int, limit: int) -> list[Pledge]:
    """The latest pledges of an offering."""
    return list(
        session.scalars(select(Pledge).where(Pledge.offering_id == offering_id).order_by(Pledge.id.desc()).limit(limit))
    )


def by_status(session: Session, offering_id: int) -> dict[str, tuple[int, int]]:
    """status -> (how many, minor units)."""
    rows = session.execute(
        select(Pledge.status, func.count(), func.sum(Pledge.amount_minor))
        .where(Pledge.offering_id == offering_id)
        .group_by(Pledge.status)
        .order_by(Pledge.status)
    )
    return {status: (number, int(minor)) for status, number, minor in rows}


def from_related(session: Session, offering_id: int, *, statuses: Sequence[str] = (HELD, ALLOTTED, SETTLED)) -> int:
    """What related parties of the company brought, in minor units: held or settled, counted apart."""
    return int(
        session.scalars(
            select(func.coalesce(func.sum(Pledge.amount_minor), 0)).where(
                Pledge.offering_id == offering_id, Pledge.status.in_(statuses), Pledge.related_as.is_not(None)
            )
        ).one()
    )


def investors_in(session: Session, offering_id: int) -> int:
    """How many people have money held or settled in an offering: each counted once."""
    return session.scalars(
        select(func.count(Pledge.investor_id.distinct())).where(
            Pledge.offering_id == offering_id, Pledge.status.in_((HELD, ALLOTTED, SETTLED))
        )
    ).one()


def people_in(session: Session, offering_id: int) -> int:
    """How many people take a place in an offering, paid or not: each counted once."""
    return session.scalars(
        select(func.count(Pledge.investor_id.distinct())).where(
            Pledge.offering_id == offering_id, Pledge.status.in_(TAKING)
        )
    ).one()


def is_in(session: Session, offering_id: int, investor_id: int) -> bool:
    """Whether an investor takes a place in an offering, paid or not."""
    return session.scalars(
        select(
            exists().where(
                Pledge.offering_id == offering_id, Pledge.investor_id == investor_id, Pledge.status.in_(TAKING)
            )
        )
    ).one()


def is_sold_in_part(session: Session, offering_id: int) -> bool:
    """Whether a closing of this offering was released, or a rolling one announced, that gives shares for a pledge."""
    announced = (Pledge.status == HELD) & Pledge.closes_at.is_not(None)
    sold = Pledge.status.in_((ALLOTTED, SETTLED)) | announced
    return session.scalars(select(exists().where(Pledge.offering_id == offering_id, sold))).one()


def live(session: Session, offering_id: int) -> list[int]:
    """Ids of pledges that may still become shares; what its investor is leaving cannot."""
    leaving = (Pledge.status == CANCELLING) & Pledge.stop_reason.in_((StopReason.INVESTOR, StopReason.NOT_RECONFIRMED))
    return list(
        session.scalars(
            select(Pledge.id)
            .where(Pledge.offering_id == offering_id, Pledge.status.in_(LIVE), ~leaving)
            .order_by(Pledge.id)
        )
    )


def decided_by(session: Session, pledge_ids: Collection[int]) -> dict[int, list[str]]:
    """pledge -> every law that was asked about it: the one that binds, and those beside it."""
    rows = session.execute(
        select(Pledge.id, Decision.regime)
        .join(Decision, (Decision.id == Pledge.decision_id) | (Decision.beside_id == Pledge.decision_id))
        .where(Pledge.id == func.any(list(pledge_ids)))
    )
    found: dict[int, list[str]] = {pledge_id: [] for pledge_id in pledge_ids}
    for pledge_id, regime in rows:
        found[pledge_id].append(regime)
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """As much of a held pledge as its closing is drawn up from; there may be very many."""

    id: int
    shares: int
    amount_minor: int
    fee_minor: int
    related_as: str | None
    cancel_until: datetime | None
    clears_at: datetime | None


def _usable(offering_id: int, rolling: bool) -> Sequence[ColumnElement[bool]]:
    """A rolling closing may use only what its investors were told of."""
    held = (Pledge.offering_id == offering_id, Pledge.status == HELD)
    return (*held, Pledge.closes_at.is_not(None)) if rolling else held


def held(session: Session, offering_id: int, *, rolling: bool = False) -> list[Held]:
    """What a closing, or a rolling one, may use, first come first."""
    rows = session.execute(
        select(
            Pledge.id, Pledge.shares, Pledge.amount_minor, Pledge.fee_minor, Pledge.related_as, Pledge.cancel_until,
            Pledge.clears_at,
        ).where(*_usable(offering_id, rolling)).order_by(Pledge.id)
    )  # fmt: skip
    return [Held(*row) for row in rows]


def not_asked_at_sale(session: Session, offering_id: int, limit: int, *, rolling: bool = False) -> list[int]:
    """Ids of held pledges, of those that a closing may use, about which the law was not asked again yet."""
    return list(
        session.scalars(
            select(Pledge.id)
            .where(*_usable(offering_id, rolling), Pledge.sale_decision_id.is_(None))
            .order_by(Pledge.id)
            .limit(limit)
        )
    )


@dataclass(frozen=True, slots=True)
class PlainPledge:
    """As much of a pledge as is written about very many at once, and whom it is told to."""

    id: int
    ref: str
    investor_id: int
    shares: int
    amount_minor: int
    fee_minor: int
    currency: str
    wished_shares: int | None
    stop_reason: str | None
    funding_refused: bool
    cancel_until: datetime | None
    charge_at: datetime | None
    pay_until: datetime | None
    clears_at: datetime | None
    user_id: int

    @property
    def to_pay(self) -> Money:
        return Money(self.amount_minor + self.fee_minor, self.currency)


#: What a `PlainPledge` is made of, joined to its investor.
PLAIN = [getattr(Investor if one.name == "user_id" else Pledge, one.name) for one in fields(PlainPledge)]


def next_held(session: Session, offering_id: int) -> list[PlainPledge]:
    """The first held pledges, as many as are written at once."""
    rows = session.execute(
        select(*PLAIN)
        .join(Investor, Investor.id == Pledge.investor_id)
        .where(Pledge.offering_id == offering_id, Pledge.status == HELD)
        .order_by(Pledge.id)
        .limit(AT_ONCE)
    )
    return [PlainPledge(*row) for row in rows]


def unpaid(session: Session, offering_id: int) -> list[int]:
    """Ids of pledges whose money has not arrived and may still."""
    return list(
        session.scalars(
            select(Pledge.id)
            .where(Pledge.offering_id == offering_id, Pledge.status.in_((*UNPAID, IN_REVIEW)))
            .order_by(Pledge.id)
        )
    )


def unfinished(session: Session, offering_id: int) -> int:
    """How many pledges of a failed offering still have money coming in or going back."""
    return session.scalars(
        select(func.count()).where(
            Pledge.offering_id == offering_id, Pledge.status.in_((*UNPAID, IN_REVIEW, HELD, REFUND_DUE))
        )
    ).one()


def overdue(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of pledges that kept their place unpaid for too long."""
    return list(
        session.scalars(
            select(Pledge.id).where(Pledge.status == RESERVED, Pledge.pay_until < now).order_by(Pledge.id).limit(limit)
        )
    )


def to_charge(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of promised pledges whose kept way to pay is to be charged by now."""
    due = select(Pledge.id).where(Pledge.status == AUTHORISED, Pledge.charge_at <= now)
    return list(session.scalars(due.order_by(Pledge.charge_at, Pledge.id).limit(limit)))


def returned_by(session: Session, refundable_until: datetime, limit: int) -> list[int]:
    """Ids of held pledges of open offerings whose money can be given back only until then."""
    due = select(Pledge.id).join(Offering, Offering.id == Pledge.offering_id)
    soon = Offering.status == OPEN, Pledge.status == HELD, Pledge.refundable_until <= refundable_until
    return list(session.scalars(due.where(*soon).order_by(Pledge.refundable_until, Pledge.id).limit(limit)))


def not_given_back(session: Session) -> list[int]:
    """Pledges that are owed money whose refund failed or came back, and whose investor has a bank account with us; also of
    what a closing did not allot.
    """
    tried, under_way = aliased(Instruction), aliased(Instruction)
    back = (OpKind.REFUND, OpKind.PAY_BACK)
    is_tried = select(tried.id).where(
        tried.pledge_id == Pledge.id, tried.kind.in_(back), tried.status.in_((SUCCEEDED, FAILED))
    )
    is_under_way = select(under_way.id).where(
        under_way.pledge_id == Pledge.id, under_way.kind.in_(back),
        under_way.status.not_in((SUCCEEDED, FAILED, CANCELLED_PAYMENT)),
    )  # fmt: skip
    owed = (
        select(Pledge.id)
        .where(Pledge.id.in_(books.pledges_owed()), is_tried.exists(), ~is_under_way.exists())
        .where(select(BankAccount.id).where(BankAccount.investor_id == Pledge.investor_id).exists())
    )
    return list(session.scalars(owed.order_by(Pledge.id)))
