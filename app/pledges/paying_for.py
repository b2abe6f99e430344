"""How a pledge is paid: what it asks of a method, and the payment that its investor chose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.database import Transaction
from app.errors import Refused
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments import ways
from app.payments.port import OpKind
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
        charge_from=offering.deadline_at - timedelta(days=policy["charge_before_days"]),
        last_refund=max(gathered, cancel_until or gathered) + timedelta(days=policy["grace_days"]),
        qualified_holder=regime.needs_qualified_custodian,
    )


def plans(pledge: Pledge, found: Iterable[PaymentWay], asked: Needs) -> list[tuple[PaymentWay, Plan]]:
    """Every way with what it is good for: those that fit first, in the order of the gateways."""
    planned = [(way, ways.plan(way.caps, pledge.to_pay, asked)) for way in found]
    return sorted(planned, key=lambda one: one[1].pattern is Pattern.REFUSE)


def collect(tx: Transaction, pledge: Pledge, offering: Offering, regime: Regime, way: PaymentWay) -> None:
    """Ask the gateway for the money of a locked pledge.

    Raises Refused("method_refused", why=…). Writes: instruction, audit.
    """
    planned = ways.plan(way.caps, pledge.to_pay, needs(offering, regime, tx.now, pledge.cancel_until))
    if planned.pattern is not Pattern.HOLD:
        raise Refused("method_refused", field="method", why=planned.why or planned.pattern)
    tries = payment_queries.tries(tx.session, pledge.id)
    payments.instruct(
        tx,
        OpKind.COLLECT,
        f"collect:pledge:{pledge.id}" + (f":{tries + 1}" if tries else ""),
        gateway=way.gateway,
        method=way.method,
        amount=pledge.to_pay,
        offering_id=offering.id,
        pledge_id=pledge.id,
        reference=pledge.ref,
        refused_funding=funding.to_decline(tx, pledge, offering),
        clearing_hold=way.caps.clearing_hold or None,
    )
