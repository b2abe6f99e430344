"""Enter an event into the register."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.audit import actions as audit
from app.database import Transaction
from app.money import Money
from app.share_register.models import RegisterEntry


def issue(
    tx: Transaction,
    *,
    issuer_id: int,
    offering_id: int,
    closing_id: int,
    pledge_id: int,
    investor_id: int,
    holder_name: str,
    security_type: str,
    shares: int,
    share_price: Decimal,
    amount: Money,
    certificate: str,
    resale_restricted_until: date | None,
) -> RegisterEntry:
    """Enter new shares for a holder: at this moment they own them. Writes: register, audit."""
    entry = RegisterEntry(
        kind="issuance",
        issuer_id=issuer_id,
        offering_id=offering_id,
        closing_id=closing_id,
        pledge_id=pledge_id,
        investor_id=investor_id,
        holder_name=holder_name,
        security_type=security_type,
        shares=shares,
        share_price=share_price,
        amount_minor=amount.minor,
        currency=amount.currency,
        certificate=certificate,
        resale_restricted_until=resale_restricted_until,
        entered_at=tx.now,
    )
    tx.session.add(entry)
    audit.record(tx, "issue_shares", "pledges", pledge_id, shares=shares, certificate=certificate)
    return entry
