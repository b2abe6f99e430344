"""What the gateway's answers mean for a cash account: paid in, taken out, come back. Each may come late, twice or never."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.audit import actions as audit
from app.cash import queries
from app.cash.actions import free, give_back
from app.cash.messages import tell
from app.database import Transaction
from app.investors import actions as investors
from app.investors.models import Investor
from app.ledger import actions as ledger
from app.ledger import cash_accounts
from app.ledger import queries as books
from app.ledger.draft import Evidence
from app.money import Money
from app.notifications.catalog import Message
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.lifecycle import CANCELLED, FAILED, REVIEW, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import OpKind, Outcome, Txn, TxnKind
from app.screening import actions as screening


def topped_up(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a top-up, with whatever came after it. Every line is booked once.

    Locks: investor, instruction, accounts. Writes: instructions, entries, messages, alert, audit.
    """
    investor, row = _take(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if outcome.state == "succeeded" and outcome.evidence:
        line, *later = outcome.evidence
        if changed or row.status != SUCCEEDED:
            _paid_in(tx, investor, row, line, outcome)
        _came_later(tx, investor, row, later)


def _paid_in(tx: Transaction, investor: Investor, row: Instruction, line: Txn, outcome: Outcome) -> None:
    """The money is with the custodian: free, if it is what was asked in a way that it may come; otherwise apart."""
    proof = _proof(row, line)
    on_credit = outcome.funding is not None and outcome.funding in row.refused_funding
    screening.compare_payer(tx, investor, row.reference, outcome.payer, of="top_up")
    if row.status == SUCCEEDED and not on_credit:
        ledger.post(
            tx, cash_accounts.cash_paid_in(investor.id, row.amount, proof, gateway=row.gateway, gateway_fee=line.fee)
        )
        tell(tx, investor, row, Message.CASH_PAID_IN)
    elif ledger.post(tx, cash_accounts.stray_cash_received(investor.id, line.amount, proof, gateway=row.gateway)):
        audit.record(tx, "stray_cash", "investors", investor.id, amount=line.amount, instruction=row.id)
        if row.status != REVIEW:  # what is of another amount waits for a person
            give_back(tx, row, line.amount)


def given_back(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to such a refund. Locks: investor, instruction, accounts. Writes: instruction, entry, message, audit."""
    investor, row = _take(tx, instruction_id)
    if payments.record(tx, row, outcome) and row.status == SUCCEEDED:
        proof = _proof(row, outcome.evidence[0])
        ledger.post(tx, cash_accounts.stray_cash_returned(investor.id, row.amount, proof, gateway=row.gateway))
        tell(tx, investor, row, Message.CASH_GIVEN_BACK)


def taken_out(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a withdrawal, with whatever came after it.

    Locks: investor, instruction, accounts. Writes: instruction, entries, messages, audit.
    """
    investor, row = _take(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if changed and row.status == SUCCEEDED:
        proof = _proof(row, outcome.evidence[0])
        ledger.post(tx, cash_accounts.cash_taken_out(investor.id, row.amount, proof, gateway=row.gateway))
        tell(tx, investor, row, Message.CASH_TAKEN_OUT)
    elif changed and row.status in (FAILED, CANCELLED):
        _not_paid_out(tx, investor, row)
    if row.status == SUCCEEDED:
        _came_later(tx, investor, row, outcome.evidence[1:])


def not_done(tx: Transaction, instruction_id: int, code: str) -> None:
    """The gateway will never do this: a top-up was not made, or cash that should go out is free again.

    Locks: investor, instruction, accounts. Writes: instruction, entry, message, audit.
    """
    investor, row = _take(tx, instruction_id)
    if payments.fail(tx, row, code) and row.kind == OpKind.PAY_BACK:
        _not_paid_out(tx, investor, row)


def _not_paid_out(tx: Transaction, investor: Investor, row: Instruction) -> None:
    free(tx, investor.id, row)
    tell(tx, investor, row, Message.CASH_CAME_BACK)


def _came_later(tx: Transaction, investor: Investor, row: Instruction, lines: Sequence[Txn]) -> None:
    """Lines that came after the money was booked: a payout that came back, a debit that a bank took back."""
    for line in lines:
        proof = _proof(row, line)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if line.kind == TxnKind.PAYOUT_FAILED:
            ledger.post(tx, cash_accounts.cash_came_back(investor.id, line.amount, proof, gateway=row.gateway))
            tell(tx, investor, row, Message.CASH_CAME_BACK)
        elif line.kind in (TxnKind.RETURN, TxnKind.DISPUTE):
            _taken_back(tx, investor, row, line, proof)
        elif line.amount.minor > 0:  # such as a dispute that was won: a person says whose it is
            ledger.post(tx, cash_accounts.stray_cash_received(investor.id, line.amount, proof, gateway=row.gateway))


def _taken_back(tx: Transaction, investor: Investor, row: Instruction, line: Txn, proof: Evidence) -> None:
    """A bank took back what was paid in. What is not free any more the platform covers, and an officer looks at it."""
    amount = Money(-line.amount.minor, line.amount.currency)
    there = queries.balance(tx.session, investor.id, amount.currency).free
    covered = max(amount - there, Money.zero(amount.currency))
    ledger.post(
        tx,
        cash_accounts.cash_debit_returned(
            investor.id, amount, proof, gateway=row.gateway, covered=covered, gateway_fee=line.fee
        ),
    )
    audit.record(tx, "cash_debit_returned", "investors", investor.id, amount=amount, covered=covered)
    tell(tx, investor, row, Message.CASH_DEBIT_RETURNED, amount=amount)
    if covered:
        finding = Finding(
            rule="PLATFORM-TOPUP", subject_type=SubjectType.INVESTOR, subject_id=investor.id,
            about=f"top_up:{row.reference}", fingerprint=hashlib.sha256(line.id.encode()).hexdigest(), holds=True,
            inputs={"name": investor.legal_name, "total_minor": covered.minor, "currency": covered.currency},
        )  # fmt: skip
        alerts.raise_alert(tx, finding, [investor.user_id])


def cancellation_answered(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a request to stop a top-up; it may say that the money has come already.

    Locks: investor, instructions, accounts. Writes: see `topped_up`.
    """
    _, asked = _take(tx, instruction_id)
    assert asked.about_id is not None  # the database wants one
    payments.record_cancellation(tx, asked, outcome)
    topped_up(tx, asked.about_id, outcome)


def _take(tx: Transaction, instruction_id: int) -> tuple[Investor, Instruction]:
    """The investor first, as whoever takes cash out does."""
    investor_id = payment_queries.instruction(tx.session, instruction_id).investor_id
    assert investor_id is not None  # it is about a cash account
    return investors.lock(tx, investor_id), payments.lock(tx, instruction_id)


def _proof(row: Instruction, line: Txn) -> Evidence:
    return Evidence(f"{row.gateway}:{line.id}", row.id)
