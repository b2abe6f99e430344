"""Brings offerings' money to their custodians, and back to where refunds leave from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from app.actor import SYSTEM
from app.custody import actions as custody
from app.custody import queries
from app.jobs.one_by_one import one_by_one
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Return how many steps were taken."""
    return one_by_one(_tasks(platform))


def _tasks(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        found = queries.to_look_at(view.session, view.now)
    for offering_id in found:
        yield partial(_next_step, platform, offering_id)


def _next_step(platform: Platform, offering_id: int) -> int:
    with platform.database.transaction(SYSTEM, f"offering:{offering_id}") as tx:
        return custody.take_next_step(tx, offering_id)
