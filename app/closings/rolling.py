"""A part is closed while the offering goes on: announced to the investors concerned, or called off.

Taken is what was held when the notice was given, if by then nobody may cancel it any more. From there it is a closing like
another: `actions.propose`, two officers, one payout. An offering that scales back its pledges cannot be closed so, for only
at its end is known who gets how much; who waits in line is not concerned, for a closing frees no room.
Source: 17 CFR 227.304(b).
"""

from __future__ import annotations

from datetime import datetime

from app.audit import actions as audit
from app.changes import queries as change_queries
from app.closings import gathering, queries
from app.closings.lifecycle import GATHERING
from app.closings.models import Closing
from app.database import Transaction, new_reference
from app.errors import NotFound, Refused
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.deadlines import same_hour_from
from app.offerings.lifecycle import LIVE
from app.offerings.models import SCALED, Offering
from app.pledges import changes as pledge_changes
from app.pledges import queries as pledge_queries
from app.regimes.law_book import LawBook
from app.regimes.regime import Regime


def refusal(offering: Offering, law: Regime, now: datetime) -> Refused | None:
    """Why no part of this offering can be closed, whatever is held; None: it can.

    Codes: "rolling_not_open", "rolling_not_allowed" (no row of its law says that it may be), "rolling_scaled" (its rule for
    too much demand).
    """
    if offering.status != LIVE or offering.deadline_at is None or offering.deadline_at <= now:
        return Refused("rolling_not_open", status=offering.status)
    if earliest(offering, law, now) is None:
        return Refused("rolling_not_allowed", regime=law.pack.id)
    if offering.oversubscription_rule in SCALED:
        return Refused("rolling_scaled", rule=offering.oversubscription_rule)
    return None


def earliest(offering: Offering, law: Regime, now: datetime) -> datetime | None:
    """The first instant for a closing that is announced now, at the hour of the deadline; None: the law has no such thing."""
    assert offering.opened_at is not None and offering.deadline_at is not None  # it is open
    found = law.rolling_close_from(law.pack.day_of(offering.opened_at), now)
    return None if found is None else same_hour_from(offering.deadline_at, offering.deadline_zone, found)


def announce(tx: Transaction, offering_id: int, closes_at: datetime, law: LawBook) -> Closing:
    """Begin a rolling closing of what is held now, and tell its investors when it takes place and until when they may cancel.

    Raises Refused: see `refusal`; "rolling_already", "answers_awaited", "rolling_target" (with what was closed before, less
    than the target is held), "rolling_nothing", "rolling_too_soon" (with the earliest instant), "rolling_too_late".
    Locks: offering, pledges. Writes: closing, pledges, messages, audit.
    """
    offering = offerings.lock(tx, offering_id)
    regime = law.regime(offering.regime)
    refused = refusal(offering, regime, tx.now)
    if refused is not None:
        raise refused
    if queries.announced(tx.session, offering.id) is not None:
        raise Refused("rolling_already")
    if change_queries.open_of(tx.session, offering.id) or change_queries.awaited_in(tx.session, offering.id):
        raise Refused("answers_awaited")
    _require_time(offering, regime, closes_at, tx.now)
    held = pledge_queries.held(tx.session, offering.id)
    assert offering.target is not None
    if not held:
        raise Refused("rolling_nothing")
    closed = queries.closed(tx.session, offering)
    if closed + gathering.counting(held, offering, regime, tx.now) < offering.target:
        raise Refused("rolling_target", target=offering.target)
    closing = Closing(
        ref=new_reference("S"), offering_id=offering.id, seq=len(queries.of_offering(tx.session, offering.id)) + 1,
        status=GATHERING, is_rolling=True, begun_by=tx.actor.user_id, begun_at=tx.now, gather_until=closes_at,
        currency=offering.currency, total_minor=0, fee_minor=0, payout_attempts=0,
    )  # fmt: skip
    tx.session.add(closing)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, closing, "announce", closes_at=closes_at, pledges=len(held))
    told = {"offering": offering.name, "zone": offering.deadline_zone, "closes_at": closes_at.isoformat()}
    notifications.enqueue_many(
        tx,
        Message.ROLLING_ANNOUNCED,
        (
            (user_id, f"{closing.ref}:{pledge.ref}", {**told, **gathering.about(pledge)})
            for user_id, pledge in pledge_changes.close_at(tx, offering, law, [one.id for one in held], closes_at)
        ),
    )
    tx.wake("carry_money")
    return closing


def _require_time(offering: Offering, regime: Regime, closes_at: datetime, now: datetime) -> None:
    soonest = earliest(offering, regime, now)
    assert soonest is not None and offering.deadline_at is not None  # `refusal` said so
    if closes_at >= offering.deadline_at or soonest >= offering.deadline_at:
        raise Refused("rolling_too_late", field="date", until=offering.deadline_at, zone=offering.deadline_zone)
    if closes_at < soonest:
        raise Refused("rolling_too_soon", field="date", until=soonest, zone=offering.deadline_zone)


def give_up(tx: Transaction, offering_id: int, law: LawBook) -> None:
    """Call an announced rolling closing off that is not released; the offering goes on, and its investors are told.

    Raises NotFound. Locks: offering, closing, pledges. Writes: closing, lines, pledges, messages, audit.
    """
    offering = offerings.lock(tx, offering_id)
    announced = queries.announced(tx.session, offering.id)
    if announced is None:
        raise NotFound
    gathering.call_off(tx, offering, queries.lock(tx, announced.id), law, "given_up")
