"""Runs the clocks of investors who are asked about a material change, and ends the pledges of those who say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from app.actor import SYSTEM
from app.changes import actions as changes
from app.changes import queries
from app.jobs.one_by_one import one_by_one
from app.wiring import Platform

BATCH = 200


def run(platform: Platform) -> int:
    """Return how many clocks began and how many pledges ended."""
    return one_by_one(chain(_to_begin(platform), _to_end(platform)))


def _to_begin(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        waiting = [change.id for change in queries.with_clocks_to_begin(view.session)]
    for change_id in waiting:
        yield partial(_begin, platform, change_id)


def _begin(platform: Platform, change_id: int) -> int:
    with platform.database.transaction(SYSTEM, "ask_investors") as tx:
        return changes.begin_clocks(tx, change_id, platform.law)


def _to_end(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        silent = queries.silent(view.session, view.now, BATCH)
    for answer_id in silent:
        yield partial(_end, platform, answer_id)


def _end(platform: Platform, answer_id: int) -> int:
    with platform.database.transaction(SYSTEM, "ask_investors") as tx:
        return int(changes.end_silence(tx, answer_id))
