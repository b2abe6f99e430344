"""Gathers the facts that the rules look at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import queries as trail
from app.money import Money
from app.monitoring.models import MonitoringCursor
from app.monitoring.rules import Seen
from app.pledges.lifecycle import ALLOTTED, HELD, REFUND_DUE, REFUNDED, SETTLED
from app.pledges.models import Pledge, StopReason

#: No pattern is looked for over more pledges than these, the latest.
MOST_PLEDGES = 500


def position(session: Session) -> int:
    """The last event that was looked at for good."""
    found = session.get(MonitoringCursor, 1)
    return 0 if found is None else found.event_id


def of_investor(session: Session, investor_id: int, since: datetime) -> list[Seen]:
    rows = select(Pledge).where(Pledge.investor_id == investor_id, Pledge.placed_at >= since)
    return _seen(list(session.scalars(rows.order_by(Pledge.placed_at.desc(), Pledge.id.desc()).limit(MOST_PLEDGES))))


def of_offering(session: Session, offering_id: int) -> list[Seen]:
    """Pledges whose money is there, or comes from related parties."""
    rows = select(Pledge).where(Pledge.offering_id == offering_id, Pledge.status.in_((HELD, ALLOTTED, SETTLED)))
    return _seen(list(session.scalars(rows.order_by(Pledge.id).limit(MOST_PLEDGES)))[::-1])


def _seen(latest_first: list[Pledge]) -> list[Seen]:
    return [
        Seen(
            id=one.id,
            ref=one.ref,
            investor_id=one.investor_id,
            offering_id=one.offering_id,
            amount=Money(one.amount_minor, one.currency),
            placed_at=one.placed_at,
            is_held=one.status in (HELD, ALLOTTED, SETTLED),
            is_returned=one.status in (REFUND_DUE, REFUNDED) and one.stop_reason == StopReason.INVESTOR,
            is_related=one.related_as is not None,
        )
        for one in reversed(latest_first)
    ]


def news(session: Session, limit: int) -> list[tuple[int, datetime, int]]:
    """What happened to pledges since: (event, when, pledge), oldest first."""
    return trail.since(session, Pledge.__tablename__, position(session), limit)
