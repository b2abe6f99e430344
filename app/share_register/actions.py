"""Enter events into the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.audit import actions as audit
from app.database import Transaction, in_batches, insert_many
from app.share_register.models import RegisterEntry


@dataclass(frozen=True, slots=True)
class Holder:
    """Who gets shares for a pledge, and how many; the amount in minor units."""

    pledge_id: int
    investor_id: int
    name: str
    shares: int
    amount_minor: int
    certificate: str


def issue(
    tx: Transaction,
    holders: Sequence[Holder],
    *,
    issuer_id: int,
    offering_id: int,
    closing_id: int,
    security_type: str,
    share_price: Decimal,
    currency: str,
    resale_restricted_until: date | None,
) -> None:
    """Enter new shares of one closing for their holders: at this moment they own them. Writes: register, audit."""
    for batch in in_batches(holders):
        rows = [
            {
                "kind": "issuance",
                "issuer_id": issuer_id,
                "offering_id": offering_id,
                "closing_id": closing_id,
                "pledge_id": one.pledge_id,
                "investor_id": one.investor_id,
                "holder_name": one.name,
                "security_type": security_type,
                "shares": one.shares,
                "share_price": share_price,
                "amount_minor": one.amount_minor,
                "currency": currency,
                "certificate": one.certificate,
                "resale_restricted_until": resale_restricted_until,
                "entered_at": tx.now,
            }
            for one in batch
        ]
        insert_many(tx.session, RegisterEntry, rows)
    issued = {one.pledge_id: {"shares": one.shares, "certificate": one.certificate} for one in holders}
    audit.record_many(tx, "issue_shares", "pledges", issued)
