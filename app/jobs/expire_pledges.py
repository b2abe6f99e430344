"""Gives the places of unpaid pledges back."""

from __future__ import annotations

from functools import partial

from app.actor import SYSTEM
from app.jobs.one_by_one import one_by_one
from app.pledges import due, queries
from app.wiring import Platform

BATCH = 200


def run(platform: Platform) -> int:
    """Stop every pledge that kept its place unpaid for too long; return how many."""
    with platform.database.snapshot() as view:
        overdue = queries.overdue(view.session, view.now, BATCH)
    return one_by_one(partial(_expire, platform, pledge_id) for pledge_id in overdue)


def _expire(platform: Platform, pledge_id: int) -> int:
    with platform.database.transaction(SYSTEM, "expire_pledges") as tx:
        due.expire(tx, pledge_id)
    return 1
