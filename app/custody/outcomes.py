"""What gateways answer about money that is carried: it was sent, it arrived, it came back, the platform paid in."""

from __future__ import annotations

from collections.abc import Callable

from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import entries
from app.ledger import queries as books
from app.ledger.draft import Evidence
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import carrying
from app.payments import queries as payment_queries
from app.payments.lifecycle import FAILED, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import OpKind, Outcome, Txn, TxnKind
from app.pledges import taken_back


def moved(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to whatever carries an offering's money. Each line counts once; one that is no such money stays open.

    What came back is over: the job carries it again. Locks: offering, instructions, accounts.
    Writes: instructions, entries, audit. Wakes: carry_money.
    """
    offering_id = payment_queries.instruction(tx.session, instruction_id).offering_id
    assert offering_id is not None  # what is carried is an offering's
    offering = offerings.lock(tx, offering_id)
    row = payments.lock(tx, instruction_id)
    is_new = payments.record(tx, row, outcome)
    if row.status not in (SUCCEEDED, FAILED):
        return
    for line in outcome.evidence:
        proof = Evidence(f"{row.gateway}:{line.id}", row.id)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if carrying.is_price(row, line):
            taken_back.book_price(tx, offering, row, line)
        elif carrying.moves(row, line):
            is_new = True
            _BOOKS[OpKind(row.kind)](tx, offering, row, line, proof)
    if is_new and row.kind in carrying.GONE:
        carrying.came_back(tx, row)
    tx.wake("carry_money")
    tx.wake("close_offerings")


def _sent(tx: Transaction, offering: Offering, row: Instruction, line: Txn, proof: Evidence) -> None:
    """P6. What was sent is waited for at the other end; what came back is where it was."""
    there = row.kind == OpKind.TO_CUSTODY
    if line.kind == TxnKind.PAYOUT_FAILED:
        if there:
            ledger.post(tx, entries.custody_return_received(offering.id, row.gateway, row.amount, proof))
        else:
            ledger.post(tx, entries.custody_transfer_received(offering.id, row.amount, proof))
        return
    if there:
        ledger.post(tx, entries.custody_transfer_sent(offering.id, row.gateway, row.amount, proof))
    else:
        ledger.post(tx, entries.custody_return_sent(offering.id, row.amount, proof))
    assert row.to_gateway is not None  # what is carried is carried somewhere
    payments.instruct(
        tx, OpKind.ARRIVAL, f"arrival:{row.id}", gateway=row.to_gateway, amount=row.amount, offering_id=offering.id,
        reference=row.reference, about_id=row.id,
    )  # fmt: skip


def _arrived(tx: Transaction, offering: Offering, row: Instruction, line: Txn, proof: Evidence) -> None:
    """P6."""
    if row.gateway == offering.gateway:
        ledger.post(tx, entries.custody_transfer_received(offering.id, row.amount, proof))
    else:
        ledger.post(tx, entries.custody_return_received(offering.id, row.gateway, row.amount, proof))


def _topped_up(tx: Transaction, offering: Offering, row: Instruction, line: Txn, proof: Evidence) -> None:
    """P6."""
    ledger.post(tx, entries.top_up_received(offering.id, row.amount, proof))


_BOOKS: dict[OpKind, Callable[[Transaction, Offering, Instruction, Txn, Evidence], None]] = {
    OpKind.TO_CUSTODY: _sent,
    OpKind.FROM_CUSTODY: _sent,
    OpKind.ARRIVAL: _arrived,
    OpKind.TOP_UP: _topped_up,
}
