"""Gives money back while its method still can, where the offering goes on for longer."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from app.actor import SYSTEM
from app.jobs.one_by_one import one_by_one
from app.pledges import due, queries
from app.regimes import platform_policy
from app.wiring import Platform

BATCH = 200


def run(platform: Platform) -> int:
    """Refund every held pledge whose time for refunds ends within the days of settling; return how many."""
    with platform.database.snapshot() as view:
        until = view.now + timedelta(days=platform_policy.settling(view.now)["grace_days"])
        found = queries.returned_by(view.session, until, BATCH)
    return one_by_one(partial(_give_back, platform, pledge_id) for pledge_id in found)


def _give_back(platform: Platform, pledge_id: int) -> int:
    with platform.database.transaction(SYSTEM, "return_in_time") as tx:
        return int(due.give_back(tx, pledge_id))
