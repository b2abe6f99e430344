"""Gathers the facts that the rules look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import queries as trail
from app.investors.models import Figures, Investor
from app.money import Money
from app.monitoring.models import MonitoringCursor
from app.monitoring.rules import Declared, Seen
from app.pledges.lifecycle import ALLOTTED, HELD, REFUND_DUE, REFUNDED, SETTLED
from app.pledges.models import Pledge, StopReason

#: No pattern is looked for over more pledges than these, the latest.
MOST_PLEDGES = 500


def position(session: Session) -> int:
    """The last event that was looked at for good."""
    found = session.get(MonitoringCursor, 1)
    return 0 if found is None else found.event_id


def of_investor(session: Session, investor: Investor, since: datetime) -> list[Seen]:
    rows = select(Pledge).where(Pledge.investor_id == investor.id, Pledge.placed_at >= since)
    seen = _seen(list(session.scalars(rows.order_by(Pledge.placed_at.desc(), Pledge.id.desc()).limit(MOST_PLEDGES))))
    if not seen:
        return []
    earlier = select(func.max(Pledge.placed_at)).where(
        Pledge.investor_id == investor.id, Pledge.placed_at < seen[0].placed_at
    )
    before = [session.scalars(earlier).one() or investor.created_at, *(one.placed_at for one in seen)]
    return [replace(one, quiet_for=one.placed_at - last) for one, last in zip(seen, before, strict=False)]


def of_account(session: Session, mark: str, since: datetime) -> list[Seen]:
    """What was paid from one card or bank account, by whomever."""
    rows = select(Pledge).where(Pledge.paid_from == mark, Pledge.placed_at >= since)
    return _seen(list(session.scalars(rows.order_by(Pledge.placed_at.desc(), Pledge.id.desc()).limit(MOST_PLEDGES))))


def declared(session: Session, investor_id: int) -> list[Declared]:
    """Everything that an investor declared, oldest first. A year's income may be the latest of three."""
    rows = session.scalars(select(Figures).where(Figures.investor_id == investor_id).order_by(Figures.id))
    return [
        Declared(
            one.id,
            one.declared_at,
            one.currency,
            {
                name: minor
                for name, minor in (
                    ("annual_income", one.income_3y_minor[0] if one.income_3y_minor else one.annual_income_minor),
                    ("net_worth", one.net_worth_minor),
                    ("financial_assets", one.financial_assets_minor),
                )
                if minor is not None
            },
        )
        for one in rows
    ]


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
            paid_from=one.paid_from,
            placed_from=one.placed_from,
        )
        for one in reversed(latest_first)
    ]


def news(session: Session, limit: int) -> list[tuple[int, datetime, int]]:
    """What happened to pledges since: (event, when, pledge), oldest first."""
    return trail.since(session, Pledge.__tablename__, position(session), limit)
