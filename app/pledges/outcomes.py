"""What the gateway's answers mean for a pledge: paid, not paid, refunded. Each answer may come late, twice or never."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from app.audit import actions as audit
from app.cash import actions as cash
from app.database import Transaction
from app.ledger import actions as ledger
from app.ledger import cash_accounts, entries
from app.ledger import queries as ledger_queries
from app.ledger.draft import Draft, Evidence
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.lifecycle import CLOSING, LIVE
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments import lines
from app.payments import queries as payment_queries
from app.payments.lifecycle import CANCELLED, FAILED, PENDING, SUCCEEDED
from app.payments.models import Instruction
from app.payments.port import FUNDING_REFUSED, Method, OpKind, Outcome, Txn, TxnKind
from app.pledges import funding, lifecycle, promises, recoveries, refunds, saved, taken_back
from app.pledges.actions import end_unpaid, owe_refund, take
from app.pledges.messages import tell
from app.pledges.models import Pledge, StopReason
from app.screening import actions as screening


def collected(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a collection, or to a payment out of a cash account. Twice equals once; money that nobody waits for is sent back.

    Locks: offering (shared), pledge, instruction, accounts, progress.
    Writes: instruction, pledge, entry, message, progress, audit.
    """
    pledge_id = payment_queries.instruction(tx.session, instruction_id).pledge_id
    assert pledge_id is not None  # a collection is always for a pledge
    pledge = take(tx, pledge_id)
    _apply(tx, pledge, payments.lock(tx, instruction_id), outcome)


def not_collected(tx: Transaction, instruction_id: int, code: str) -> None:
    """The gateway will never make this payment: the pledge ends unpaid.

    Locks: offering (shared), pledge, instructions, progress. Writes: instructions, pledge, message, progress, audit.
    """
    pledge_id = payment_queries.instruction(tx.session, instruction_id).pledge_id
    assert pledge_id is not None  # a collection is always for a pledge
    pledge = take(tx, pledge_id)
    row = payments.lock(tx, instruction_id)
    if not payments.fail(tx, row, code) or saved.stays_promised(tx, pledge, row):
        return
    if lifecycle.PLEDGE.allows(pledge.status, "decline"):
        _leave_cash(tx, pledge, row)
        end_unpaid(tx, pledge, "decline")


def _apply(tx: Transaction, pledge: Pledge, row: Instruction, outcome: Outcome) -> None:
    if row.status == SUCCEEDED and str(outcome.ref) != row.provider_ref and _was_stopped(tx, row, outcome):
        _paid_besides(tx, pledge, row, outcome)
        return
    if outcome.dispute or len(outcome.evidence) > 1:  # the money was taken back, or given back
        recoveries.alone(tx, pledge.offering_id)
    _apply_state(tx, pledge, row, outcome)
    taken_back.book_late(tx, pledge, row, outcome)


def _was_stopped(tx: Transaction, row: Instruction, outcome: Outcome) -> bool:
    """Whether this payment was to be stopped at the gateway, because the pledge's money had come by another one."""
    about = payment_queries.about(tx.session, row.id)
    return any(one.kind == OpKind.CANCEL and one.instrument == str(outcome.ref) for one in about)


def _paid_besides(tx: Transaction, pledge: Pledge, row: Instruction, outcome: Outcome) -> None:
    """Take the answer about a payment that another one stands for; what was paid by it all the same goes back.

    Locks: accounts. Writes: instruction, gateway transactions, entry, message, audit.
    """
    if outcome.state == "succeeded" and outcome.evidence:
        lines.keep(tx, row.gateway, outcome.evidence)
        _send_back(tx, pledge, row, outcome)


def _apply_state(tx: Transaction, pledge: Pledge, row: Instruction, outcome: Outcome) -> None:
    changed = payments.record(tx, row, outcome)
    if outcome.state == "succeeded" and outcome.evidence:
        if row.status == SUCCEEDED and not changed:
            return  # we have heard this before
        if row.status == SUCCEEDED and lifecycle.PLEDGE.allows(pledge.status, "fund"):
            fund(tx, pledge, row, outcome)
        elif row.kind != OpKind.FROM_CASH:  # what the custodian moved otherwise than asked waits for a person
            _send_back(tx, pledge, row, outcome)
    elif changed and saved.stays_promised(tx, pledge, row):
        return
    elif changed and row.status == PENDING and lifecycle.PLEDGE.allows(pledge.status, "process"):
        promised = promises.move(tx, pledge, "process")
        offerings.count(tx, pledge.offering_id, promised=-promised)
    elif changed and row.status == FAILED and lifecycle.PLEDGE.allows(pledge.status, "decline"):
        if row.code == FUNDING_REFUSED:
            pledge.funding_refused = True
        _leave_cash(tx, pledge, row)
        end_unpaid(tx, pledge, "decline")
    elif changed and row.status == CANCELLED and lifecycle.PLEDGE.allows(pledge.status, "cancel"):
        _leave_cash(tx, pledge, row)
        end_unpaid(tx, pledge, "cancel")


def _leave_cash(tx: Transaction, pledge: Pledge, row: Instruction) -> None:
    """What was set aside in the cash account is free again."""
    if row.kind == OpKind.FROM_CASH:
        cash.free(tx, pledge.investor_id, row)


def _evidence(row: Instruction, outcome: Outcome) -> Evidence:
    return Evidence(f"{row.gateway}:{outcome.evidence[0].id}", row.id)


def _mark(row: Instruction, outcome: Outcome) -> str | None:
    """Of the account that paid: only of use to see that two are the same."""
    return None if outcome.account is None else hashlib.sha256(f"{row.gateway}:{outcome.account}".encode()).hexdigest()


def fund(tx: Transaction, pledge: Pledge, row: Instruction, outcome: Outcome, *, is_apart: bool = False) -> None:
    """The money is in escrow: hold it, or send it back if the pledge was being stopped meanwhile.

    `is_apart`: it was booked as nobody's when it came. Locks: accounts, progress.
    Writes: pledge, instruction, entries, message, alert, case, progress, audit.
    """
    offering = pledge.offering
    stopping = pledge.status == lifecycle.CANCELLING and not _was_in_time(pledge, offering, outcome)
    pledge.funding, pledge.paid_from = outcome.funding, _mark(row, outcome)
    if not stopping and not funding.may_stay(tx, pledge, offering, outcome.funding):
        stopping = pledge.funding_refused = True
    screening.compare_payer(tx, pledge.investor, pledge.ref, outcome.payer)
    if pledge.instrument is not None:
        promises.forget(tx, pledge)
    promised = promises.move(tx, pledge, "fund", amount=pledge.amount, evidence=outcome.evidence[0].id)
    pledge.held_at = tx.now
    if not stopping:
        pledge.stop_reason = None
        tell(tx, pledge, offering, Message.PLEDGE_HELD)
    pledge.clears_at = None if row.clearing_hold is None else tx.now + row.clearing_hold
    ledger.post(tx, (_found if is_apart else _money_came)(pledge, offering, row, outcome))
    offerings.count(tx, pledge.offering_id, held=pledge.amount_minor, promised=-promised)
    if stopping:
        owe_refund(tx, pledge)


def _money_came(pledge: Pledge, offering: Offering, row: Instruction, outcome: Outcome) -> Draft:
    if row.kind == OpKind.FROM_CASH:
        whose = (pledge.investor_id, offering.id, pledge.id)
        proof = _evidence(row, outcome)
        return cash_accounts.cash_pledged(*whose, pledge.amount, proof, gateway=row.gateway, investor_fee=pledge.fee)
    return entries.funds_collected(
        offering.id, pledge.id, pledge.amount, _evidence(row, outcome), collector=collector(offering, row),
        gateway_fee=outcome.evidence[0].fee, investor_fee=pledge.fee, may_be_taken_back=pledge.clears_at is not None,
    )  # fmt: skip


def _found(pledge: Pledge, offering: Offering, row: Instruction, outcome: Outcome) -> Draft:
    """What was nobody's is the pledge's."""
    return entries.receipt_identified(
        offering.id, pledge.id, pledge.amount, f"receipt_identified:{_evidence(row, outcome).transaction}",
        instruction_id=row.id, investor_fee=pledge.fee, may_be_taken_back=pledge.clears_at is not None,
    )  # fmt: skip


def collector(offering: Offering, row: Instruction) -> str:
    """Who has the money, when it is not the offering's custodian."""
    return "" if row.gateway == offering.gateway else row.gateway


def _was_in_time(pledge: Pledge, offering: Offering, outcome: Outcome) -> bool:
    """Whether a pledge that was stopped for not being paid had been paid before its time was over.

    Then it was we who heard too late. Its place is still kept, and a closing waits for it in its days of grace.
    """
    until = {StopReason.EXPIRED: pledge.pay_until, StopReason.OFFERING_ENDED: offering.deadline_at}
    limit = until.get(StopReason(pledge.stop_reason)) if pledge.stop_reason else None
    return limit is not None and offering.status in (LIVE, CLOSING) and outcome.evidence[0].created_at <= limit


def _send_back(tx: Transaction, pledge: Pledge, row: Instruction, outcome: Outcome) -> None:
    """Money came that no living pledge waits for, or not as much as was asked: it is booked apart and goes back."""
    ending = lifecycle.PLEDGE.allows(pledge.status, "decline")
    offering = pledge.offering
    received = outcome.evidence[0].amount
    booked = ledger.post(tx, entries.unidentified_funds_received(
        offering.id, received, _evidence(row, outcome), collector=collector(offering, row),
        gateway_fee=outcome.evidence[0].fee,
    ))  # fmt: skip
    if booked:
        audit.record(tx, "unidentified_funds", "pledges", pledge.id, amount=received)
        payments.instruct(
            tx,
            OpKind.REFUND,
            f"refund:unidentified:{row.id}",
            gateway=row.gateway,
            amount=received,
            offering_id=pledge.offering_id,
            pledge_id=pledge.id,
            about_id=row.id,
            instrument=outcome.ref,
            reference=pledge.ref,
        )
        if not ending:
            tell(tx, pledge, offering, Message.REFUND_DUE, amount=received)
    if ending:
        end_unpaid(tx, pledge, "decline", returning=received)


def cancellation_answered(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a request to stop a collection; it may say that the money has come already.

    Locks: offering (shared), pledge, instructions, accounts, progress. Writes: see `collected`.
    """
    asked = payment_queries.instruction(tx.session, instruction_id)
    assert asked.pledge_id is not None and asked.about_id is not None
    pledge = take(tx, asked.pledge_id)
    collection = payments.lock(tx, asked.about_id)
    payments.record_cancellation(tx, payments.lock(tx, instruction_id), outcome)
    _apply(tx, pledge, collection, outcome)


def refunded(tx: Transaction, instruction_id: int, outcome: Outcome) -> None:
    """Take the answer to a refund, or to a payment to the investor's bank account in its stead.

    Locks: offering (shared), pledge, instruction, accounts. Writes: instruction, pledge, entry, message, audit.
    """
    asked = payment_queries.instruction(tx.session, instruction_id)
    assert asked.pledge_id is not None  # a refund is always for a pledge
    pledge = take(tx, asked.pledge_id)
    row = payments.lock(tx, instruction_id)
    changed = payments.record(tx, row, outcome)
    offering = pledge.offering
    if row.status == FAILED or len(outcome.evidence) > 1:  # it may make good a loss
        recoveries.alone(tx, offering.id)
    for line in not_booked(tx, row, outcome):
        _book_refund(tx, pledge, offering, row, line)
    if changed and row.status == FAILED and all(lines.is_price(line) for line in outcome.evidence):
        taken_back.refund_refused(tx, pledge, offering, row)


def not_booked(tx: Transaction, row: Instruction, outcome: Outcome) -> Iterator[Txn]:
    """The lines behind a locked way back that are new, once it is known whether it arrived."""
    if row.status not in (SUCCEEDED, FAILED):
        return
    away = 0
    for line in outcome.evidence:
        if line.amount.minor > away:
            continue  # no more can come back than went: reconciliation shows this line to a person
        away -= 0 if lines.is_price(line) else line.amount.minor
        if not ledger_queries.is_booked(tx.session, f"{row.gateway}:{line.id}"):
            yield line


def _book_refund(tx: Transaction, pledge: Pledge, offering: Offering, row: Instruction, line: Txn) -> None:
    proof = Evidence(f"{row.gateway}:{line.id}", row.id)
    holder = taken_back.away_from(tx.session, offering, row.gateway, row.amount)
    if lines.is_price(line):
        taken_back.book_price(tx, offering, row, line)
    elif line.kind in (TxnKind.REFUND_FAILED, TxnKind.PAYOUT_FAILED):
        if row.is_of_nobody:
            taken_back.unwanted_came_back(tx, pledge, offering, row, line)
        else:
            taken_back.refund_came_back(tx, pledge, offering, row, line)
    elif row.method == Method.CASH_ACCOUNT and line.kind == TxnKind.MOVE:
        tell(tx, pledge, offering, Message.CASH_REFUNDED, amount=row.amount)
        if not refunds.is_part(row):  # of which the rest became shares
            audit.transition(tx, pledge, "refund", amount=row.amount, evidence=line.id)
        whose = (pledge.investor_id, offering.id, pledge.id)
        ledger.post(tx, cash_accounts.refunded_to_cash(*whose, row.amount, proof, gateway=row.gateway))
    elif line.kind in (TxnKind.REFUND, TxnKind.PAYOUT):
        about = f"pledge:{pledge.id}" if row.kind == OpKind.REFUND else f"paid_back:{row.id}"
        if row.is_of_nobody:
            about = f"unidentified:{row.id}"
        tell(tx, pledge, offering, Message.REFUND_PAID, amount=row.amount, about=about)
        if row.is_of_nobody:
            draft = entries.unidentified_funds_returned(offering.id, row.amount, proof, collector=holder)
        else:
            if pledge.status == lifecycle.REFUND_DUE:  # of what was scaled back the rest became shares
                audit.transition(tx, pledge, "refund", amount=row.amount, evidence=line.id)
            draft = entries.refund_paid(offering.id, pledge.id, row.amount, proof, collector=holder)
        ledger.post(tx, draft)
