"""Ends offerings at their deadline, proposes closings, and finishes failed offerings."""

from __future__ import annotations

from app.actor import SYSTEM
from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.errors import Refused
from app.offerings import queries as offerings
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Return how many offerings and closings were looked at."""
    with platform.database.snapshot() as view:
        due = offerings.due_to_close(view.session, view.now)
    for offering_id in due:
        try:
            with platform.database.transaction(SYSTEM, "close_offerings") as tx:
                closings.begin(tx, offering_id)
        except Refused:
            continue  # another worker, or the operator, was faster
    return len(due) + propose(platform) + finish(platform)


def propose(platform: Platform) -> int:
    """Propose what has gathered its money, or fail it."""
    with platform.database.snapshot() as view:
        gathering = [
            (
                closing_id,
                offerings.offering(view.session, closing_queries.closing(view.session, closing_id).offering_id).regime,
            )
            for closing_id in closing_queries.gathering(view.session)
        ]
    for closing_id, regime_id in gathering:
        with platform.database.transaction(SYSTEM, "close_offerings") as tx:
            closings.propose(tx, closing_id, platform.regime(regime_id))
    return len(gathering)


def finish(platform: Platform) -> int:
    """Call failed offerings refunded when every cent is back."""
    with platform.database.snapshot() as view:
        failed = offerings.failed(view.session)
    done = 0
    for offering_id in failed:
        with platform.database.transaction(SYSTEM, "close_offerings") as tx:
            done += closings.finish_refunds(tx, offering_id)
    return done
