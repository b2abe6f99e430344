"""How a pledge is paid: what it asks of a method, and what is done with the way that its investor chose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.cash import actions as cash
from app.cash import queries as cash_queries
from app.database import Transaction
from app.errors import Refused
from app.offerings.models import SCALED, Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments import ways
from app.payments.port import Method, OpKind, Ref
from app.payments.ways import Needs, Pattern, PaymentWay, Plan
from app.pledges import funding
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.regimes.regime import Regime
from app.switches import actions as switches
from app.switches.models import Direction


def needs(offering: Offering, regime: Regime, now: datetime, cancel_until: datetime | None) -> Needs:
    """What an open offering asks of a method, for a pledge that may be cancelled until then."""
    assert offering.deadline_at is not None  # an open offering has one
    policy, gathered = platform_policy.settling(now), platform_policy.gather_until(offering.deadline_at)
    return Needs(
        now=now,
        until=gathered,
        charge_from=charge_from(offering, now),
        last_refund=max(gathered, cancel_until or gathered) + timedelta(days=policy["grace_days"]),
        qualified_holder=regime.needs_qualified_custodian,
        part_may_return=offering.oversubscription_rule in SCALED,
    )


def charge_from(offering: Offering, now: datetime) -> datetime:
    """When kept ways to pay are charged; now, where that is past."""
    assert offering.deadline_at is not None  # an open offering has one
    return max(offering.deadline_at - timedelta(days=platform_policy.settling(now)["charge_before_days"]), now)


def plan(tx: Transaction, pledge: Pledge, offering: Offering, regime: Regime, way: PaymentWay) -> Plan:
    """What this way is good for, for this pledge, now."""
    return ways.plan(way.caps, pledge.to_pay, needs(offering, regime, tx.now, pledge.cancel_until))


def plans(pledge: Pledge, found: Iterable[PaymentWay], asked: Needs) -> list[tuple[PaymentWay, Plan]]:
    """Every way with what it is good for: those that fit first, in the order of the gateways."""
    planned = [(way, ways.plan(way.caps, pledge.to_pay, asked)) for way in found]
    return sorted(planned, key=lambda one: one[1].pattern is Pattern.REFUSE)


def with_cash(
    session: Session, pledge: Pledge, offering: Offering, found: Sequence[PaymentWay], cash_way: PaymentWay | None, now: datetime
) -> list[PaymentWay]:  # fmt: skip
    """The ways to pay a pledge, its investor's cash account first where that has enough."""
    if cash_way is None or not _may_be_cash(offering, cash_way, now):
        return list(found)
    free = cash_queries.balance(session, pledge.investor_id, pledge.currency).free
    return [cash_way, *found] if pledge.to_pay <= free else list(found)


def _may_be_cash(offering: Offering, way: PaymentWay, now: datetime) -> bool:
    """The same custodian holds both, and the policy lets these rules be."""
    return offering.gateway == way.gateway and offering.regime not in platform_policy.cash_accounts(now)["not_under"]


def _out_of_cash(tx: Transaction, pledge: Pledge, offering: Offering, way: PaymentWay) -> None:
    if not _may_be_cash(offering, way, tx.now):
        raise Refused("choice_unknown", field="method")
    free = cash_queries.balance(tx.session, pledge.investor_id, pledge.currency).free
    cash.require_free(free, pledge.to_pay, field="method")
    tries = payment_queries.tries(tx.session, pledge.id)
    asked = payments.instruct(
        tx, OpKind.FROM_CASH, f"from_cash:pledge:{pledge.id}:{tries + 1}", gateway=way.gateway, method=way.method,
        amount=pledge.to_pay, offering_id=offering.id, pledge_id=pledge.id, reference=pledge.ref,
    )  # fmt: skip
    cash.reserve(tx, pledge.investor_id, asked)


class PaidBy(Protocol):
    """What is asked of the payment that a refund is about."""

    @property
    def kind(self) -> str: ...
    @property
    def gateway(self) -> str: ...
    @property
    def method(self) -> str | None: ...


def refund_way(offering: Offering, paid: PaidBy, now: datetime, *, wanted: bool) -> Method | None:
    """Into the cash account, where the money came from there, or its investor wants it and the scheme lets it; None: back
    to where it came from.
    """
    if paid.kind == OpKind.FROM_CASH:
        return Method.CASH_ACCOUNT
    return Method.CASH_ACCOUNT if wanted and may_stay_here(offering, paid, now) else None


def may_stay_here(offering: Offering, paid: PaidBy, now: datetime) -> bool:
    """Whether a refund of this payment may go into a cash account: it lies with the offering's custodian, and no scheme
    wants it back at its source.
    """
    return paid.gateway == offering.gateway and paid.method not in platform_policy.cash_accounts(now)["back_to_source"]


def begin(tx: Transaction, pledge: Pledge, offering: Offering, regime: Regime, way: PaymentWay) -> None:
    """Ask the gateway for the money of a locked pledge, or to keep a way to pay that is charged later.

    Raises Refused: "method_refused", "switched_off", and for their cash "cash_not_enough"; its investor is locked then.
    Locks: accounts. Writes: pledge, instruction, entry, audit.
    """
    switches.require_on(tx, Direction.IN, offering_id=offering.id, gateway=way.gateway, pledge_id=pledge.id)
    planned = plan(tx, pledge, offering, regime, way)
    if planned.why is not None:
        raise Refused("method_refused", field="method", why=planned.why)
    if way.method is Method.CASH_ACCOUNT:
        _out_of_cash(tx, pledge, offering, way)
    elif planned.pattern is Pattern.HOLD:
        collect(tx, pledge, offering, way)
    else:
        _instruct(tx, OpKind.SETUP, pledge, way)


def collect(
    tx: Transaction, pledge: Pledge, offering: Offering, way: PaymentWay, instrument: Ref | None = None
) -> None:
    """Ask the gateway for the money of a locked pledge; with an instrument, without its holder.

    How long it can be given back is counted from now: it is never paid earlier. Writes: pledge, instruction, audit.
    """
    pledge.refundable_until = ways.refundable_until(way.caps, tx.now)
    refused = funding.to_decline(tx, pledge, offering)
    _instruct(tx, OpKind.COLLECT, pledge, way, instrument=instrument, refused_funding=refused)


def _instruct(tx: Transaction, kind: OpKind, pledge: Pledge, way: PaymentWay, **more: Any) -> None:
    """Each try is an act of its own."""
    tries = payment_queries.tries(tx.session, pledge.id, kind)
    payments.instruct(
        tx,
        kind,
        f"{kind}:pledge:{pledge.id}" + (f":{tries + 1}" if tries else ""),
        gateway=way.gateway,
        method=way.method,
        amount=pledge.to_pay,
        offering_id=pledge.offering_id,
        pledge_id=pledge.id,
        reference=pledge.ref,
        caps=way.caps,
        **more,
    )
