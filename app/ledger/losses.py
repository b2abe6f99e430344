"""What came back of losses, as the books tell it; carry goes the same way from escrow to the platform."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.ledger.chart import Code
from app.ledger.models import JournalEntry, LedgerAccount, Posting

#: What puts money that came back to where it was missing, and what charges carry. A closing has its own fees swept.
SWEPT_LATER = ("loss_made_good", "loss_recovered_from_refund", "carry_charged")


def owed_to_issuer(session: Session, pledge_id: int, currency: str) -> int:
    """What ever came back of a pledge's losses and lay apart for the issuer, which had borne it; minor units."""
    return _posted(
        session, ("loss_owed_to_issuer",), currency, Posting.side == "D", LedgerAccount.pledge_id == pledge_id
    )


def swept_later(session: Session, offering_id: int, currency: str) -> int:
    """What ever came back to the platform of its losses on an offering, and its carry, to be swept from escrow; minor units."""
    fees = LedgerAccount.code == Code.PLATFORM_FEE_PAYABLE.value, LedgerAccount.offering_id == offering_id
    return _posted(session, SWEPT_LATER, currency, Posting.side == "C", *fees)


def _posted(session: Session, kinds: Collection[str], currency: str, *where: ColumnElement[bool]) -> int:
    """What entries of these kinds ever posted there; minor units."""
    asked = (
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.kind.in_(kinds), LedgerAccount.currency == currency, *where)
    )
    return int(session.scalars(asked).one())
