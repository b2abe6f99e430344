"""What the custodian's answers mean for a closing: the issuer was paid, or not; our fee arrived."""

from __future__ import annotations

from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.audit import actions as audit
from app.closings import gathering, queries
from app.closings.allotment import enter
from app.closings.lifecycle import CLOSING
from app.closings.models import Closing
from app.database import Transaction
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import entries, reversals
from app.ledger import queries as books
from app.ledger.draft import Evidence
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.carrying import CAME_BACK
from app.payments.lifecycle import FAILED, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import OpKind, Outcome, Txn, TxnKind
from app.regimes.regime import Regime


def released(tx: Transaction, instruction_id: int, outcome: Outcome, regime: Regime) -> None:
    """Take the answer to a payout. Paid: money out, shares in and every status, in this one transaction.

    What comes back while another payout of the closing is proposed or under way waits for that: reconciliation finds its
    line not booked, and asks again until it can be.
    Locks: offering, closing, pledges, instruction, accounts, progress.
    Writes: instruction, entries, register, pledges, closing, offering, messages, alert, case, progress, audit.
    """
    asked = payment_queries.instruction(tx.session, instruction_id)
    assert asked.closing_id is not None and asked.offering_id is not None  # a payout is always for a closing
    offering = offerings.lock(tx, asked.offering_id)
    closing = queries.lock(tx, asked.closing_id)
    row = payments.lock(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    if changed and row.status == FAILED and not sum(line.amount.minor for line in outcome.evidence):
        _payout_failed(tx, offering, closing, row, outcome)
        return
    for line in outcome.evidence if row.status in (SUCCEEDED, FAILED) else ():
        proof = Evidence(f"{row.gateway}:{line.id}", row.id)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if line.kind == TxnKind.PAYOUT:
            ledger.post(tx, entries.payout_paid(offering.id, row.amount, proof))
            _paid(tx, offering, closing, row, regime)
        elif line.kind == TxnKind.PAYOUT_FAILED and CLOSING.allows(closing.status, "come_back"):
            ledger.post(tx, reversals.payout_returned(offering.id, line.amount, proof))
            _came_back(tx, offering, closing, line)


def _paid(tx: Transaction, offering: Offering, closing: Closing, row: Instruction, regime: Regime) -> None:
    """P15, and what it was paid for: the shares, if they were not given at an earlier payout that came back."""
    if closing.settled_at is None:
        _settle(tx, offering, closing, regime)
        if closing.earned:
            payments.instruct(
                tx, OpKind.FEE, f"fee:closing:{closing.id}", gateway=row.gateway, amount=closing.earned,
                offering_id=offering.id, closing_id=closing.id, reference=closing.ref,
            )  # fmt: skip
    audit.transition(tx, closing, "finish")
    _tell_company(tx, offering, closing, Message.FUNDS_RELEASED, about=f"{closing.ref}:{closing.payout_attempts}")


def _came_back(tx: Transaction, offering: Offering, closing: Closing, line: Txn) -> None:
    """P16: the bank sent back what it had paid; it is owed to the company again, and officers decide anew."""
    tx.session.flush()
    closing.payout_minor = line.amount.minor  # what officers are asked to pay again
    audit.transition(tx, closing, "come_back", amount=line.amount, evidence=line.id)
    _tell_that_it_failed(tx, offering, closing, Message.PAYOUT_CAME_BACK, about=line.id)


def _tell_that_it_failed(tx: Transaction, offering: Offering, closing: Closing, kind: Message, *, about: str) -> None:
    """The company, who can mend its account, and the officers, who decide anew. Writes: messages, alert, case, audit."""
    _tell_company(tx, offering, closing, kind, about=about)
    finding = Finding(
        rule="PLATFORM-PAYOUT",
        subject_type=SubjectType.COMPANY,
        subject_id=offering.issuer_id,
        about=f"closing:{closing.ref}:{about}",
        fingerprint=f"{closing.ref}:{about}"[:64],
        holds=False,
        inputs={"total_minor": closing.payout.minor, "currency": closing.currency},
    )
    alerts.raise_alert(tx, finding, issuers.members(tx.session, offering.issuer_id))


def _tell_company(tx: Transaction, offering: Offering, closing: Closing, kind: Message, *, about: str) -> None:
    until = queries.held_back_until(offering, closing)
    for user_id in issuers.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, kind, about=about, offering=offering.name, ref=offering.ref,
            minor=closing.payout_minor, fee_minor=closing.fee_minor, currency=closing.currency,
            of_holdback=closing.holdback_released_at is not None, kept_minor=closing.holdback_minor,
            kept_until=until.isoformat() if until else None, zone=offering.deadline_zone,
        )  # fmt: skip


def not_released(tx: Transaction, instruction_id: int, code: str) -> None:
    """The gateway refused the payout before it made anything: the officers decide anew.

    Locks: offering, closing, instruction, accounts. Writes: instruction, closing, entry, messages, alert, case, audit.
    """
    asked = payment_queries.instruction(tx.session, instruction_id)
    assert asked.closing_id is not None and asked.offering_id is not None  # a payout is always for a closing
    offering = offerings.lock(tx, asked.offering_id)
    closing = queries.lock(tx, asked.closing_id)
    row = payments.lock(tx, instruction_id)
    if payments.fail(tx, row, code):
        _payout_failed(tx, offering, closing, row, None)


def _payout_failed(
    tx: Transaction, offering: Offering, closing: Closing, row: Instruction, outcome: Outcome | None
) -> None:
    """P16: the company was never paid: no cash moved, or it went and is back. The money is owed to the issuer again.

    Writes: closing, entries, messages, alert, case, audit.
    """
    tx.session.flush()  # the database lets a payout fail only after its instruction
    audit.transition(tx, closing, "fail_payout", code=row.code)
    evidence = outcome.evidence if outcome is not None else ()
    for line in evidence:
        proof = Evidence(f"{row.gateway}:{line.id}", row.id)
        if line.amount.minor < 0:
            ledger.post(tx, entries.payout_paid(offering.id, line.gone, proof))
        else:
            ledger.post(tx, reversals.payout_returned(offering.id, line.amount, proof))
    if not evidence:
        ledger.post(tx, entries.payout_failed(offering.id, closing.payout, f"payout_failed:{row.id}"))
    _tell_that_it_failed(
        tx, offering, closing, Message.PAYOUT_CAME_BACK if evidence else Message.PAYOUT_REFUSED,
        about=f"attempt:{closing.payout_attempts}",
    )  # fmt: skip


def _settle(tx: Transaction, offering: Offering, closing: Closing, regime: Regime) -> None:
    """Shares in, and every status. The offering is settled with the last of its closings."""
    closing.settled_at = tx.now
    enter(tx, offering, closing, regime)
    gathering.settle_when_done(tx, offering, closing=closing.ref)
    offerings.count(tx, offering.id, held=-closing.total_minor, settled=closing.total_minor)


def fee_swept(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to the move of our fee. What comes back is asked for once more, by a person.

    Locks: instruction, accounts. Writes: instructions, entries, audit.
    """
    row = payments.lock(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    assert row.offering_id is not None  # our fee is always of an offering
    for line in outcome.evidence if row.status in (SUCCEEDED, FAILED) else ():
        proof = Evidence(f"{row.gateway}:{line.id}", row.id)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if line.gone == row.amount:
            ledger.post(tx, entries.platform_fee_swept(row.offering_id, row.amount, proof))
        elif line.kind == TxnKind.PAYOUT_FAILED and line.amount == row.amount:
            ledger.post(tx, entries.platform_fee_returned(row.offering_id, row.amount, proof))
            if row.status == SUCCEEDED and not changed:
                _sweep_again(tx, row)


def _sweep_again(tx: Transaction, row: Instruction) -> None:
    """It was ours and is in escrow again: why, a person finds out before it is sent once more."""
    again = payments.instruct(
        tx, OpKind.FEE, f"{row.business_key}:again", gateway=row.gateway, amount=row.amount, offering_id=row.offering_id,
        closing_id=row.closing_id, reference=row.reference,
    )  # fmt: skip
    payments.call_a_person(tx, again.id, CAME_BACK)
