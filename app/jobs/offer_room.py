"""Offers free room of full offerings to who is next in line, and ends offers whose clock has ended."""

from __future__ import annotations

from functools import partial

from app.actor import SYSTEM
from app.jobs.one_by_one import one_by_one
from app.waitlist import actions as waitlist
from app.waitlist import queries
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Return how many places in line moved on."""
    with platform.database.snapshot() as view:
        to_serve = queries.to_serve(view.session, view.now)
    return one_by_one(partial(_serve, platform, offering_id) for offering_id in to_serve)


def _serve(platform: Platform, offering_id: int) -> int:
    with platform.database.transaction(SYSTEM, "offer_room") as tx:
        return waitlist.offer_room(tx, offering_id)
