"""Where one refund goes, while nobody has sent it yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit import actions as audit
from app.cash import queries as cash_queries
from app.database import Transaction
from app.errors import Refused
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.lifecycle import QUEUED
from app.payments.models import Instruction
from app.payments.port import Method, OpKind
from app.pledges import paying_for
from app.pledges.actions import take
from app.pledges.models import Pledge


def choose(tx: Transaction, pledge_id: int, *, to_cash: bool) -> None:
    """Send a refund that waits into the cash account, or back to where the money came from.

    Raises Refused: "refund_sent" (it is on its way, or there is none), "refund_to_source" (a scheme wants it back there).
    Locks: offering (shared), pledge, instruction. Writes: instruction, audit.
    """
    pledge = take(tx, pledge_id)
    waiting = _refund(tx.session, pledge)
    if waiting is None:
        raise Refused("refund_sent")
    row = payments.lock(tx, waiting.id)
    paid = payment_queries.collection(tx.session, pledge.id)
    if not _waits(row) or paid is None:
        raise Refused("refund_sent")
    if paid.kind == OpKind.FROM_CASH or (to_cash and not paying_for.may_stay_here(pledge.offering, paid, tx.now)):
        raise Refused("refund_to_source")
    row.method = Method.CASH_ACCOUNT if to_cash else None
    audit.record(tx, "choose_refund", "instructions", row.id, to_cash=to_cash)


def may_choose(session: Session, pledge: Pledge, offering: Offering) -> Instruction | None:
    """The refund of a pledge whose way can still be chosen."""
    row, paid = _refund(session, pledge), payment_queries.collection(session, pledge.id)
    if row is None or paid is None or not _waits(row) or paid.kind == OpKind.FROM_CASH:
        return None
    return row if paying_for.may_stay_here(offering, paid, row.created_at) else None


def would_go_into_cash(session: Session, pledge: Pledge, offering: Offering, now: datetime) -> bool:
    """Whether a refund that were owed now would go into the cash account."""
    paid = payment_queries.collection(session, pledge.id)
    wanted = cash_queries.refunds_to_cash(session, pledge.investor_id)
    return paid is not None and paying_for.refund_way(offering, paid, now, wanted=wanted) == Method.CASH_ACCOUNT


def goes_into_cash(session: Session, pledge: Pledge) -> bool:
    """Whether what is, or was, given back for a pledge goes into the cash account."""
    row = _refund(session, pledge)
    return row is not None and row.method == Method.CASH_ACCOUNT


def _refund(session: Session, pledge: Pledge) -> Instruction | None:
    """The latest, but for money that no pledge wanted."""
    found = payment_queries.refunds(session, pledge.id)
    return found[-1] if found else None


def _waits(row: Instruction) -> bool:
    return row.status == QUEUED and row.first_sent_at is None
