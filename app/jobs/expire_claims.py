"""Ends statuses that are past their last day, and reminds of those that end soon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from app.actor import SYSTEM
from app.database import Transaction
from app.investors import claims, queries
from app.jobs.one_by_one import one_by_one
from app.wiring import Platform

BATCH = 200
#: Somewhere it is tomorrow already; the action looks at the day where the status belongs.
AHEAD = timedelta(days=1)


def run(platform: Platform) -> int:
    """Return how many statuses were looked at."""
    with platform.database.snapshot() as view:
        ending = queries.ending(view.session, (view.now + AHEAD).date(), BATCH)
        to_remind = queries.to_remind(view.session, view.now, BATCH)
    return one_by_one(
        [partial(_act, platform, claims.expire, one) for one in ending]
        + [partial(_act, platform, claims.remind, one) for one in to_remind]
    )


def _act(platform: Platform, act: Callable[[Transaction, int], None], claim_id: int) -> int:
    with platform.database.transaction(SYSTEM, "expire_claims") as tx:
        act(tx, claim_id)
    return 1
