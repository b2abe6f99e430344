"""Moves deadlines of live offerings: for the investors' time to answer, and for an early close."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit import actions as audit
from app.changes import queries
from app.changes.lifecycle import ANNOUNCED
from app.changes.models import Change, DeadlineMove, EarlyClose, MoveReason
from app.database import Transaction
from app.errors import Refused
from app.investors import queries as investors
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.deadlines import same_hour_from
from app.offerings.lifecycle import LIVE
from app.offerings.models import Offering
from app.pledges import changes as pledges
from app.pledges import saved
from app.pledges.models import Pledge
from app.regimes.law_book import LawBook
from app.regimes.regime import Regime


def record_move(
    tx: Transaction, offering: Offering, old: datetime, new: datetime, why: MoveReason, change: Change | None = None
) -> DeadlineMove:
    """Write for everybody that the deadline moved. Writes: move."""
    moved = DeadlineMove(
        offering_id=offering.id, change_id=change.id if change else None, old_deadline_at=old, new_deadline_at=new,
        reason=why, moved_at=tx.now,
    )  # fmt: skip
    tx.session.add(moved)
    tx.session.flush()  # messages are about its id
    return moved


def leave_time(tx: Transaction, offering: Offering, confirm_by: datetime, change: Change) -> DeadlineMove | None:
    """Extend a locked offering so that its investors have until then to answer; None: it lasts so long anyway.

    Source: 17 CFR 227.304(c)(2). Locks: progress. Writes: offering, move, progress, audit.
    """
    old, new = offering.deadline_at, queries.leaving_time(offering, confirm_by)
    assert old is not None  # a live offering has one
    if new == old:
        return None
    offerings.move_deadline(tx, offering, new, MoveReason.TIME_TO_ANSWER)
    return record_move(tx, offering, old, new, MoveReason.TIME_TO_ANSWER, change)


def follow(tx: Transaction, offering: Offering, law: LawBook, moved: DeadlineMove | None) -> list[Pledge]:
    """Let the right to cancel of every live pledge follow the deadline; who is not asked anything is told of the move.

    Locks: pledges. Writes: pledges, messages.
    """
    asked = set(queries.awaited_in(tx.session, offering.id))
    live = pledges.follow_deadline(tx, offering, law, asked)
    if moved is not None:
        for pledge in live:
            if pledge.id not in asked:
                _tell(tx, pledge, offering, moved)
    return live


def _tell(tx: Transaction, pledge: Pledge, offering: Offering, moved: DeadlineMove) -> None:
    returned_on = saved.returned_on(pledge, offering, tx.now)
    notifications.enqueue(
        tx, investors.investor(tx.session, pledge.investor_id).user_id, Message.DEADLINE_MOVED,
        about=f"move:{moved.id}:pledge:{pledge.id}", ref=pledge.ref, offering=offering.name, reason=moved.reason,
        old_deadline=moved.old_deadline_at.isoformat(), new_deadline=moved.new_deadline_at.isoformat(),
        cancel_until=pledge.cancel_until.isoformat() if pledge.cancel_until else None, zone=offering.deadline_zone,
        charge_at=pledge.charge_at.isoformat() if pledge.charge_at else None,
        returned_on=returned_on.isoformat() if returned_on else None,
    )  # fmt: skip


def early_deadline(offering: Offering, law: Regime, now: datetime) -> datetime:
    """The first instant at which the offering may end if its issuer asks now: at the same hour in its zone."""
    assert offering.opened_at is not None and offering.deadline_at is not None
    earliest = law.early_close_from(law.pack.day_of(offering.opened_at), now)
    return same_hour_from(offering.deadline_at, offering.deadline_zone, earliest)


def close_early(tx: Transaction, offering_id: int, new_deadline_at: datetime, law: LawBook) -> EarlyClose:
    """Bring the deadline forward, and tell every investor; the target must be met now and still be met there.

    Raises Refused: "not_changeable", "answers_awaited", "early_already", "early_target", "early_too_soon" (with the
    earliest instant), "early_not_early". Source: 17 CFR 227.304(b).
    Locks: offering, pledges, progress. Writes: early close, offering, move, pledges, messages, progress, audit.
    """
    offering = offerings.lock(tx, offering_id)
    old = offering.deadline_at
    if offering.status != LIVE or old is None or old <= tx.now:
        raise Refused("not_changeable", status=offering.status)
    if queries.early_close(tx.session, offering.id) is not None:
        raise Refused("early_already")
    if queries.open_of(tx.session, offering.id) is not None or queries.awaited_in(tx.session, offering.id):
        raise Refused("answers_awaited")
    if not _target_met(offering):
        raise Refused("early_target", target=offering.target)
    earliest = early_deadline(offering, law.regime(offering.regime), tx.now)
    if earliest >= old or new_deadline_at >= old:
        raise Refused("early_not_early", field="date", until=old, zone=offering.deadline_zone)
    if new_deadline_at < earliest:
        raise Refused("early_too_soon", field="date", until=earliest, zone=offering.deadline_zone)
    early = EarlyClose(
        offering_id=offering.id, status=ANNOUNCED, asked_by=tx.actor.user_id, announced_at=tx.now,
        old_deadline_at=old, early_deadline_at=new_deadline_at,
    )  # fmt: skip
    tx.session.add(early)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, early, "announce", offering_id=offering.id, deadline_at=new_deadline_at)
    offerings.move_deadline(tx, offering, new_deadline_at, MoveReason.EARLY_CLOSE)
    follow(tx, offering, law, record_move(tx, offering, old, new_deadline_at, MoveReason.EARLY_CLOSE))
    return early


def _target_met(offering: Offering) -> bool:
    """Whether so much is held, with what was closed before; what is only on its way does not count."""
    assert offering.progress is not None and offering.target is not None
    return offering.progress.held_minor + offering.progress.settled_minor >= offering.target.minor


def target_lost(session: Session, offering: Offering, now: datetime) -> EarlyClose | None:
    """The early close of an offering whose deadline has come, while there is a later one to go on to and less than the
    target is held. Source: 17 CFR 227.304(b)(4).
    """
    early = queries.early_close(session, offering.id)
    has_come = offering.deadline_at is not None and offering.deadline_at <= now
    if early is None or not has_come or early.old_deadline_at <= now or _target_met(offering):
        return None
    return early


def resume(tx: Transaction, offering_id: int, law: LawBook) -> bool:
    """Let an offering go on to the deadline that it had, when its target is not met at the early one.

    Locks: offering, pledges, progress. Writes: early close, offering, move, pledges, messages, progress, audit.
    """
    offering = offerings.lock(tx, offering_id)
    early = target_lost(tx.session, offering, tx.now) if offering.status == LIVE else None
    if early is None:
        return False
    assert offering.deadline_at is not None
    audit.transition(tx, early, "lose_target")
    old, new = offering.deadline_at, early.old_deadline_at
    offerings.move_deadline(tx, offering, new, MoveReason.TARGET_LOST)
    follow(tx, offering, law, record_move(tx, offering, old, new, MoveReason.TARGET_LOST))
    return True
