"""Reads the gateways' own lines and balances, compares them with the books, and asks about what is missing.

The calls are made with no transaction open; what came back is kept afterwards. A line that we have not booked is no
order to book: the gateway is asked about its object, and the answer goes the way of every answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

import structlog

from app.actor import SYSTEM
from app.jobs import outcomes, unasked
from app.jobs.one_by_one import one_by_one
from app.payments import actions as payments
from app.payments import lines
from app.payments import queries as payment_queries
from app.payments.errors import GatewayError
from app.payments.models import GatewayReading
from app.payments.port import Gateway, OpKind, Ref, Role, Txn
from app.reconciliation import actions, queries
from app.reconciliation.classes import Kind
from app.regimes import platform_policy
from app.switches import actions as switches
from app.switches import queries as switch_queries
from app.wiring import Platform

log = structlog.get_logger()

BATCH = 1_000


def run(platform: Platform) -> int:
    """Read what is due, reconcile, ask, compare today and yesterday; return how much was new or changed."""
    failures: ExceptionGroup | None = None
    try:
        done = one_by_one(partial(read, platform, gateway) for gateway in _due(platform))
    except ExceptionGroup as group:  # one gateway that is silent keeps nobody from comparing the others
        done, failures = 0, group
    done += settle(platform)
    with platform.database.transaction(SYSTEM, "reconcile") as tx:
        today = platform_policy.PACK.day_of(tx.now)
        last = queries.last_compared(tx.session)
        for day in [today] if last in (None, today) else [last, today]:
            actions.compare_day(tx, day)
    if failures is not None:
        raise failures
    return done


def _due(platform: Platform) -> Iterator[Gateway]:
    with platform.database.snapshot() as view:
        known, wall_now, law = queries.readings(view.session), view.wall_now, platform_policy.reconciling(view.now)
        frozen = switch_queries.freeze(view.session) is not None
        unheard = queries.not_read_in_this_life(view.session)
    for gateway in platform.gateways.values():
        every = law.collectors_every if Role.COLLECTOR in gateway.caps.roles else law.custodians_every
        reading = known.get(gateway.name)
        if (
            frozen
            or gateway.name in unheard
            or reading is None
            or reading.read_at is None
            or wall_now - reading.read_at >= every
        ):
            yield gateway


def read(platform: Platform, gateway: Gateway) -> int:
    """Keep a gateway's new lines and its balances; return how many lines were new. Raises GatewayError."""
    with platform.database.snapshot() as view:
        until, law = view.now, platform_policy.reconciling(view.now)
        reading = queries.readings(view.session).get(gateway.name)
        since = _since(reading, payment_queries.first_instructed(view.session, gateway.name) or until) - law.overlap
        # What was booked on its word must stand in its list, however late it told us of it: as a bank's statement does.
        missed = payment_queries.oldest_unlisted(view.session, gateway.name, law.arrived_before)
        since = since if missed is None else min(since, missed)
    new = 0
    try:
        balances = gateway.balances()
        # A line of this very instant may come after we have looked: it is read again the next time.
        for found in _batches(gateway.transactions(since, until + platform_policy.MOMENT)):
            with platform.database.transaction(SYSTEM, f"gateway:{gateway.name}") as tx:
                new += lines.keep(tx, gateway.name, found, listed_at=tx.now)
    except GatewayError as error:
        with platform.database.transaction(SYSTEM, f"gateway:{gateway.name}") as tx:
            lines.note_reading(tx, gateway.name, error=f"{type(error).__name__} {error.code}"[:200])
        raise
    with platform.database.transaction(SYSTEM, f"gateway:{gateway.name}") as tx:
        actions.keep_balances(tx, gateway.name, balances)
        lines.note_reading(tx, gateway.name, read_until=until)
        if lost := queries.lost_operations(tx.session, platform.environment):
            log.error("operations_lost", gateway=gateway.name, lines=len(lost), first=lost[0])
            switches.freeze(tx, f"operations_lost {lost[0]}")
    return new


def _batches(found: Iterable[Txn]) -> Iterator[Sequence[Txn]]:
    stream = iter(found)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _since(reading: GatewayReading | None, began: datetime) -> datetime:
    return reading.read_until if reading is not None and reading.read_until is not None else began


def settle(platform: Platform) -> int:
    """Find breaks, ask about lines that are not booked, and look again; return how many breaks were opened or cleared."""
    changed = _reconcile(platform)
    try:
        went_on = unasked.run(platform)
    except ExceptionGroup:  # each was logged; its break stays, and the next run tries again
        went_on = 1
    if went_on:
        changed += _reconcile(platform)
    with platform.database.snapshot() as view:
        missing = queries.find(view, Kind.NOT_BOOKED, platform.environment)
        asked = {one.instruction_id: one for one in missing if one.instruction_id is not None}
        sources = {id_: (one.gateway, payment_queries.source(view.session, one.key)) for id_, one in asked.items()}
    if not asked:
        return changed
    for instruction_id, (gateway, source) in sources.items():
        try:
            _ask(platform, instruction_id, gateway, source)
        except Exception as error:  # the break stays, and somebody is called to it
            log.error("line_not_booked", instruction=instruction_id, error=type(error).__name__)
    return changed + _reconcile(platform)


def _reconcile(platform: Platform) -> int:
    with platform.database.transaction(SYSTEM, "reconcile") as tx:
        changes = actions.reconcile(tx, platform.environment)
    return changes.opened + changes.cleared


def _ask(platform: Platform, instruction_id: int, gateway: str, source: Ref) -> None:
    outcome = platform.gateway_named(gateway).fetch(source)
    with platform.database.transaction(SYSTEM, f"instruction:{instruction_id}") as tx:
        payments.found_at_gateway(tx, instruction_id)
        kind = OpKind(payment_queries.instruction(tx.session, instruction_id).kind)
    outcomes.apply(platform, instruction_id, kind, outcome)
