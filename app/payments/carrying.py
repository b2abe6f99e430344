"""Money that is carried from one gateway to another, whoever it is for: what each line of it is, what came back, what may be
withdrawn. What came back is carried again by a new instruction, as often as the policy says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.database import Transaction
from app.ledger import queries as books
from app.payments import actions, lines, queries
from app.payments.lifecycle import CANCELLED, FAILED, REVIEW, SUCCEEDED
from app.payments.models import KEY_FORGOTTEN, PAID_OTHERWISE, Instruction
from app.payments.port import OpKind, Txn, TxnKind
from app.regimes import platform_policy

#: The `code` of what came back too often to be carried once more by itself.
CAME_BACK = "came_back"
#: The entries by which it left, and those by which it is again where it was.
GONE = {
    OpKind.TO_CUSTODY: ("custody_transfer_sent",),
    OpKind.FROM_CUSTODY: ("custody_return_sent", "cash_sent_back"),
}
BACK = {
    OpKind.TO_CUSTODY: ("custody_return_received",),
    OpKind.FROM_CUSTODY: ("custody_transfer_received", "cash_arrived"),
}


def moves(row: Instruction, line: Txn) -> bool:
    """Whether a line is of the money itself. A price of its own is not, nor what nobody can tell: a person looks at that."""
    if line.kind == TxnKind.PAYOUT_FAILED:
        return row.kind in GONE and line.amount == row.amount
    if row.kind in GONE:  # to an account at the same gateway it is moved
        return line.kind in (TxnKind.PAYOUT, TxnKind.MOVE) and line.gone == row.amount
    return line.kind not in (TxnKind.FEE, TxnKind.OTHER)


def is_price(row: Instruction, line: Txn) -> bool:
    """Whether a line is a gateway's price for sending it. One for receiving, or for what the platform pays in, is shown to a
    person: to make that good, too, might cost the same again and again.
    """
    return row.kind in GONE and lines.is_price(line)


def is_away(session: Session, sent: Instruction) -> bool:
    kinds, kind = books.kinds_of(session, sent.id), OpKind(sent.kind)
    return sum(kinds[one] for one in GONE[kind]) != sum(kinds[one] for one in BACK[kind])


def is_back(session: Session, sent: Instruction) -> bool:
    """Whether the money is where it was to be sent from, and this one is never sent again."""
    if sent.status == FAILED:
        return sent.code == PAID_OTHERWISE
    return sent.status == CANCELLED or (sent.status == SUCCEEDED and not is_away(session, sent))


def came_back(tx: Transaction, sent: Instruction) -> bool:
    """If the money of a locked one that was answered is where it was, that one is over, and nobody waits for it any more.

    Locks: instructions. Writes: instructions, audit.
    """
    if sent.status not in (SUCCEEDED, FAILED) or is_away(tx.session, sent):
        return False
    for one in queries.about(tx.session, sent.id):
        if one.kind == OpKind.ARRIVAL:
            _wait_no_longer(tx, actions.lock(tx, one.id))
    if sent.status == FAILED and sent.code != PAID_OTHERWISE:
        actions.pay_otherwise(tx, sent)
    return True


def _wait_no_longer(tx: Transaction, waiting: Instruction) -> None:
    if waiting.may_be_repeated:
        _put_in_queue(tx, waiting)
    actions.give_up(tx, waiting)


def withdraw(tx: Transaction, sent: Instruction) -> bool:
    """Take back what waits to be sent, for a person too; False: it may be on its way. Writes: instruction, audit."""
    if sent.status == REVIEW and sent.may_be_repeated and sent.code != KEY_FORGOTTEN:
        _put_in_queue(tx, sent)
    return actions.withdraw(tx, sent)


def _put_in_queue(tx: Transaction, row: Instruction) -> None:
    actions.try_again(tx, row.op_id)
    tx.session.flush()  # the database knows no shorter way


def again_from(now: datetime) -> datetime:
    """What came back is carried again when it was asked for before this."""
    return now - timedelta(hours=platform_policy.cash_accounts(now)["carry_again_hours"])


def bound(tx: Transaction, asked: Instruction, times: int) -> None:
    """What came back so often that the policy lets it go no further waits for a person, who has it sent.

    Locks: instruction. Writes: instruction, audit.
    """
    if times >= platform_policy.cash_accounts(tx.now)["carry_times"]:
        actions.call_a_person(tx, asked.id, CAME_BACK)
