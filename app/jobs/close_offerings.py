"""Ends offerings at their deadline, proposes closings, finishes failed offerings, and tells of holdbacks that fall due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain

from app.actor import SYSTEM
from app.changes import deadlines as early_closes
from app.changes import queries as changes
from app.closings import actions as closings
from app.closings import holding_back
from app.closings import queries as closing_queries
from app.errors import Refused
from app.jobs.one_by_one import one_by_one
from app.offerings import queries as offerings
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Return how many offerings and closings moved on."""
    steps = (_to_resume, _to_begin, _to_propose, _to_finish, _to_tell)
    return one_by_one(chain.from_iterable(step(platform) for step in steps))


def _to_resume(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        due = changes.early_deadlines_passed(view.session, view.now)
    for offering_id in due:
        yield partial(_resume, platform, offering_id)


def _resume(platform: Platform, offering_id: int) -> int:
    """Let an offering that lost its target before an early deadline go on to the deadline that it had."""
    with platform.database.transaction(SYSTEM, "close_offerings") as tx:
        return int(early_closes.resume(tx, offering_id, platform.law))


def _to_begin(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        due = offerings.due_to_close(view.session, view.now)
    for offering_id in due:
        yield partial(_begin, platform, offering_id)


def _begin(platform: Platform, offering_id: int) -> int:
    # Refused: another worker, or the operator, was faster; or an investor still has time to answer to a change.
    with suppress(Refused), platform.database.transaction(SYSTEM, "close_offerings") as tx:
        closings.begin(tx, offering_id)
        return 1
    return 0


def _to_propose(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        waiting = closing_queries.to_propose(view.session)
    for closing_id in waiting:
        yield partial(_propose, platform, closing_id)


def _propose(platform: Platform, closing_id: int) -> int:
    """Propose what has gathered its money, fail it, or call a rolling one off."""
    with platform.database.transaction(SYSTEM, "close_offerings") as tx:
        return int(closings.propose(tx, closing_id, platform.law))


def _to_finish(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        failed = offerings.failed(view.session)
    for offering_id in failed:
        yield partial(_finish, platform, offering_id)


def _finish(platform: Platform, offering_id: int) -> int:
    """Call a failed offering refunded when every cent is back."""
    with platform.database.transaction(SYSTEM, "close_offerings") as tx:
        return int(closings.finish_refunds(tx, offering_id))


def _to_tell(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        due = closing_queries.holdbacks_to_tell(view.session, view.now)
    for closing_id in due:
        yield partial(_tell, platform, closing_id)


def _tell(platform: Platform, closing_id: int) -> int:
    """Tell a company that what was held back from it falls due."""
    with platform.database.transaction(SYSTEM, "close_offerings") as tx:
        return int(holding_back.tell_due(tx, closing_id))
