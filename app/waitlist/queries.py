"""What may be asked about waitlists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.offerings.lifecycle import LIVE as OPEN
from app.offerings.models import Offering, OfferingProgress
from app.pledges import queries as pledges
from app.waitlist.lifecycle import LIVE, OFFERED, WAITING
from app.waitlist.models import WaitlistEntry


def live_of(session: Session, investor_id: int, offering_id: int) -> WaitlistEntry | None:
    """The place in line that an investor has now, waiting or offered."""
    return session.scalars(
        select(WaitlistEntry).where(
            WaitlistEntry.offering_id == offering_id,
            WaitlistEntry.investor_id == investor_id,
            WaitlistEntry.status.in_(LIVE),
        )
    ).one_or_none()


def latest_of(session: Session, investor_id: int, offering_id: int) -> WaitlistEntry | None:
    """The last place in line that an investor had, whatever became of it."""
    return session.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.offering_id == offering_id, WaitlistEntry.investor_id == investor_id)
        .order_by(WaitlistEntry.id.desc())
        .limit(1)
    ).one_or_none()


def kept_for(session: Session, investor_id: int, offering_id: int, now: datetime) -> int:
    """How many shares of an offering are kept for an investor now."""
    entry = live_of(session, investor_id, offering_id)
    return 0 if entry is None or entry.is_over(now) else entry.offered_shares or 0


def must_wait(session: Session, offering: Offering, investor_id: int, shares: int) -> bool:
    """Whether an open offering has no room now for this wish of this investor: others wait, or shares or a seat lack."""
    assert offering.progress is not None  # a public offering has one
    return (
        offering.progress.waiting > 0
        or shares > offering.progress.left_shares
        or lacks_seat(session, offering, investor_id)
    )


def lacks_seat(session: Session, offering: Offering, investor_id: int) -> bool:
    """Whether the law counts people in an offering, this investor is not among them, and no seat is free."""
    assert offering.progress is not None  # a public offering has one
    seats, kept = offering.progress.seats, offering.progress.kept_seats
    if seats is None or pledges.is_in(session, offering.id, investor_id):
        return False
    return pledges.people_in(session, offering.id) + kept >= seats


def place(session: Session, entry: WaitlistEntry) -> int:
    """How many come before it and are still waiting, and one: the next in line is at place 1."""
    before = select(func.count()).where(
        WaitlistEntry.offering_id == entry.offering_id,
        WaitlistEntry.status == WAITING,
        WaitlistEntry.id < entry.id,
    )
    return session.scalars(before).one() + 1


def of_investor(session: Session, investor_id: int) -> Sequence[tuple[WaitlistEntry, Offering]]:
    """The live places in line of an investor, with their offerings: those with an offer first, by their clock."""
    rows = session.execute(
        select(WaitlistEntry, Offering)
        .join(Offering, Offering.id == WaitlistEntry.offering_id)
        .where(WaitlistEntry.investor_id == investor_id, WaitlistEntry.status.in_(LIVE))
        .order_by(WaitlistEntry.offered_until.nulls_last(), WaitlistEntry.id)
    )
    return [(entry, offering) for entry, offering in rows]


def line(session: Session, offering_id: int, limit: int) -> list[WaitlistEntry]:
    """Who has an offer or waits, in the order of the line."""
    return list(
        session.scalars(
            select(WaitlistEntry)
            .where(WaitlistEntry.offering_id == offering_id, WaitlistEntry.status.in_(LIVE))
            .order_by(WaitlistEntry.id)
            .limit(limit)
        )
    )


def wished(session: Session, offering_id: int) -> tuple[int, int]:
    """(how many wait or were offered room, how many shares they wish for together)."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(WaitlistEntry.shares), 0)).where(
            WaitlistEntry.offering_id == offering_id, WaitlistEntry.status.in_(LIVE)
        )
    ).one()
    return row[0], int(row[1])


def to_serve(session: Session, now: datetime) -> list[int]:
    """Ids of open offerings where a clock has ended, or where somebody waits and shares are free."""
    over = select(WaitlistEntry.offering_id).where(WaitlistEntry.status == OFFERED, WaitlistEntry.offered_until <= now)
    has_room = OfferingProgress.taken_shares + OfferingProgress.kept_shares < OfferingProgress.book_shares
    return list(
        session.scalars(
            select(Offering.id)
            .join(OfferingProgress, OfferingProgress.offering_id == Offering.id)
            .where(Offering.status == OPEN, or_(Offering.id.in_(over), (OfferingProgress.waiting > 0) & has_room))
            .order_by(Offering.id)
        )
    )
