"""Goes on from what reconciliation found and nobody here asked for: what was paid twice goes back, a refund that was made by
hand is booked to its pledge, or to money that nobody was known to own. Gateways are asked with no transaction open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import structlog

from app.actor import SYSTEM
from app.cash import carrying
from app.jobs.one_by_one import one_by_one
from app.payments import queries as payments
from app.payments.errors import GatewayError
from app.payments.port import OpKind
from app.pledges import unasked, unidentified
from app.reconciliation import queries
from app.reconciliation.classes import Kind
from app.reconciliation.queries import PaidTwice
from app.wiring import Platform

log = structlog.get_logger()


def run(platform: Platform) -> int:
    """Return how many things were done."""
    return one_by_one(_tasks(platform))


def _tasks(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        twice = queries.paid_twice(view.session)
        by_hand = [
            (one.gateway, one.key) for one in queries.open_breaks(view.session, Kind.NOT_OURS) if one.amount_minor < 0
        ]
    yield from (partial(_give_back, platform, one) for one in twice)
    yield from (partial(_book_by_hand, platform, gateway, key) for gateway, key in by_hand)


def _give_back(platform: Platform, found: PaidTwice) -> int:
    with platform.database.transaction(SYSTEM, "reconcile") as tx:
        if payments.instruction(tx.session, found.instruction_id).investor_id is not None:
            carrying.give_back_twice(tx, found)
        else:
            unasked.give_back_twice(tx, found)
    return 1


def _book_by_hand(platform: Platform, gateway: str, key: str) -> int:
    with platform.database.snapshot() as view:
        source = payments.source(view.session, key)
    try:
        outcome = platform.gateway_named(gateway).fetch(source)
    except GatewayError as error:  # the break stays, and somebody is called to it
        log.warning("line_not_explained", gateway=gateway, error=type(error).__name__)
        return 0
    if outcome.about is None:  # no refund, or of nothing that the gateway tells
        return 0
    with platform.database.snapshot() as view:
        paid = payments.by_refs(view.session, [(gateway, outcome.about)])
    (collection,) = [one.id for one in paid if one.kind == OpKind.COLLECT and one.pledge_id is not None] or (None,)
    if collection is None:
        with platform.database.transaction(SYSTEM, "reconcile") as tx:
            return int(unidentified.returned_by_hand(tx, gateway, outcome))
    with platform.database.transaction(SYSTEM, "reconcile") as tx:
        return int(unasked.refunded_by_hand(tx, collection, outcome))
