"""What happens to a place in line: joined, offered room, accepted, lapsed, left, ended.

Places are in the order of their ids. Who joins shares the offering's row before the id is given, and who offers room holds
that row alone: so whoever is offered room, nobody with a lower id is still about to appear.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors import queries as investor_queries
from app.investors import spouses
from app.investors.actions import lock as lock_investor
from app.issuers import queries as issuers
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings import room
from app.offerings.lifecycle import LIVE as OPEN
from app.offerings.models import Offering
from app.offerings.room import NOTHING_KEPT, KeptRoom
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.pledges.actions import Placement
from app.regimes import platform_policy
from app.waitlist import queries
from app.waitlist.lifecycle import LIVE, OFFERED, WAITING
from app.waitlist.models import WaitlistEntry


def join(tx: Transaction, *, investor_id: int, offering_id: int, shares: int) -> WaitlistEntry:
    """Stand in line for so many shares of a full offering; the same wish again is the same place.

    Raises Refused: "not_open", "own_offering", "below_minimum", "more_than_offered", "room_left" (there is room for this
    wish: pledge instead), "in_line_already" (with another number of shares). Locks: investor, offering (shared), progress.
    Writes: entry, progress, audit.
    """
    investor = lock_investor(tx, investor_id)
    offering = offerings.share(tx, offering_id)
    assert offering.deadline_at is not None and offering.price is not None  # a public offering has complete terms
    if offering.status != OPEN or offering.deadline_at <= tx.now:
        raise Refused("not_open", status=offering.status)
    known = queries.live_of(tx.session, investor.id, offering.id)
    if known is not None:
        if known.shares != shares:
            raise Refused("in_line_already", shares=known.shares)
        return known
    assert offering.progress is not None  # a public offering has one
    most = offering.progress.book_shares
    fewest = offering.fewest_shares(most)
    if shares < fewest:
        raise Refused("below_minimum", field="shares", minimum=offering.price.times(fewest))
    if shares > most:
        raise Refused("more_than_offered", field="shares", shares=most)
    if issuers.is_member(tx.session, offering.issuer_id, investor.user_id):
        raise Refused("own_offering")
    if not queries.must_wait(tx.session, offering, investor.id, shares):
        raise Refused("room_left")
    entry = WaitlistEntry(
        offering_id=offering.id, investor_id=investor.id, status=WAITING, shares=shares, joined_at=tx.now
    )
    tx.session.add(entry)
    tx.session.flush()  # its id is its place, and the subject of the trail
    audit.begin(tx, entry, "join", offering_id=offering.id, shares=shares)
    room.keep(tx, offering.id, waiting=1)
    tx.wake("offer_room")
    return entry


def leave(tx: Transaction, *, investor_id: int, offering_id: int) -> None:
    """Give one's place in line up, and the room that is kept, at any time; who has none is let be.

    Locks: offering (shared), entry, progress. Writes: entry, progress, audit. Wakes: offer_room.
    """
    offering = offerings.share(tx, offering_id)
    entry = _lock_live(tx, investor_id, offering.id)
    if entry is not None:
        _give_up(tx, entry, "leave")
        tx.wake("offer_room")


def offer_room(tx: Transaction, offering_id: int) -> int:
    """End the offers whose clock has ended, then offer what is free to the first in line; return how many moved.

    Each is offered what they wished for, or what is left of it, never less than the smallest pledge; who lacks a seat is
    passed over. Locks: offering, entries, progress. Writes: entries, progress, messages, audit.
    """
    offering = offerings.lock(tx, offering_id)
    assert offering.deadline_at is not None and offering.progress is not None  # a public offering has both
    if offering.status != OPEN or offering.deadline_at <= tx.now:
        return 0  # who is still in line leaves with the offering
    moved = 0
    for entry in _one_after_the_other(tx, offering, OFFERED):
        if entry.is_over(tx.now):
            _give_up(tx, entry, "lapse")
            _tell(tx, entry, offering, Message.WAITLIST_LAPSED)
            moved += 1
    tx.session.refresh(offering.progress)  # nobody else changes it meanwhile: they need the offering's row
    left, fewest = offering.progress.left_shares, offering.fewest_shares(offering.progress.book_shares)
    for entry in _one_after_the_other(tx, offering, WAITING):
        if left < fewest:
            break
        if not queries.lacks_seat(tx.session, offering, entry.investor_id):
            left -= _offer(tx, offering, entry, min(entry.shares, left))
            moved += 1
    return moved


def _one_after_the_other(tx: Transaction, offering: Offering, status: str) -> Iterator[WaitlistEntry]:
    """The entries of a locked offering in this status, in the order of the line, each locked when it is its turn."""
    last = 0
    in_line = select(WaitlistEntry).where(WaitlistEntry.offering_id == offering.id, WaitlistEntry.status == status)
    while True:
        entry = tx.session.scalars(
            in_line.where(WaitlistEntry.id > last)
            .order_by(WaitlistEntry.id)
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if entry is None:
            return
        last = entry.id
        yield entry


def _offer(tx: Transaction, offering: Offering, entry: WaitlistEntry, shares: int) -> int:
    """Keep this room for an entry, start its one clock, and tell its investor; return the shares."""
    assert offering.deadline_at is not None and offering.progress is not None  # a public offering has both
    entry.offered_shares, entry.offered_at = shares, tx.now
    entry.offered_until = platform_policy.room_kept_until(tx.now, offering.deadline_at)
    entry.keeps_seat = offering.progress.seats is not None and not pledge_queries.is_in(
        tx.session, offering.id, entry.investor_id
    )
    audit.transition(tx, entry, "offer", shares=shares, until=entry.offered_until)
    room.keep(tx, offering.id, entry.kept, waiting=-1)
    tx.session.refresh(offering.progress)
    _tell(tx, entry, offering, Message.WAITLIST_OFFERED)
    return shares


def place(
    tx: Transaction, *, investor_id: int, offering_id: int, shares: int, form_key: uuid.UUID, **form: Any
) -> Placement:
    """Place a pledge, into the room that is kept for this investor where there is some: see `pledges.actions.place`.

    With the pledge the kept room is used up, also where the pledge is smaller; without one it stays kept.
    Raises Refused("offer_over", until=…) once the clock has ended, and see there. Locks: as there, and the entry after the
    offering. Writes: as there, and the entry.
    """
    spouses.lock_both(tx, investor_id)
    kept, entry = NOTHING_KEPT, None
    if pledge_queries.by_form_key(tx.session, form_key) is None:
        offering = offerings.share(tx, offering_id)
        entry = _lock_live(tx, investor_id, offering_id)
        kept = _still_kept(tx, entry, offering)
    placement = pledges.place(
        tx, investor_id=investor_id, offering_id=offering_id, shares=shares, form_key=form_key, kept=kept, **form
    )
    if entry is not None and entry.status == OFFERED and placement.pledge is not None:
        entry.pledge_id = placement.pledge.id
        audit.transition(tx, entry, "accept", pledge=placement.pledge.id, shares=shares)
    return placement


def _still_kept(tx: Transaction, entry: WaitlistEntry | None, offering: Offering) -> KeptRoom:
    if entry is None or entry.status != OFFERED:
        return NOTHING_KEPT
    if entry.is_over(tx.now_after_locks()):
        raise Refused("offer_over", until=entry.offered_until, zone=offering.deadline_zone)
    return entry.kept


def _lock_live(tx: Transaction, investor_id: int, offering_id: int) -> WaitlistEntry | None:
    """An investor's live place in line, read anew, for who holds the offering. Locks: entry."""
    known = queries.live_of(tx.session, investor_id, offering_id)
    if known is None:
        return None
    tx.session.refresh(known, with_for_update=True)
    return known if known.status in LIVE else None


def _give_up(tx: Transaction, entry: WaitlistEntry, event: str) -> None:
    """End a locked live place in line, and free what was kept for it. Locks: progress. Writes: entry, progress, audit."""
    waited = entry.status == WAITING
    kept = NOTHING_KEPT if waited else entry.kept
    audit.transition(tx, entry, event, shares=kept.shares)
    room.keep(tx, entry.offering_id, kept.freed, waiting=-int(waited))


def end_with(tx: Transaction, offering: Offering) -> None:
    """The line ends with its locked offering; everybody in it is told.

    Locks: entries, progress. Writes: entries, progress, messages, audit.
    """
    for status in (OFFERED, WAITING):
        for entry in _one_after_the_other(tx, offering, status):
            _give_up(tx, entry, "end")
            _tell(tx, entry, offering, Message.WAITLIST_ENDED)


def _tell(tx: Transaction, entry: WaitlistEntry, offering: Offering, kind: Message) -> None:
    notifications.enqueue(
        tx,
        investor_queries.investor(tx.session, entry.investor_id).user_id,
        kind,
        about=f"waitlist_entry:{entry.id}",
        offering=offering.name,
        slug=offering.slug,
        shares=entry.offered_shares or entry.shares,
        wished=entry.shares,
        until=entry.offered_until.isoformat() if entry.offered_until else None,
        zone=offering.deadline_zone,
    )
