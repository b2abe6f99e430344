"""Ways to pay that are kept now and charged near the deadline: where money taken now could not be given back long enough.

Kept: the pledge is promised (`promises.py`). Then it is charged, on several days if it must be; paid, it is held as by any
method; not paid, it ends without any charge.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.database import Transaction
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.lifecycle import LIVE
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.lifecycle import ACTION_REQUIRED, CANCELLED, FAILED, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import FUNDING_REFUSED, Outcome, Ref
from app.payments.ways import PaymentWay
from app.pledges import paying_for, promises
from app.pledges.actions import take
from app.pledges.lifecycle import AUTHORISED, HELD, PROCESSING, RESERVED
from app.pledges.messages import tell
from app.pledges.models import Pledge
from app.regimes import platform_policy


def kept(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a request to keep a way to pay: kept, its pledge is promised. Twice equals once.

    Not kept, the pledge waits on for its investor to choose another way.
    Locks: offering (shared), pledge, instruction, accounts, progress.
    Writes: instruction, pledge, entry, message, progress, audit.
    """
    pledge = take(tx, _pledge_id(tx, instruction_id))
    row = payments.lock(tx, instruction_id)
    if not payments.record(tx, row, outcome) or row.status != SUCCEEDED or pledge.status != RESERVED:
        return
    assert outcome.instrument is not None  # it is what makes this a success
    offering = pledge.offering
    promised = promises.promise(tx, pledge, outcome.instrument, paying_for.charge_from(offering, tx.now))
    tell(tx, pledge, offering, Message.PLEDGE_PROMISED, amount=pledge.to_pay)
    offerings.count(tx, offering.id, promised=promised)


def not_kept(tx: Transaction, instruction_id: int, code: str) -> None:
    """The gateway will never keep this way to pay; the pledge waits on for its investor to choose another one.

    Locks: offering (shared), pledge, instruction. Writes: instruction, audit.
    """
    take(tx, _pledge_id(tx, instruction_id))
    payments.fail(tx, payments.lock(tx, instruction_id), code)


def _pledge_id(tx: Transaction, instruction_id: int) -> int:
    pledge_id = payment_queries.instruction(tx.session, instruction_id).pledge_id
    assert pledge_id is not None  # a way to pay is kept for a pledge
    return pledge_id


def charge(tx: Transaction, pledge_id: int, ways: Iterable[PaymentWay]) -> bool:
    """Charge what is kept for a pledge whose day has come; return whether it was asked for.

    It stays promised until the gateway answers. Locks: offering (shared), pledge. Writes: pledge, instruction, audit.
    """
    pledge = take(tx, pledge_id)
    offering = pledge.offering
    is_due = pledge.status == AUTHORISED and pledge.charge_at is not None and pledge.charge_at <= tx.now
    if not is_due or offering.status != LIVE:
        return False
    keeping = payment_queries.keeping(tx.session, pledge.id)
    assert keeping is not None and pledge.instrument is not None  # it was promised by them
    way = next(way for way in ways if (way.gateway, way.method) == (keeping.gateway, keeping.method))
    pledge.charge_at = None
    paying_for.collect(tx, pledge, offering, way, Ref.read(pledge.instrument))
    return True


def stays_promised(tx: Transaction, pledge: Pledge, row: Instruction) -> bool:
    """Whether a locked pledge goes on being promised after what a try to charge it came to; its investor is told.

    Their bank may ask for themselves: then they get a link. Or the try failed: then there is another one on another day,
    as often as the policy says. Locks: accounts, progress. Writes: pledge, entry, message, progress, audit.
    """
    if pledge.instrument is None or pledge.status not in (AUTHORISED, PROCESSING):
        return False
    offering = pledge.offering
    if row.status == ACTION_REQUIRED:
        tell(tx, pledge, offering, Message.CHARGE_NEEDS_YOU, amount=pledge.to_pay, about=f"instruction:{row.id}")
        return True
    again = _next_try(tx, pledge, offering)
    if row.status not in (FAILED, CANCELLED) or row.code == FUNDING_REFUSED or again is None:
        return False
    promised = 0
    if pledge.status == PROCESSING:
        promised = promises.promise(tx, pledge, Ref.read(pledge.instrument), again)
    pledge.charge_at = again
    tell(tx, pledge, offering, Message.CHARGE_DECLINED, amount=pledge.to_pay, about=f"instruction:{row.id}")
    offerings.count(tx, offering.id, promised=promised)
    return True


def _next_try(tx: Transaction, pledge: Pledge, offering: Offering) -> datetime | None:
    """When it is charged again; None when the last try is over, or the offering is by then."""
    policy = platform_policy.settling(tx.now)
    again = tx.now + timedelta(days=policy["charge_again_days"])
    is_open = offering.status == LIVE and offering.deadline_at is not None and again < offering.deadline_at
    return again if is_open and payment_queries.tries(tx.session, pledge.id) < policy["charge_times"] else None


def follow_deadline(tx: Transaction, pledge: Pledge, offering: Offering) -> None:
    """Set the day of the first charge of a locked pledge anew, when its offering's deadline moved. Writes: pledge.

    What was tried before is tried again when it was going to be.
    """
    if pledge.status == AUTHORISED and payment_queries.tries(tx.session, pledge.id) == 0:
        pledge.charge_at = paying_for.charge_from(offering, tx.now)


def returned_on(pledge: Pledge, offering: Offering, now: datetime) -> datetime | None:
    """When the money of a held pledge goes back because its method cannot wait for the end of its offering.

    None: it can, or is not there. The job that does it is `return_in_time` (`due.give_back`).
    """
    if pledge.status != HELD or pledge.refundable_until is None or offering.deadline_at is None:
        return None
    on = pledge.refundable_until - timedelta(days=platform_policy.settling(now)["grace_days"])
    return on if on < offering.deadline_at else None
