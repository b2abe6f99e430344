"""Puts cases back into the queue that their officers left alone."""

from __future__ import annotations

from functools import partial

from app.actor import SYSTEM
from app.compliance import desk, queries
from app.jobs.one_by_one import one_by_one
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Put back every claimed case whose officer did nothing for too long; return how many."""
    with platform.database.snapshot() as view:
        left_alone = queries.left_alone(view.session, view.wall_now)
    return one_by_one(partial(_release, platform, ref) for ref in left_alone)


def _release(platform: Platform, ref: str) -> int:
    with platform.database.transaction(SYSTEM, "release_cases") as tx:
        return int(desk.release_left_alone(tx, ref))
