"""What an investor is told about a pledge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.cash.messages import whom
from app.database import Transaction
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings.models import Offering
from app.payments import queries
from app.pledges.models import Pledge
from app.pledges.queries import PlainPledge

#: What tells that money goes back.
_GIVES_BACK = (Message.REFUND_DUE, Message.PLEDGE_SCALED)


def tell(
    tx: Transaction,
    pledge: Pledge,
    offering: Offering,
    kind: Message,
    *,
    amount: Money | None = None,
    receipt: Mapping[str, Any] | None = None,
    about: str | None = None,
    into_cash: bool = False,
) -> None:
    """Queue a message to the investor about this pledge, and its amount unless another is meant. Writes: message.

    `into_cash`: what is given back goes into their cash account. What is given back says when, if its gateway waits. `receipt` is what the law said, where that belongs into the message.
    """
    paid = queries.collection(tx.session, pledge.id) if kind in _GIVES_BACK else None
    not_before = queries.given_back_from(paid, tx.now)
    notifications.enqueue(
        tx, pledge.investor.user_id, kind, about or f"pledge:{pledge.id}",
        **facts(pledge, offering, amount or pledge.amount, into_cash=into_cash, not_before=not_before),
        # It leads to the page where its reader gives a bank account.
        **({"whom": whom(pledge.investor)} if kind is Message.REFUND_FAILED else {}),
        **({} if receipt is None else {"receipt": receipt}),
    )  # fmt: skip


def facts(
    pledge: Pledge | PlainPledge,
    offering: Offering,
    amount: Money,
    *,
    into_cash: bool = False,
    not_before: datetime | None = None,
) -> dict[str, Any]:
    """What every message about a pledge may say, with the amount that is meant, and from when on that can go back."""
    return {
        "ref": pledge.ref,
        "offering": offering.name,
        "minor": amount.minor,
        "fee_minor": pledge.fee_minor,
        "currency": amount.currency,
        "shares": pledge.shares,
        "wished": pledge.wished_shares,
        "stop_reason": pledge.stop_reason,
        "funding_refused": pledge.funding_refused,
        "into_cash": into_cash,
        "not_before": not_before.isoformat() if not_before else None,
        "cancel_until": pledge.cancel_until.isoformat() if pledge.cancel_until else None,
        "charge_at": pledge.charge_at.isoformat() if pledge.charge_at else None,
        "pay_until": pledge.pay_until.isoformat() if pledge.pay_until else None,
        "zone": offering.deadline_zone,
    }
