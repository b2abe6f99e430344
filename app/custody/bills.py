"""What companies are billed apart from their offering's money: it is paid into the platform's own account."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import Refused
from app.ledger import actions as ledger
from app.ledger import entries, reversals
from app.ledger import queries as books
from app.ledger.chart import Code
from app.ledger.draft import Evidence
from app.money import Money
from app.offerings import actions as offerings
from app.offerings.models import Offering
from app.payments import queries as payments
from app.payments.port import PLATFORM_ACCOUNT


def owed(session: Session, offering: Offering) -> Money:
    """What the company was billed for an offering and has not paid."""
    minor = books.balance(session, Code.ISSUER_RECEIVABLE, offering.currency, offering_id=offering.id)
    return Money(minor, offering.currency)


def claim_loss(tx: Transaction, offering_id: int, amount: Money) -> str:
    """Bill a company, as it agreed, for what the platform lost on its offering's pledges; return the bill's reference. P22.

    Raises Refused: "claim_too_large" (also an amount of nothing, or in another currency). Locks: offering, accounts.
    Writes: entry, audit.
    """
    offering = offerings.lock(tx, offering_id)
    lost = Money(books.lost(tx.session, offering.id, offering.currency), offering.currency)
    if amount.currency != lost.currency or not 0 < amount.minor <= lost.minor:
        raise Refused("claim_too_large", most=lost)
    ref = new_reference("L")
    ledger.post(tx, reversals.loss_claimed_from_issuer(offering.id, amount, f"loss_claimed:{ref}"))
    audit.record(tx, "loss_claimed", "offerings", offering.id, amount=amount, bill=ref)
    return ref


def pay(tx: Transaction, offering_id: int, line: str) -> Money:
    """Book a gateway's line ("gateway:id") of money into the platform's own account as the payment of an offering's bill.

    Returns what is owed still. Raises Refused: "bill_line_unknown" (also of another currency), "bill_line_used",
    "bill_smaller". Locks: offering, accounts. Writes: entry, audit.
    """
    offering = offerings.lock(tx, offering_id)
    found = payments.line(tx.session, line)
    if (
        found is None
        or (found.account, found.currency) != (PLATFORM_ACCOUNT, offering.currency)
        or found.net_minor <= 0
    ):
        raise Refused("bill_line_unknown")
    if books.is_booked(tx.session, line):
        raise Refused("bill_line_used")
    paid, open_before = Money(found.net_minor, found.currency), owed(tx.session, offering)
    if paid > open_before:
        raise Refused("bill_smaller", owed=open_before)
    ledger.post(tx, entries.issuer_bill_paid(offering.id, paid, Evidence(line, None)))
    audit.record(tx, "bill_paid", "offerings", offering.id, amount=paid, line=line)
    return open_before - paid
