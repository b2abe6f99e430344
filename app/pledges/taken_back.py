"""What comes after the money: debits that a bank takes back, disputes, refunds that come back. Each line counts once.

What was held goes at once. After the shares it is a loss that is covered in the same entry's transaction, by what was
kept back from the company and then by the platform, so that client money is never short; an officer gets an alert.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.alerts import actions as alerts
from app.alerts.models import Finding, SubjectType
from app.audit import actions as audit
from app.database import Transaction
from app.issuers import queries as issuers
from app.ledger import actions as ledger
from app.ledger import entries, reversals
from app.ledger import queries as books
from app.ledger.chart import Code
from app.ledger.draft import Evidence
from app.money import Money
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments.models import Instruction
from app.payments.port import Outcome, Txn, TxnKind
from app.pledges import lifecycle, recoveries, refunds
from app.pledges.messages import tell
from app.pledges.models import Pledge

DISPUTE_LOST = "lost"


def book_late(tx: Transaction, pledge: Pledge, row: Instruction, outcome: Outcome) -> None:
    """Book what came behind a locked collection since: returns, disputes, and how they ended.

    Locks: accounts, progress. Writes: entries, pledge, instruction, message, alert, case, progress, audit.
    """
    offering = pledge.offering
    if outcome.state == "failed":
        _book_bounced(tx, offering, pledge, row, outcome)
        return
    dispute = ""
    for line in outcome.evidence:
        if line.kind == TxnKind.DISPUTE:
            dispute = line.id
        book = _LATE.get(TxnKind(line.kind))
        if book is not None and not books.is_booked(tx.session, f"{row.gateway}:{line.id}"):
            book(tx, offering, pledge, row, line)
    if outcome.dispute == DISPUTE_LOST and dispute:
        _dispute_lost(tx, offering, pledge, dispute)


def _book_bounced(tx: Transaction, offering: Offering, pledge: Pledge, row: Instruction, outcome: Outcome) -> None:
    """A debit that its bank never paid, and of which the gateway shows both lines: it came, and it went."""
    collector = "" if row.gateway == offering.gateway else row.gateway
    for line in outcome.evidence:
        proof = _proof(row, line)
        if books.is_booked(tx.session, proof.transaction):
            continue
        if line.kind == TxnKind.PAYMENT:
            draft = entries.unidentified_funds_received(
                offering.id, line.amount, proof, collector=collector, gateway_fee=line.fee
            )
        else:
            draft = reversals.debit_returned(
                offering.id, pledge.id, line.gone, proof, collector=collector, gateway_fee=line.fee,
                out_of=Code.UNIDENTIFIED_RECEIPTS,
            )  # fmt: skip
        ledger.post(tx, draft)


def _proof(row: Instruction, line: Txn) -> Evidence:
    return Evidence(f"{row.gateway}:{line.id}", row.id)


def away_from(session: Session, offering: Offering, gateway: str, amount: Money) -> str:
    """Whose balance it left: the collector's. At the custodian the offering's account, while that has so much left; what left
    beyond that is watched like a collector's balance below zero, until the platform has paid it in.
    """
    if gateway != offering.gateway:
        return gateway
    left = books.balance(session, Code.ESCROW_CASH, amount.currency, offering_id=offering.id)
    return "" if left >= amount.minor else gateway


def _returned(tx: Transaction, offering: Offering, pledge: Pledge, row: Instruction, line: Txn) -> None:
    """P21, or P22 when the pledge has nothing left that it could be taken from."""
    amount, kept = line.gone, line.fee
    out_of = _still_held(tx, pledge, amount)
    draft = reversals.debit_returned(
        offering.id, pledge.id, amount, _proof(row, line), collector=away_from(tx.session, offering, row.gateway, amount + kept),
        out_of=out_of or Code.RETURNED_DEBIT, gateway_fee=kept, investor_fee=_fee_apart(pledge, out_of),
    )  # fmt: skip
    ledger.post(tx, draft)
    _give_up(tx, offering, pledge, amount, line.id, "PLATFORM-RETURNED", is_lost=out_of is None)


def _still_held(tx: Transaction, pledge: Pledge, amount: Money) -> Code | None:
    """The account that still has what a payer took back; None: it went to the company, or back to the payer already."""
    if amount != pledge.to_pay:
        return None
    if pledge.status == lifecycle.HELD:
        return Code.INVESTOR_UNSETTLED if pledge.clears_at is not None else Code.INVESTOR_HELD
    if pledge.status == lifecycle.REFUND_DUE and refunds.stop(tx, pledge):
        return Code.REFUND_PAYABLE
    return None


def _fee_apart(pledge: Pledge, out_of: Code | None) -> Money | None:
    """The investor's fee, where it is still held beside the money of the pledge."""
    return pledge.fee if out_of in (Code.INVESTOR_UNSETTLED, Code.INVESTOR_HELD) else None


def _give_up(
    tx: Transaction, offering: Offering, pledge: Pledge, amount: Money, line_id: str, rule: str, *, is_lost: bool
) -> None:
    """End a pledge whose money was taken back, or cover what can be taken from it no more."""
    if is_lost:
        _cover(tx, offering, pledge, amount, line_id)
    else:
        was_held = pledge.status == lifecycle.HELD
        audit.transition(tx, pledge, "take_back", amount=amount, evidence=line_id)
        pledge.clears_at = None
        if was_held:
            held = pledge.amount_minor
            offerings.count(tx, offering.id, taken_shares=-pledge.shares, taken=-held, held=-held)
    tell(tx, pledge, offering, Message.PAYMENT_TAKEN_BACK, amount=amount, about=f"taken:{line_id}")
    _raise_alert(tx, pledge, offering, amount, rule, line_id, holds=is_lost)


def _cover(tx: Transaction, offering: Offering, pledge: Pledge, amount: Money, line_id: str) -> None:
    """P22: what still was to go back to the payer pays first, then what was kept back from the company, then the platform."""
    kept, refund = 0, Money.zero(amount.currency)
    if pledge.status in (lifecycle.ALLOTTED, lifecycle.SETTLED):
        refund = refunds.stop_part(tx, pledge)
        kept = books.balance(tx.session, Code.ISSUER_HOLDBACK, amount.currency, offering_id=offering.id)
    if refund:
        ledger.post(tx, reversals.loss_covered_by_refund(
            offering.id, pledge.id, refund, f"loss_covered_by_refund:pledge:{pledge.id}"
        ))  # fmt: skip
    by_issuer = Money(min(kept, (amount - refund).minor), amount.currency)
    for part, draft in (
        (by_issuer, reversals.loss_covered_by_holdback),
        (amount - refund - by_issuer, reversals.loss_covered_by_platform),
    ):
        if part:
            ledger.post(tx, draft(offering.id, pledge.id, part, f"{draft.__name__}:{line_id}"))
    audit.record(tx, "loss_covered", "pledges", pledge.id, amount=amount, by_issuer=by_issuer, evidence=line_id)


def _disputed(tx: Transaction, offering: Offering, pledge: Pledge, row: Instruction, line: Txn) -> None:
    """P23: the bank has it while it looks into the complaint; a refund that is not sent yet waits for its word."""
    amount, kept = line.gone, line.fee
    draft = reversals.dispute_opened(
        offering.id, pledge.id, amount, _proof(row, line), gateway_fee=kept,
        collector=away_from(tx.session, offering, row.gateway, amount + kept),
    )  # fmt: skip
    ledger.post(tx, draft)
    if pledge.status == lifecycle.REFUND_DUE:
        refunds.stop(tx, pledge)
    else:
        refunds.stop_part(tx, pledge)
    audit.record(tx, "dispute_opened", "pledges", pledge.id, amount=amount, evidence=line.id)
    tell(tx, pledge, offering, Message.PAYMENT_DISPUTED, amount=amount, about=f"disputed:{line.id}")
    _raise_alert(tx, pledge, offering, amount, "PLATFORM-DISPUTE", line.id, holds=False)


def _dispute_won(tx: Transaction, offering: Offering, pledge: Pledge, row: Instruction, line: Txn) -> None:
    """P24: it is back. What is owed to the investor goes to them; what was covered meanwhile goes to who covered it."""
    collector = "" if row.gateway == offering.gateway else row.gateway
    if refunds.disputed(tx.session, pledge) < line.amount:
        shares = recoveries.recovered(tx, pledge, line.amount, _proof(row, line), collector)
        if shares.apart:
            _raise_alert(tx, pledge, offering, shares.apart, "PLATFORM-APART", line.id, holds=False)
        return
    ledger.post(tx, reversals.dispute_won(offering.id, pledge.id, line.amount, _proof(row, line), collector=collector))
    audit.record(tx, "dispute_won", "pledges", pledge.id, amount=line.amount, evidence=line.id)
    if pledge.status == lifecycle.REFUND_DUE:
        refunds.send(tx, pledge)
    elif part := refunds.stop_part(tx, pledge):
        refunds.send_part(tx, pledge, part)


def _dispute_lost(tx: Transaction, offering: Offering, pledge: Pledge, line_id: str) -> None:
    """P24: the payer keeps it. Heard twice, there is nothing left that could be lost again."""
    amount = refunds.disputed(tx.session, pledge)
    if not amount:
        return
    out_of = _still_held(tx, pledge, amount)
    lost = out_of or Code.RETURNED_DEBIT
    ledger.post(tx, reversals.dispute_lost(
        offering.id, pledge.id, amount, f"dispute_lost:{line_id}", out_of=lost, investor_fee=_fee_apart(pledge, out_of)
    ))  # fmt: skip
    _give_up(tx, offering, pledge, amount, line_id, "PLATFORM-RETURNED", is_lost=out_of is None)


def _raise_alert(
    tx: Transaction, pledge: Pledge, offering: Offering, amount: Money, rule: str, line_id: str, *, holds: bool
) -> None:
    finding = Finding(
        rule=rule,
        subject_type=SubjectType.INVESTOR,
        subject_id=pledge.investor_id,
        about=f"pledge:{pledge.ref}:{line_id}",
        fingerprint=f"{pledge.ref}:{line_id}"[:64],
        holds=holds,
        inputs={"total_minor": amount.minor, "currency": amount.currency, "pledges": [pledge.ref]},
    )
    alerts.raise_alert(tx, finding, [pledge.investor.user_id, *issuers.members(tx.session, offering.issuer_id)])


def _price(tx: Transaction, offering: Offering, pledge: Pledge, row: Instruction, line: Txn) -> None:
    book_price(tx, offering, row, line)


def book_price(tx: Transaction, offering: Offering, row: Instruction, line: Txn) -> None:
    """A gateway's price as a line of its own, behind a payment, a refund or what is carried: the platform's cost. What an escrow
    account does not have nobody can have taken from it: a person looks at that.

    Locks: accounts. Writes: entry.
    """
    collector = "" if row.gateway == offering.gateway else row.gateway
    escrow = books.balance(tx.session, Code.ESCROW_CASH, line.gone.currency, offering_id=offering.id)
    if collector or escrow >= line.gone.minor:
        draft = entries.gateway_price_taken(offering.id, line.gone, _proof(row, line), collector=collector)
        ledger.post(tx, draft)


_LATE: dict[TxnKind, Callable[[Transaction, Offering, Pledge, Instruction, Txn], None]] = {
    TxnKind.RETURN: _returned,
    TxnKind.DISPUTE: _disputed,
    TxnKind.DISPUTE_WON: _dispute_won,
    TxnKind.FEE: _price,
}


def refund_came_back(tx: Transaction, pledge: Pledge, offering: Offering, row: Instruction, line: Txn) -> None:
    """P11: the payer's account does not take it; it is owed as before, and goes to a bank account instead.

    Locks: accounts. Writes: entry, pledge, message, alert, case, audit.
    """
    collector = "" if row.gateway == offering.gateway else row.gateway
    draft = reversals.refund_failed(offering.id, pledge.id, line.amount, _proof(row, line), collector=collector)
    if not ledger.post(tx, draft):
        return
    if pledge.status == lifecycle.REFUNDED:  # of what was scaled back the rest became shares
        audit.transition(tx, pledge, "bounce", amount=line.amount, evidence=line.id)
    if _makes_good(tx, offering, pledge, line.amount):
        return
    tell(tx, pledge, offering, Message.REFUND_FAILED, amount=line.amount, about=f"refund_failed:{line.id}")
    _raise_alert(tx, pledge, offering, line.amount, "PLATFORM-REFUND", line.id, holds=False)


def unwanted_came_back(tx: Transaction, pledge: Pledge, offering: Offering, row: Instruction, line: Txn) -> None:
    """Money that no pledge waits for could not go back where it came from: it lies apart again, an officer looks at it, and
    its payer is asked for a bank account, to which two people have it paid (`unidentified.py`).

    Locks: accounts. Writes: entry, message, alert, case, audit.
    """
    collector = "" if row.gateway == offering.gateway else row.gateway
    proof = _proof(row, line)
    if ledger.post(tx, entries.unidentified_funds_received(offering.id, line.amount, proof, collector=collector)):
        tell(tx, pledge, offering, Message.REFUND_FAILED, amount=line.amount, about=f"refund_failed:{line.id}")
        _raise_alert(tx, pledge, offering, line.amount, "PLATFORM-APART", line.id, holds=False)


def refund_refused(tx: Transaction, pledge: Pledge, offering: Offering, row: Instruction) -> None:
    """The refund failed before any money moved: it is owed as before. Writes: message, alert, case, audit."""
    if not row.is_of_nobody and _makes_good(tx, offering, pledge, row.amount):
        payments.pay_otherwise(tx, row)
        return
    about = f"refund:{row.id}:{row.generation}"
    tell(tx, pledge, offering, Message.REFUND_FAILED, amount=row.amount, about=about)
    _raise_alert(tx, pledge, offering, row.amount, "PLATFORM-REFUND", about, holds=False)


def _makes_good(tx: Transaction, offering: Offering, pledge: Pledge, amount: Money) -> bool:
    """Whether the payer has this money already, for their bank took it back while the refund was on its way: then what
    did not arrive is owed to nobody, and makes good what was covered.

    Locks: accounts. Writes: entries, pledge, alert, case, audit.
    """
    shares = recoveries.made_good_by_refund(tx, pledge, amount)
    if shares is None:
        return False
    if pledge.status == lifecycle.REFUND_DUE:
        audit.transition(tx, pledge, "take_back", amount=amount)
    if shares.apart:
        _raise_alert(tx, pledge, offering, shares.apart, "PLATFORM-APART", f"refund:{pledge.id}", holds=False)
    return True
