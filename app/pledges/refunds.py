"""The refund of a pledge as an instruction: sent, held back while its bank looks into a dispute, or stopped in time."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.cash import queries as cash
from app.database import Transaction
from app.ledger import queries as books
from app.ledger.chart import Code
from app.money import Money
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.lifecycle import CANCELLED, FAILED, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import Method, OpKind
from app.pledges import paying_for
from app.pledges.lifecycle import LIVE
from app.pledges.models import Pledge

#: What the refund of a part is called by, where a closing gave fewer shares: the pledge itself goes on.
_PART = "refund:part:"


def is_part(row: Instruction) -> bool:
    """Whether it returns only what a closing did not allot."""
    return row.business_key.startswith(_PART)


def disputed(session: Session, pledge: Pledge) -> Money:
    """What the payer's bank has taken while it looks into a complaint."""
    minor = books.balance(session, Code.DISPUTED, pledge.currency, offering_id=pledge.offering_id, pledge_id=pledge.id)
    return Money(minor, pledge.currency)


def disputed_in(session: Session, offering_id: int) -> set[int]:
    """The pledges of an offering whose payers' banks have taken money while they look into a complaint."""
    return books.pledges_with(session, Code.DISPUTED, offering_id)


def is_paid_whole(session: Session, offering_id: int) -> bool:
    """Whether somebody pays for a pledge, or is going to, in a way that can give back everything and no part."""
    paid = exists().where(
        Instruction.pledge_id == Pledge.id, Instruction.refunds_whole, Instruction.status.not_in((FAILED, CANCELLED))
    )
    living = Pledge.offering_id == offering_id, Pledge.status.in_(LIVE)
    return session.scalars(select(exists().where(*living, paid))).one()


def send(tx: Transaction, pledge: Pledge) -> Method | None:
    """Have what is owed for a locked pledge sent back, unless its bank has it already; return `CASH_ACCOUNT` where it goes
    into the investor's cash account. Writes: instruction, audit.
    """
    if disputed(tx.session, pledge):
        return None  # it would go out twice: whichever way the dispute ends, see `taken_back`
    if not stop(tx, pledge):
        return None  # one is on its way: what becomes of it decides
    before = len(payment_queries.refunds(tx.session, pledge.id))
    return _instruct(tx, pledge, f"refund:pledge:{pledge.id}" + (f":{before + 1}" if before else ""), pledge.to_pay)


def send_part(tx: Transaction, pledge: Pledge, part: Money) -> Method | None:
    """As `send`, but only what a closing did not allot to a locked pledge. Writes: instruction, audit."""
    before = len(_parts(tx, pledge))
    return _instruct(tx, pledge, f"{_PART}pledge:{pledge.id}" + (f":{before + 1}" if before else ""), part)


def stop_part(tx: Transaction, pledge: Pledge) -> Money:
    """Take back the refund of what a closing did not allot to a locked pledge; what is owed for it and not on its way.

    Locks: instruction. Writes: instruction, audit.
    """
    under_way = [payments.lock(tx, row.id) for row in _parts(tx, pledge) if not _is_over(row)]
    stopped = [take_back(tx, row) for row in under_way]
    return owed(tx.session, pledge) if all(stopped) else Money.zero(pledge.currency)


def _parts(tx: Transaction, pledge: Pledge) -> list[Instruction]:
    """What was asked to return what a closing did not allot, to a bank account in its stead too."""
    rows = payment_queries.ways_back(tx.session, pledge.id)
    return [row for row in rows if is_part(row) or row.kind == OpKind.PAY_BACK]


def owed(session: Session, pledge: Pledge) -> Money:
    """What the books owe back for a pledge."""
    code, currency = Code.REFUND_PAYABLE, pledge.currency
    minor = books.balance(session, code, currency, offering_id=pledge.offering_id, pledge_id=pledge.id)
    return Money(minor, currency)


def _instruct(tx: Transaction, pledge: Pledge, key: str, amount: Money) -> Method | None:
    collection = payment_queries.collection(tx.session, pledge.id)
    assert collection is not None  # what is held was collected
    offering = pledge.offering
    wanted = bool(cash.wanting_cash(tx.session, [pledge.investor_id]))
    way = paying_for.refund_way(offering, collection, tx.now, wanted=wanted)
    payments.instruct(
        tx,
        OpKind.REFUND,
        key,
        gateway=collection.gateway,
        amount=amount,
        offering_id=pledge.offering_id,
        pledge_id=pledge.id,
        about_id=collection.id,
        reference=pledge.ref,
        method=way,
    )
    return way


def pay_back(tx: Transaction, pledge: Pledge, *, refused_too: bool = False) -> bool:
    """Pay what is owed for a locked pledge, and could not go back where it came from, to its investor's bank account.

    `refused_too`: also where the gateway refused the refund, and a person looked: a dispute may be why, of which we have not
    heard yet. False: nothing failed, it is on its way already, or there is no account that may be used yet.
    Locks: instructions. Writes: instructions, audit.
    """
    rows = payment_queries.ways_back(tx.session, pledge.id)
    account = cash.bank_account(tx.session, pledge.investor_id)
    amount = owed(tx.session, pledge)
    if not rows or not amount or not all(_is_given_up(row, refused_too) for row in rows):
        return False
    if disputed(tx.session, pledge) or account is None or account.usable_from > tx.now:
        return False
    if any(row.payee_id == account.id and row.status != CANCELLED for row in rows):
        return False  # it did not take it before: its owner has to give another one
    for row in rows:
        if row.status == FAILED:
            payments.pay_otherwise(tx, payments.lock(tx, row.id))
        elif row.may_be_repeated:
            take_back(tx, payments.lock(tx, row.id))
    offering = pledge.offering
    assert offering.gateway is not None  # what is held is held for a public offering
    payments.instruct(
        tx, OpKind.PAY_BACK, f"pay_back:pledge:{pledge.id}:{len(rows)}", gateway=offering.gateway,
        amount=amount, offering_id=offering.id, pledge_id=pledge.id, payee_id=account.id,
        reference=pledge.ref,
    )  # fmt: skip
    tx.wake("carry_money")
    return True


def _is_given_up(row: Instruction, refused_too: bool) -> bool:
    return row.status in (SUCCEEDED, FAILED, CANCELLED) or (refused_too and row.may_be_repeated)


def stop(tx: Transaction, pledge: Pledge) -> bool:
    """Take back the refund of a locked pledge that is owed one; False when it is on its way.

    One that the gateway refused is given up, too: nobody may send it again. One that had arrived came back since.
    Locks: instruction. Writes: instruction, audit.
    """
    rows = [row for row in payment_queries.ways_back(tx.session, pledge.id) if not is_part(row) and not _is_over(row)]
    taken_back = [take_back(tx, payments.lock(tx, row.id)) for row in rows]
    return all(taken_back)


def _is_over(row: Instruction) -> bool:
    return row.status in (CANCELLED, SUCCEEDED) or (row.status == FAILED and not row.may_be_repeated)


def take_back(tx: Transaction, row: Instruction) -> bool:
    """Give up a locked one of which nothing was made; False: it may be on its way. Writes: instruction, audit."""
    if row.may_be_repeated:  # nothing was made of it: back into the queue, and out of it
        payments.try_again(tx, row.op_id)
        tx.session.flush()  # the database knows no shorter way
    return payments.withdraw(tx, row)
