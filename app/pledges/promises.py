"""Pledges whose investor keeps a way to pay with us: promised, in a book of its own, until they are charged or end.

Nothing here decides when: `saved.py` does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.audit import actions as audit
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import entries
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.port import Ref
from app.pledges.lifecycle import AUTHORISED
from app.pledges.models import Pledge


def promise(tx: Transaction, pledge: Pledge, instrument: Ref, charge_at: datetime) -> int:
    """Let a locked pledge be promised; return so much more of its offering is, in minor units. P1.

    Locks: accounts. Writes: pledge, entry, audit.
    """
    audit.transition(tx, pledge, "promise", amount=pledge.amount, charge_at=charge_at)
    pledge.instrument, pledge.charge_at, pledge.pay_until = str(instrument), charge_at, None
    ledger.post(tx, entries.pledge_promised(pledge.offering_id, pledge.id, pledge.amount, _key(tx, pledge, "promise")))
    return pledge.amount_minor


def move(tx: Transaction, pledge: Pledge, event: str, **facts: Any) -> int:
    """Move a locked pledge along its table; return how much less of its offering is promised, in minor units. P8.

    It stands in the counter of the offering until the caller takes it out: that row is locked last.
    Locks: accounts. Writes: pledge, entry, audit.
    """
    was_promised = pledge.status == AUTHORISED
    audit.transition(tx, pledge, event, **facts)
    if not was_promised:
        return 0
    ledger.post(tx, entries.promise_ended(pledge.offering_id, pledge.id, pledge.amount, _key(tx, pledge, event)))
    return pledge.amount_minor


def forget(tx: Transaction, pledge: Pledge) -> None:
    """Know no way to pay of a locked pledge any more, and wait for none; it is moved on next.

    Locks: instruction. Writes: pledge, instruction.
    """
    keeping = payment_queries.keeping(tx.session, pledge.id)
    if keeping is not None:
        payments.give_up(tx, payments.lock(tx, keeping.id))
    pledge.instrument = pledge.charge_at = None  # not before the queries: a promised one must have it


def _key(tx: Transaction, pledge: Pledge, event: str) -> str:
    """Between two tries to charge it, a pledge is promised at most once and leaves that by each event at most once."""
    return f"{event}:pledge:{pledge.id}:{payment_queries.tries(tx.session, pledge.id)}"
