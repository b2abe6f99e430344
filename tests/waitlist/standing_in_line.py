"""A full offering and a line in front of it."""

from __future__ import annotations

from app.actor import Actor
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges.models import Pledge
from app.waitlist import actions as waitlist
from app.waitlist import queries
from app.waitlist.models import WaitlistEntry
from tests.builders import World

#: Forty shares at 25; the smallest pledge is two.
TERMS = {"price": "25", "target": "250", "maximum": "1000", "minimum_pledge": "50"}


def full(world: World, *sizes: int) -> tuple[Offering, list[Pledge]]:
    """An open offering whose forty shares are all taken, by pledges of these sizes and one of the rest."""
    offering = world.live(**TERMS)
    pledges = [world.pledged(offering, size) for size in (*sizes, 40 - sum(sizes)) if size]
    return world.offering(offering.id), pledges


def join(world: World, offering: Offering, shares: int, investor: Investor | None = None) -> WaitlistEntry:
    investor = investor or world.investor()
    with world.acting(Actor(f"user:{investor.user_id}", investor.user_id)) as tx:
        return waitlist.join(tx, investor_id=investor.id, offering_id=offering.id, shares=shares)


def leave(world: World, entry: WaitlistEntry) -> None:
    with world.acting() as tx:
        waitlist.leave(tx, investor_id=entry.investor_id, offering_id=entry.offering_id)


def entry(world: World, known: WaitlistEntry) -> WaitlistEntry:
    """The same place in line, as it is now."""
    with world.looking() as view:
        return view.session.get_one(WaitlistEntry, known.id)


def place(world: World, known: WaitlistEntry) -> int:
    with world.looking() as view:
        return queries.place(view.session, view.session.get_one(WaitlistEntry, known.id))


def offers(world: World, *line: WaitlistEntry) -> list[tuple[str, int | None]]:
    """Of each place in line: its status and the shares that were offered."""
    found = [entry(world, one) for one in line]
    return [(one.status, one.offered_shares) for one in found]


def room(world: World, offering: Offering) -> tuple[int, int, int]:
    """(taken, kept, waiting)."""
    progress = world.offering(offering.id).progress
    assert progress is not None
    return progress.taken_shares, progress.kept_shares, progress.waiting


def told(world: World, kind: str) -> int:
    return int(world.sql("SELECT count(*) FROM messages WHERE kind = :kind", kind=kind)[0][0])
