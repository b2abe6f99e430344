"""What ends a pledge because a time is over: it kept its place unpaid, or its money could soon not be given back."""

from __future__ import annotations

from app.database import Transaction
from app.offerings.lifecycle import LIVE
from app.pledges import saved
from app.pledges.actions import stop, take
from app.pledges.lifecycle import RESERVED
from app.pledges.models import StopReason


def expire(tx: Transaction, pledge_id: int) -> None:
    """End a pledge that kept its place unpaid for too long; one that was paid meanwhile is left alone.

    Locks: offering (shared), pledge; and see `stop`.
    """
    pledge = take(tx, pledge_id)
    if pledge.status == RESERVED and pledge.pay_until is not None and pledge.pay_until < tx.now:
        stop(tx, pledge, StopReason.EXPIRED)


def give_back(tx: Transaction, pledge_id: int) -> bool:
    """Refund a held pledge of an open offering whose method could not give the money back at its end; return whether.

    Its investor is told that they can pledge again and pay in another way. Locks: offering (shared), pledge; and see `stop`.
    """
    pledge = take(tx, pledge_id)
    offering = pledge.offering
    on = saved.returned_on(pledge, offering, tx.now)
    if on is None or tx.now < on or offering.status != LIVE:
        return False
    stop(tx, pledge, StopReason.REFUND_TIME_ENDS)
    return True
