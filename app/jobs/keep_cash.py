"""Keeps investors' cash in order: compares it with the custodian, has collectors send it there, stops unpaid top-ups, tells of
what lies idle, and calls off distributions into it that no company paid for in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import structlog

from app.actor import SYSTEM
from app.cash import actions, carrying, daily, queries
from app.cash.daily import Compared
from app.distributions import actions as distributions
from app.distributions import queries as distribution_queries
from app.jobs.one_by_one import one_by_one
from app.ledger import queries as ledger
from app.ledger.queries import Idle
from app.payments.errors import GatewayError
from app.payments.port import CASH_ACCOUNTS, Role
from app.regimes import platform_policy
from app.wiring import Platform

log = structlog.get_logger()

BATCH = 200


def run(platform: Platform) -> int:
    """Return how many things were done."""
    return one_by_one(_tasks(platform))


def _tasks(platform: Platform) -> Iterator[Callable[[], int]]:
    with platform.database.snapshot() as view:
        unpaid = queries.unpaid_top_ups(view.session, view.now, BATCH)
        to_carry = queries.to_carry(view.session, view.now, BATCH)
        to_carry_back = queries.to_carry_back(view.session, view.now, BATCH)
        idle = queries.dormant(view.session, view.now)
        unpaid_in = distribution_queries.unpaid(view.session, platform_policy.paid_in_from(view.now))
        choosers = [] if platform.settings.cash_accounts else queries.choosers(view.session)
    yield partial(_compare, platform)
    yield from (partial(_stop, platform, instruction_id) for instruction_id in unpaid)
    yield from (partial(_carry, platform, top_up) for top_up in to_carry)
    yield from (partial(_carry_back, platform, sent) for sent in to_carry_back)
    yield from (partial(_tell, platform, one) for one in idle)
    yield from (partial(_call_off, platform, distribution_id) for distribution_id in unpaid_in)
    # The operator offers no cash accounts any more: refunds go back to where the money came from.
    yield from (partial(_forget_choice, platform, investor_id) for investor_id in choosers)


def _compare(platform: Platform) -> int:
    """Compare what the custodians hold with the books, when nothing moves that they know and the books do not."""
    books, owed, moving = _books(platform)
    try:
        told = _told(platform)
    except GatewayError as error:  # the timetable brings the next run
        log.warning("custodian_not_asked", kind=type(error).__name__, code=error.code)
        return 0
    if (books, owed, moving) != _books(platform):
        return 0
    written = 0
    for found in daily.compare(books, owed, told):
        if not (found.difference and moving):
            written += _keep(platform, found)
    return written


def _books(platform: Platform) -> tuple[dict[tuple[str, str], int], dict[str, int], bool]:
    with platform.database.snapshot() as view:
        return ledger.client_cash(view.session), ledger.owed_cash(view.session), queries.moves_now(view.session)


def _told(platform: Platform) -> dict[tuple[str, str], int]:
    """The outside world, asked with no transaction open."""
    return {
        (gateway.name, one.amount.currency): one.amount.minor
        for gateway in platform.gateways.values()
        if Role.CUSTODIAN in gateway.caps.roles
        for one in gateway.balances()
        if one.account == CASH_ACCOUNTS
    }


def _keep(platform: Platform, found: Compared) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        written = daily.keep(tx, found)
    if written and found.difference:
        log.error("cash_differs", gateway=found.gateway, currency=found.currency, difference=found.difference)
    return int(written)


def _stop(platform: Platform, instruction_id: int) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        actions.stop_unpaid(tx, instruction_id)
    return 1


def _carry(platform: Platform, instruction_id: int) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        return int(carrying.carry(tx, instruction_id))


def _carry_back(platform: Platform, instruction_id: int) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        return int(carrying.carry_back(tx, instruction_id))


def _tell(platform: Platform, found: Idle) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        actions.tell_dormant(tx, found)
    return 0


def _call_off(platform: Platform, distribution_id: int) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        return int(distributions.call_off_unpaid(tx, distribution_id))


def _forget_choice(platform: Platform, investor_id: int) -> int:
    with platform.database.transaction(SYSTEM, "keep_cash") as tx:
        actions.choose_refunds(tx, investor_id, to_cash=False)
    return 1
