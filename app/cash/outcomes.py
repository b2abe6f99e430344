"""What the gateway's answers mean for a cash account: paid in, taken out, come back. Each may come late, twice or never."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.audit import actions as audit
from app.cash import carrying, queries
from app.cash.actions import free, give_back
from app.cash.carrying import take
from app.cash.messages import tell
from app.database import Transaction
from app.investors.models import Investor
from app.ledger import actions as ledger
from app.ledger import cash_accounts
from app.ledger import queries as books
from app.ledger.chart import Code
from app.ledger.draft import Evidence
from app.money import Money
from app.notifications.catalog import Message
from app.payments import actions as payments
from app.payments import lines
from app.payments.lifecycle import CANCELLED, FAILED, REVIEW, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import OpKind, Outcome, Txn, TxnKind
from app.screening import actions as screening


def topped_up(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a top-up, with whatever came after it. Every line is booked once.

    Locks: investor, instruction, accounts. Writes: instructions, entries, messages, alert, audit.
    """
    investor, row = take(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if outcome.state == "succeeded" and outcome.evidence:
        line, *later = outcome.evidence
        if changed or row.status != SUCCEEDED:
            _paid_in(tx, investor, row, line, outcome)
        _came_later(tx, investor, row, later)


def _paid_in(tx: Transaction, investor: Investor, row: Instruction, line: Txn, outcome: Outcome) -> None:
    """It is what was asked in a way that it may come: free, once it is with the custodian. Otherwise it lies apart."""
    proof, collector = _proof(row, line), _collector(row)
    on_credit = outcome.funding is not None and outcome.funding in row.refused_funding
    screening.compare_payer(tx, investor, row.reference, outcome.payer, of="top_up")
    if row.status == SUCCEEDED and not on_credit:
        if collector:
            paid = cash_accounts.cash_collected(
                investor.id, row.amount, proof, collector=collector, gateway_fee=line.fee
            )
        else:
            paid = cash_accounts.cash_paid_in(investor.id, row.amount, proof, gateway=row.gateway, gateway_fee=line.fee)
            tell(tx, investor, row, Message.CASH_PAID_IN)
        ledger.post(tx, paid)
        carrying.let_platform_pay(tx, row, proof.transaction, line.fee)
    elif ledger.post(tx, cash_accounts.stray_cash_received(
        investor.id, line.amount, proof, gateway=row.gateway, collector=collector, gateway_fee=line.fee
    )):  # fmt: skip
        audit.record(tx, "stray_cash", "investors", investor.id, amount=line.amount, instruction=row.id)
        if row.status != REVIEW:  # what is of another amount waits for a person
            give_back(tx, row, line.amount)
        carrying.let_platform_pay_whole(tx, row, proof.transaction, line.fee)


def _collector(row: Instruction) -> str:
    """Who took a top-up, or gives it back, when it is not the custodian."""
    return "" if row.to_gateway is None else row.gateway


def given_back(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to such a refund, with whatever came after it: one that comes back lies apart again, for a person.

    Locks: investor, instruction, accounts. Writes: instruction, entries, message, alert, case, audit.
    """
    investor, row = take(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if row.status not in (SUCCEEDED, FAILED):
        return
    gateway, collector = row.gateway, _collector(row)
    for line in outcome.evidence:
        proof = _proof(row, line)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if line.kind == TxnKind.REFUND:
            ledger.post(
                tx,
                cash_accounts.stray_cash_returned(investor.id, row.amount, proof, gateway=gateway, collector=collector),
            )
            tell(tx, investor, row, Message.CASH_GIVEN_BACK)
        elif line.kind == TxnKind.REFUND_FAILED:
            ledger.post(
                tx,
                cash_accounts.stray_cash_received(
                    investor.id, line.amount, proof, gateway=gateway, collector=collector
                ),
            )
            _raise_alert(tx, investor, row, "PLATFORM-APART", line.id, line.amount, holds=False)
        elif lines.is_price(line):
            _book_price(tx, row, line, proof)
            carrying.let_platform_pay_whole(tx, row, proof.transaction, line.gone)
    if changed and row.status == FAILED and all(lines.is_price(line) for line in outcome.evidence):
        _raise_alert(tx, investor, row, "PLATFORM-APART", f"refund:{row.id}:{row.generation}", row.amount, holds=False)


def platform_paid_in(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to what the platform pays in. Locks: investor, instruction, accounts. Writes: instruction, entry, audit."""
    _, row = take(tx, instruction_id)
    if payments.record(tx, row, outcome) and row.status == SUCCEEDED:
        proof = _proof(row, outcome.evidence[0])
        ledger.post(tx, cash_accounts.cash_topped_up_by_platform(row.amount, proof, gateway=row.gateway))


def taken_out(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a withdrawal, with whatever came after it.

    Locks: investor, instruction, accounts. Writes: instruction, entries, messages, audit.
    """
    investor, row = take(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if changed and row.status in (FAILED, CANCELLED) and not outcome.evidence:
        _not_paid_out(tx, investor, row)
    elif row.status in (SUCCEEDED, FAILED) and outcome.evidence:
        # It was paid, even if it came back before we heard of it.
        paid, *later = outcome.evidence
        proof = _proof(row, paid)
        if changed:
            ledger.post(tx, cash_accounts.cash_taken_out(investor.id, row.amount, proof, gateway=row.gateway))
            tell(tx, investor, row, Message.CASH_TAKEN_OUT)
        if books.is_booked(tx.session, proof.transaction):
            _came_later(tx, investor, row, later)


def not_done(tx: Transaction, instruction_id: int, code: str) -> None:
    """The gateway will never do this: a top-up was not made, or cash that should go out is free again.

    Locks: investor, instruction, accounts. Writes: instruction, entry, message, audit.
    """
    investor, row = take(tx, instruction_id)
    if payments.fail(tx, row, code) and row.kind == OpKind.PAY_BACK:
        _not_paid_out(tx, investor, row)


def _not_paid_out(tx: Transaction, investor: Investor, row: Instruction) -> None:
    free(tx, investor.id, row)
    tell(tx, investor, row, Message.CASH_CAME_BACK)


def _came_later(tx: Transaction, investor: Investor, row: Instruction, later: Sequence[Txn]) -> None:
    """Lines that came after the money was booked: a payout that came back, a debit that a bank took back, a price."""
    for line in later:
        proof = _proof(row, line)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if line.kind == TxnKind.PAYOUT_FAILED:
            ledger.post(tx, cash_accounts.cash_came_back(investor.id, line.amount, proof, gateway=row.gateway))
            tell(tx, investor, row, Message.CASH_CAME_BACK)
        elif line.kind in (TxnKind.RETURN, TxnKind.DISPUTE):
            _taken_back(tx, investor, row, line, proof)
        elif lines.is_price(line):
            _book_price(tx, row, line, proof)
            carrying.let_platform_pay_price(tx, row, proof.transaction, line.gone)
        elif line.amount.minor > 0:  # such as a dispute that was won: a person says whose it is
            ledger.post(tx, cash_accounts.stray_cash_received(
                investor.id, line.amount, proof, gateway=row.gateway, collector=_collector(row)
            ))  # fmt: skip
            _raise_alert(tx, investor, row, "PLATFORM-APART", line.id, line.amount, holds=False)


def _book_price(tx: Transaction, row: Instruction, line: Txn, proof: Evidence) -> None:
    draft = cash_accounts.gateway_price_taken(line.gone, proof, gateway=row.gateway, collector=_collector(row))
    ledger.post(tx, draft)


def _taken_back(tx: Transaction, investor: Investor, row: Instruction, line: Txn, proof: Evidence) -> None:
    """A bank took back what was paid in. What is not free any more the platform covers, and an officer looks at it."""
    amount, arrived = line.gone, queries.has_arrived(tx.session, row)
    there = queries.balance(tx.session, investor.id, amount.currency).free if arrived else amount
    covered = max(amount - there, Money.zero(amount.currency))
    ledger.post(
        tx,
        cash_accounts.cash_debit_returned(
            investor.id, amount, proof, gateway=row.gateway, collector=_collector(row), covered=covered,
            gateway_fee=line.fee, out_of=Code.INVESTOR_CASH if arrived else Code.INVESTOR_CASH_COMING,
        ),
    )  # fmt: skip
    audit.record(tx, "cash_debit_returned", "investors", investor.id, amount=amount, covered=covered)
    tell(tx, investor, row, Message.CASH_DEBIT_RETURNED, amount=amount)
    carrying.let_platform_pay(tx, row, proof.transaction, covered + line.fee)
    if _collector(row):
        carrying.fill_up(tx, row)
    if covered:
        _raise_alert(tx, investor, row, "PLATFORM-TOPUP", line.id, covered, holds=True)


def _raise_alert(
    tx: Transaction, investor: Investor, row: Instruction, rule: str, happening: str, amount: Money, *, holds: bool
) -> None:
    """Writes: alert, case, audit."""
    finding = Finding(
        rule=rule, subject_type=SubjectType.INVESTOR, subject_id=investor.id, about=f"top_up:{row.reference}",
        fingerprint=hashlib.sha256(happening.encode()).hexdigest(), holds=holds,
        inputs={"name": investor.legal_name, "total_minor": amount.minor, "currency": amount.currency},
    )  # fmt: skip
    alerts.raise_alert(tx, finding, [investor.user_id])


def cancellation_answered(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a request to stop a top-up; it may say that the money has come already.

    Locks: investor, instructions, accounts. Writes: see `topped_up`.
    """
    _, asked = take(tx, instruction_id)
    assert asked.about_id is not None  # the database wants one
    payments.record_cancellation(tx, asked, outcome)
    topped_up(tx, asked.about_id, outcome)


def _proof(row: Instruction, line: Txn) -> Evidence:
    return Evidence(f"{row.gateway}:{line.id}", row.id)
