"""Pledges paid on credit: what the platform's policy says to them under the rules of an offering."""

from __future__ import annotations

from sqlalchemy import func, select

from app.database import Transaction
from app.money import Money
from app.offerings.models import Offering
from app.payments.port import Funding
from app.pledges.lifecycle import ALLOTTED, HELD, SETTLED
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.regimes.calendar import months_before
from app.regimes.platform_policy import CreditLimit


def to_decline(tx: Transaction, pledge: Pledge, offering: Offering) -> list[str]:
    """The kinds of funding that the gateway is asked to decline for this pledge."""
    limit = _limit(tx, offering)
    total = _on_credit(tx, pledge, limit) + pledge.amount
    return [kind for kind in limit.kinds if limit.refuses(kind, total)]


def may_stay(tx: Transaction, pledge: Pledge, offering: Offering, funding: Funding | None) -> bool:
    """Whether money that came for a locked pledge may be held, being what it is: one payment of an investor at a time."""
    limit = _limit(tx, offering)
    if funding not in limit.kinds:
        return True
    tx.one_at_a_time(f"credit:{pledge.investor_id}")
    return not limit.refuses(funding, _on_credit(tx, pledge, limit) + pledge.amount)


def _limit(tx: Transaction, offering: Offering) -> CreditLimit:
    return platform_policy.credit_limit(offering.regime, offering.currency, platform_policy.PACK.day_of(tx.now))


def _on_credit(tx: Transaction, pledge: Pledge, limit: CreditLimit) -> Money:
    """What the investor's other pledges in this currency brought on credit within the months of the limit."""
    since = months_before(tx.now.date(), limit.months)
    minor = tx.session.scalars(
        select(func.coalesce(func.sum(Pledge.amount_minor), 0)).where(
            Pledge.investor_id == pledge.investor_id,
            Pledge.id != pledge.id,
            Pledge.currency == pledge.currency,
            Pledge.funding.in_(limit.kinds),
            Pledge.status.in_((HELD, ALLOTTED, SETTLED)),
            Pledge.placed_at >= since,
        )
    ).one()
    return Money(int(minor), pledge.currency)
