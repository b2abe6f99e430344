"""How a pledge is paid: what it asks of a method, and what is done with the way that its investor chose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from app.database import Transaction
from app.errors import Refused
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments import ways
from app.payments.port import OpKind, Ref
from app.payments.ways import Needs, Pattern, PaymentWay, Plan
from app.pledges import funding
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.regimes.regime import Regime


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


def begin(tx: Transaction, pledge: Pledge, offering: Offering, regime: Regime, way: PaymentWay) -> None:
    """Ask the gateway for the money of a locked pledge, or to keep a way to pay that is charged later.

    Raises Refused("method_refused", why=…). Writes: pledge, instruction, audit.
    """
    planned = plan(tx, pledge, offering, regime, way)
    if planned.why is not None:
        raise Refused("method_refused", field="method", why=planned.why)
    if planned.pattern is Pattern.HOLD:
        collect(tx, pledge, offering, way)
        return
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
        clearing_hold=way.caps.clearing_hold or None,
        **more,
    )
