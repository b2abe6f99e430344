"""Brings offerings' money to their custodians, back to where refunds leave from, and to investors whom no refund reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from app.actor import SYSTEM
from app.custody import actions as custody
from app.custody import queries
from app.jobs.one_by_one import one_by_one
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.pledges import refunds
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Return how many steps were taken."""
    return one_by_one(_tasks(platform))


def _tasks(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        found = queries.to_look_at(view.session, view.now)
        not_given_back = pledge_queries.not_given_back(view.session)
    for pledge_id in not_given_back:
        yield partial(_pay_back, platform, pledge_id)
    for offering_id in found:
        yield partial(_next_step, platform, offering_id)


def _pay_back(platform: Platform, pledge_id: int) -> int:
    """What could not go back where it came from goes to the investor's bank account."""
    with platform.database.transaction(SYSTEM, f"pledge:{pledge_id}") as tx:
        return int(refunds.pay_back(tx, pledges.take(tx, pledge_id)))


def _next_step(platform: Platform, offering_id: int) -> int:
    with platform.database.transaction(SYSTEM, f"offering:{offering_id}") as tx:
        return custody.take_next_step(tx, offering_id)
