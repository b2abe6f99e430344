"""What may be asked about closings."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actor import Role
from app.alerts import queries as alerts
from app.alerts.models import SubjectType
from app.closings.lifecycle import ABORTED, DONE, GATHERING, PROPOSED, WAITING_FOR_OFFICERS
from app.closings.models import AllotmentChoice, Closing, ClosingApproval, ClosingLine
from app.database import AT_ONCE
from app.errors import NotFound, Refused
from app.identity import queries as identity
from app.identity.models import RoleGrant, User
from app.investors.models import Investor
from app.money import Money
from app.offerings.models import Offering
from app.pledges import refunds
from app.pledges.lifecycle import ALLOTTED, HELD
from app.pledges.models import Pledge
from app.pledges.queries import PLAIN, PlainPledge
from app.reconciliation import queries as reconciliation
from app.screening import queries as screening

#: Two people, neither of whom began it.
APPROVALS_NEEDED = 2


def closing(session: Session, closing_id: int) -> Closing:
    return session.get_one(Closing, closing_id)


def by_ref(session: Session, ref: str) -> Closing:
    """Raises NotFound."""
    found = session.scalars(select(Closing).where(Closing.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def of_offering(session: Session, offering_id: int) -> list[Closing]:
    """Every closing of an offering, newest first."""
    return list(session.scalars(select(Closing).where(Closing.offering_id == offering_id).order_by(Closing.seq.desc())))


def closed_before(session: Session, closing: Closing) -> Money:
    """What earlier closings of the same offering closed, released or not paid out yet."""
    earlier = select(func.coalesce(func.sum(Closing.total_minor), 0)).where(
        Closing.offering_id == closing.offering_id, Closing.seq < closing.seq, Closing.status != ABORTED
    )
    return Money(int(session.execute(earlier).scalar_one()), closing.currency)


def unfinished(session: Session) -> list[Closing]:
    """Closings that somebody or something still has to act on."""
    return list(session.scalars(select(Closing).where(Closing.status.not_in((DONE, ABORTED))).order_by(Closing.id)))


def to_propose(session: Session) -> list[int]:
    """Those that gather their money, and those that wait for officers and have lost a pledge since."""
    waiting = select(Closing).where(Closing.status.in_((GATHERING, PROPOSED))).order_by(Closing.id)
    return [one.id for one in session.scalars(waiting) if one.status == GATHERING or has_lost_a_pledge(session, one)]


def has_lost_a_pledge(session: Session, closing: Closing) -> bool:
    """Whether a bank has taken back, or disputes, money of a closing that was put to the officers with it."""
    if closing.status != PROPOSED:
        return False
    disputed = refunds.disputed_in(session, closing.offering_id)
    lost = select(ClosingLine.pledge_id).join(Pledge, Pledge.id == ClosingLine.pledge_id)
    gone = (Pledge.status != HELD) | Pledge.id.in_(disputed)
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
        Closing.offering_id == offering.id, Closing.id != closing.id, Closing.status.not_in((GATHERING, ABORTED))
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
    """Raises Refused: "somebody_on_hold", "clients_money_short" (nothing is released while the platform owes to it)."""
    if _somebody_on_hold(session, closing):
        raise Refused("somebody_on_hold")
    if short := reconciliation.shortfalls(session, offering.id, closing.currency):
        raise Refused("clients_money_short", short=Money(sum(one.amount_minor for one in short), closing.currency))


def _somebody_on_hold(session: Session, closing: Closing) -> bool:
    """Whether the company, one of its people, or an investor of this closing is on hold."""
    investors = select(Pledge.investor_id).join(ClosingLine, ClosingLine.pledge_id == Pledge.id)
    among = set(session.scalars(investors.where(ClosingLine.closing_id == closing.id)))
    if alerts.held(session, SubjectType.INVESTOR, among):
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
