"""What happened at a gateway though nobody here asked for it: a payment that came twice, a refund that was made by hand."""

from __future__ import annotations

from app.audit import actions as audit
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import entries
from app.ledger import queries as books
from app.ledger.draft import Evidence
from app.notifications.catalog import Message
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.port import OpKind, Outcome
from app.pledges import refunds, taken_back
from app.pledges.actions import stop, take
from app.pledges.lifecycle import HELD, REFUND_DUE
from app.pledges.messages import tell
from app.pledges.models import StopReason
from app.reconciliation.queries import PaidTwice


def give_back_twice(tx: Transaction, found: PaidTwice) -> None:
    """Send back what came a second time for a pledge and was booked apart.

    Locks: offering (shared), pledge, instruction. Writes: instruction, message, audit.
    """
    pledge_id = payment_queries.instruction(tx.session, found.instruction_id).pledge_id
    assert pledge_id is not None  # it was paid twice
    pledge = take(tx, pledge_id)
    row = payments.lock(tx, found.instruction_id)
    payments.instruct(
        tx, OpKind.REFUND, f"refund:unidentified:{found.key}", gateway=row.gateway, amount=found.amount,
        offering_id=pledge.offering_id, pledge_id=pledge.id, about_id=row.id, instrument=found.payment,
        reference=pledge.ref,
    )  # fmt: skip
    offering = pledge.offering
    tell(tx, pledge, offering, Message.REFUND_DUE, amount=found.amount, about=f"twice:{found.key}")


def refunded_by_hand(tx: Transaction, instruction_id: int, outcome: Outcome) -> bool:
    """Book a refund that somebody made at the gateway itself, of a pledge's collection, as if it had been ours.

    False: it is not exactly what is held or owed back, or another refund is on its way; then only a person can say.
    Locks: offering (shared), pledge, instructions, accounts, progress. Writes: pledge, entries, messages, progress, audit.
    """
    pledge_id = payment_queries.instruction(tx.session, instruction_id).pledge_id
    assert pledge_id is not None  # it was a pledge's payment
    pledge = take(tx, pledge_id)
    row = payments.lock(tx, instruction_id)
    if outcome.state != "succeeded" or len(outcome.evidence) != 1 or pledge.status not in (HELD, REFUND_DUE):
        return False
    line = outcome.evidence[0]
    proof = Evidence(f"{row.gateway}:{line.id}", None)
    whole = line.gone == pledge.to_pay and not refunds.disputed(tx.session, pledge)
    if not whole or books.is_booked(tx.session, proof.transaction):
        return False
    if pledge.status == HELD:
        stop(tx, pledge, StopReason.REFUNDED_BY_HAND)  # its own refund waits to be sent, and is taken back at once
    if not refunds.stop(tx, pledge):
        return False
    offering = pledge.offering
    audit.transition(tx, pledge, "refund", amount=line.gone, evidence=line.id, by_hand=True)
    collector = taken_back.away_from(tx.session, offering, row.gateway, line.gone)
    ledger.post(tx, entries.refund_paid(offering.id, pledge.id, line.gone, proof, collector=collector))
    tell(tx, pledge, offering, Message.REFUND_PAID, amount=line.gone)
    return True
