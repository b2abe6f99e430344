"""Charges the ways to pay that were kept, when their day has come; not while its investor is asked about a change."""

from __future__ import annotations

from functools import partial

from app.actor import SYSTEM
from app.changes import queries as changes
from app.jobs.one_by_one import one_by_one
from app.pledges import actions as pledges
from app.pledges import queries, saved
from app.wiring import Platform

BATCH = 200


def run(platform: Platform) -> int:
    """Ask for the money of every pledge that is due; return how many."""
    with platform.database.snapshot() as view:
        found = queries.to_charge(view.session, view.now, BATCH)
        asked = changes.awaited_from(view.session, found)
        due = [(one, queries.pledge(view.session, one).currency) for one in found if one not in asked]
    return one_by_one(partial(_charge, platform, pledge_id, currency) for pledge_id, currency in due)


def _charge(platform: Platform, pledge_id: int, currency: str) -> int:
    with platform.database.transaction(SYSTEM, "charge_saved") as tx:
        pledges.take(tx, pledge_id)
        if changes.awaited_from(tx.session, [pledge_id]):
            return 0  # they were asked just now
        return int(saved.charge(tx, pledge_id, platform.ways_to_pay(currency)))
