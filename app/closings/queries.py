"""What may be asked about closings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.actor import Role
from app.alerts import queries as alerts
from app.alerts.models import SubjectType
from app.changes.lifecycle import AWAITED
from app.changes.models import Answer
from app.closings.lifecycle import (
    ABORTED,
    DONE,
    GATHERING,
    HOLDBACK_PROPOSED,
    NOT_RELEASED,
    PROPOSED,
    WAITING_FOR_OFFICERS,
)
from app.closings.models import AllotmentChoice, Closing, ClosingApproval, ClosingLine
from app.database import AT_ONCE, Transaction
from app.errors import NotFound, Refused
from app.identity import queries as identity
from app.identity.models import RoleGrant, User
from app.investors.models import Investor
from app.ledger import queries as books
from app.ledger.chart import Code
from app.money import Money
from app.offerings.models import Offering
from app.payments.models import Instruction
from app.payments.port import OpKind
from app.pledges import refunds
from app.pledges.lifecycle import ALLOTTED, HELD, SETTLED
from app.pledges.models import Pledge
from app.pledges.queries import PLAIN, PlainPledge
from app.reconciliation import queries as reconciliation
from app.screening import queries as screening

#: Two people, neither of whom began it.
APPROVALS_NEEDED = 2


def closing(session: Session, closing_id: int) -> Closing:
    return session.get_one(Closing, closing_id)


def lock(tx: Transaction, closing_id: int) -> Closing:
    """Take one closing, read anew. Locks: closing, after its offering."""
    return tx.session.scalars(
        select(Closing).where(Closing.id == closing_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def by_ref(session: Session, ref: str) -> Closing:
    """Raises NotFound."""
    found = session.scalars(select(Closing).where(Closing.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def of_offering(session: Session, offering_id: int) -> list[Closing]:
    """Every closing of an offering, newest first."""
    return list(session.scalars(select(Closing).where(Closing.offering_id == offering_id).order_by(Closing.seq.desc())))


def closed(session: Session, offering: Offering) -> Money:
    """What the released closings of an offering closed, paid out or not."""
    released = select(func.coalesce(func.sum(Closing.total_minor), 0)).where(
        Closing.offering_id == offering.id, Closing.status.not_in(NOT_RELEASED)
    )
    return Money(int(session.execute(released).scalar_one()), offering.currency)


def held_back_until(offering: Offering, closing: Closing) -> datetime | None:
    """When the days are over for which a part was kept back from the company; None: nothing is, or the shares are not given."""
    if not closing.holdback_minor or closing.holdback_released_at or closing.settled_at is None:
        return None
    return closing.settled_at + timedelta(days=offering.holdback_days)


def holdback_left(session: Session, closing: Closing) -> Money:
    """What is left of what a closing kept back. Losses of its offering are taken from the oldest holdback first, so that what
    is left of all of them is what the books still hold back.
    """
    later = session.execute(
        select(func.coalesce(func.sum(Closing.holdback_minor), 0)).where(
            Closing.offering_id == closing.offering_id, Closing.seq > closing.seq,
            Closing.status.not_in(NOT_RELEASED), Closing.holdback_released_at.is_(None),
        )
    ).scalar_one()  # fmt: skip
    kept = books.balance(session, Code.ISSUER_HOLDBACK, closing.currency, offering_id=closing.offering_id) - int(later)
    is_kept = closing.status not in NOT_RELEASED and closing.holdback_released_at is None
    return Money(min(closing.holdback_minor, max(kept, 0)) if is_kept else 0, closing.currency)


def holdbacks_due(session: Session, now: datetime) -> list[tuple[Closing, str, datetime]]:
    """Closings whose holdback may be paid out by now: each with its offering's name and since when."""
    return [found for found in _holdbacks_over(session, now) if holdback_left(session, found[0])]


def holdbacks_to_tell(session: Session, now: datetime) -> list[int]:
    """Closings whose holdback is over, used up or not, and whose company was not told so."""
    return [closing.id for closing, _, _ in _holdbacks_over(session, now, Closing.holdback_told_at.is_(None))]


def _holdbacks_over(
    session: Session, now: datetime, *which: ColumnElement[bool]
) -> list[tuple[Closing, str, datetime]]:
    rows = session.execute(
        select(Closing, Offering)
        .join(Offering, Offering.id == Closing.offering_id)
        .where(Closing.status == DONE, Closing.holdback_minor > 0, Closing.holdback_released_at.is_(None), *which)
        .order_by(Closing.id)
    )
    due = ((closing, offering.name, held_back_until(offering, closing)) for closing, offering in rows)
    return [(closing, name, until) for closing, name, until in due if until is not None and until <= now]


def announced(session: Session, offering_id: int) -> Closing | None:
    """The rolling closing of an offering that is to take place and is not released."""
    return session.scalars(
        select(Closing).where(
            Closing.offering_id == offering_id, Closing.is_rolling, Closing.status.in_((GATHERING, PROPOSED))
        )
    ).one_or_none()


def is_closed_in_part(session: Session, offering_id: int) -> bool:
    """Whether something of an offering was released, so that it cannot fail any more."""
    released = select(Closing.id).where(Closing.offering_id == offering_id, Closing.status.not_in(NOT_RELEASED))
    return session.scalars(released.limit(1)).first() is not None


def unsettled(session: Session, offering_id: int) -> bool:
    """Whether the shares of a closing of this offering are not given yet."""
    waiting = select(Closing.id).where(
        Closing.offering_id == offering_id, Closing.settled_at.is_(None), Closing.status != ABORTED
    )
    return session.scalars(waiting.limit(1)).first() is not None


def unfinished(session: Session) -> list[Closing]:
    """Closings that somebody or something still has to act on."""
    return list(session.scalars(select(Closing).where(Closing.status.not_in((DONE, ABORTED))).order_by(Closing.id)))


def to_propose(session: Session) -> list[int]:
    """Those that gather their money, and those that wait for officers and have lost a pledge since."""
    waiting = select(Closing).where(Closing.status.in_((GATHERING, PROPOSED))).order_by(Closing.id)
    return [one.id for one in session.scalars(waiting) if one.status == GATHERING or has_lost_a_pledge(session, one)]


def has_lost_a_pledge(session: Session, closing: Closing) -> bool:
    """Whether a bank has taken back, or disputes, money of a closing that was put to the officers with it; or, in an
    offering that goes on, whether an investor in it was asked about a change since, or may cancel anew after one.
    """
    if closing.status != PROPOSED:
        return False
    disputed = refunds.disputed_in(session, closing.offering_id)
    lost = select(ClosingLine.pledge_id).join(Pledge, Pledge.id == ClosingLine.pledge_id)
    asked = select(Answer.id).where(Answer.pledge_id == Pledge.id, Answer.status == AWAITED).exists()
    may_leave = Pledge.cancel_until >= func.platform_now()
    gone = (Pledge.status != HELD) | Pledge.id.in_(disputed) | asked | may_leave
    return session.scalars(lost.where(ClosingLine.closing_id == closing.id, gone).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Line:
    """A closing's line as plain values; there may be very many."""

    pledge_id: int
    holder_name: str
    shares: int
    amount_minor: int
    fee_share_minor: int
    investor_fee_minor: int


_LINE = [getattr(ClosingLine, one.name) for one in fields(Line)]


def lines(session: Session, closing_id: int) -> list[Line]:
    """First come first."""
    rows = session.execute(select(*_LINE).where(ClosingLine.closing_id == closing_id).order_by(ClosingLine.pledge_id))
    return [Line(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Sum:
    """All lines of a closing together."""

    lines: int
    shares: int
    from_related_minor: int


def sum_of_lines(session: Session, closing_id: int) -> Sum:
    related = func.sum(ClosingLine.amount_minor).filter(Pledge.related_as.is_not(None))
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(ClosingLine.shares), 0), func.coalesce(related, 0))
        .join(Pledge, Pledge.id == ClosingLine.pledge_id)
        .where(ClosingLine.closing_id == closing_id)
    ).one()
    return Sum(row[0], int(row[1]), int(row[2]))


@dataclass(frozen=True, slots=True)
class Reversible:
    """What payers' banks may still take back of a closing, and the last instant at which they may."""

    minor: int
    until: datetime


def reversible(session: Session, closing_id: int, now: datetime) -> Reversible | None:
    """None: nothing of it any more."""
    until = Instruction.paid_at + Instruction.reversible_for
    minor, last = session.execute(
        select(func.sum(ClosingLine.amount_minor), func.max(until))
        .join(Instruction, Instruction.pledge_id == ClosingLine.pledge_id)
        .where(ClosingLine.closing_id == closing_id, Instruction.kind == OpKind.COLLECT, until > now)
    ).one()
    return None if last is None else Reversible(int(minor), last)


def page_of_lines(session: Session, closing_id: int, offset: int, limit: int) -> list[tuple[ClosingLine, Pledge]]:
    """Some lines with their pledges, first come first."""
    rows = session.execute(
        select(ClosingLine, Pledge)
        .join(Pledge, Pledge.id == ClosingLine.pledge_id)
        .where(ClosingLine.closing_id == closing_id)
        .order_by(ClosingLine.pledge_id)
        .offset(offset)
        .limit(limit)
    )
    return [(line, pledge) for line, pledge in rows]


def next_lines(session: Session, closing_id: int) -> list[tuple[Line, PlainPledge]]:
    """The first lines whose pledges are allotted and not settled, as many as are written at once, each with its pledge."""
    rows = session.execute(
        select(*_LINE, *PLAIN)
        .join(Pledge, Pledge.id == ClosingLine.pledge_id)
        .join(Investor, Investor.id == Pledge.investor_id)
        .where(ClosingLine.closing_id == closing_id, Pledge.status == ALLOTTED)
        .order_by(ClosingLine.pledge_id)
        .limit(AT_ONCE)
    )
    return [(Line(*row[: len(_LINE)]), PlainPledge(*row[len(_LINE) :])) for row in rows]


def room(session: Session, offering: Offering, closing: Closing) -> int:
    """How many shares a closing may allot: the maximum, less what other closings of the offering allotted."""
    assert offering.progress is not None  # a public offering has one
    others = select(func.coalesce(func.sum(ClosingLine.shares), 0)).join(Closing, Closing.id == ClosingLine.closing_id)
    allotted = others.where(
        Closing.offering_id == offering.id, Closing.id != closing.id, Closing.status.not_in(NOT_RELEASED)
    )
    return offering.progress.maximum_shares - int(session.scalars(allotted).one())


def chosen(session: Session, closing_id: int) -> dict[int, int]:
    """pledge -> the shares that the issuer chose to give it; empty: no choice was made."""
    rows = session.execute(
        select(AllotmentChoice.pledge_id, AllotmentChoice.shares).where(AllotmentChoice.closing_id == closing_id)
    )
    return {row.pledge_id: row.shares for row in rows}


def holder_names(session: Session, offering_id: int) -> dict[int, str]:
    """pledge -> the name that its investor has now, for every pledge that a closing may use."""
    rows = session.execute(
        select(Pledge.id, Investor.legal_name)
        .join(Investor, Investor.id == Pledge.investor_id)
        .where(Pledge.offering_id == offering_id, Pledge.status == HELD)
    )
    return {row.id: row.legal_name for row in rows}


def require_nothing_in_the_way(session: Session, offering: Offering, closing: Closing) -> None:
    """Raises Refused: "somebody_on_hold", "clients_money_short" (nothing is released while the platform owes to it), for what
    is held back "holdback_disputed".
    """
    if closing.status == HOLDBACK_PROPOSED:
        require_no_complaint(session, offering)
    if _somebody_on_hold(session, closing):
        raise Refused("somebody_on_hold")
    if short := reconciliation.shortfalls(session, offering.id, closing.currency):
        raise Refused("clients_money_short", short=Money(sum(one.amount_minor for one in short), closing.currency))


def require_no_complaint(session: Session, offering: Offering) -> None:
    """What a complaint costs in the end is taken from what is held back, which cannot be taken back from the company.

    Raises Refused("holdback_disputed"): a bank looks into one about a payment that became shares.
    """
    disputed = refunds.disputed_in(session, offering.id)
    sold = select(Pledge.id).where(Pledge.id.in_(disputed), Pledge.status.in_((ALLOTTED, SETTLED)))
    if session.scalars(sold.limit(1)).first() is not None:
        raise Refused("holdback_disputed")


def _somebody_on_hold(session: Session, closing: Closing) -> bool:
    """Whether the company or one of its people is on hold, or an investor of this closing who has no shares of it yet."""
    investors = select(Pledge.investor_id).join(ClosingLine, ClosingLine.pledge_id == Pledge.id)
    among = set(session.scalars(investors.where(ClosingLine.closing_id == closing.id)))
    if closing.settled_at is None and alerts.held(session, SubjectType.INVESTOR, among):
        return True
    offering = session.get_one(Offering, closing.offering_id)
    return screening.company_on_hold(session, offering.issuer_id)


def approvals(session: Session, closing: Closing) -> list[ClosingApproval]:
    """Those of the snapshot as it is now. While it waits for officers, only those of who is an officer to this day."""
    found = session.scalars(
        select(ClosingApproval)
        .where(ClosingApproval.closing_id == closing.id, ClosingApproval.snapshot_hash == closing.snapshot_hash)
        .order_by(ClosingApproval.approved_at)
    ).all()
    if closing.status not in WAITING_FOR_OFFICERS:
        return list(found)
    officers = {person.id for person in identity.with_role(session, Role.COMPLIANCE_OFFICER)}
    return [approval for approval in found if approval.user_id in officers]


def waiting_for_officers(session: Session) -> list[tuple[Closing, str, int]]:
    """Closings that officers must look at: each with its offering's name and how many approvals count."""
    rows = session.execute(
        select(Closing, Offering.name, func.count(RoleGrant.user_id))
        .join(Offering, Offering.id == Closing.offering_id)
        .outerjoin(
            ClosingApproval,
            (ClosingApproval.closing_id == Closing.id) & (ClosingApproval.snapshot_hash == Closing.snapshot_hash),
        )
        .outerjoin(User, (User.id == ClosingApproval.user_id) & User.suspended_at.is_(None))
        .outerjoin(RoleGrant, (RoleGrant.user_id == User.id) & (RoleGrant.role == Role.COMPLIANCE_OFFICER))
        .where(Closing.status.in_(WAITING_FOR_OFFICERS))
        .group_by(Closing.id, Offering.name)
        .order_by(Closing.id)
    )
    return [(closing, name, approvals) for closing, name, approvals in rows]


def approved_by(session: Session, user_id: int) -> set[int]:
    """The closings whose present snapshot this person approved."""
    return set(
        session.scalars(
            select(Closing.id)
            .join(ClosingApproval, ClosingApproval.closing_id == Closing.id)
            .where(ClosingApproval.user_id == user_id, ClosingApproval.snapshot_hash == Closing.snapshot_hash)
        )
    )
