"""What came back of losses, as the books tell it; carry goes the same way from escrow to the platform."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.chart import Code
from app.ledger.models import JournalEntry, LedgerAccount, Posting

#: What puts money that came back to where it was missing, and what charges carry. A closing has its own fees swept.
SWEPT_LATER = ("loss_made_good", "loss_recovered_from_refund", "carry_charged")


def owed_to_issuer(session: Session, pledge_id: int, currency: str) -> int:
    """What ever came back of a pledge's losses and lay apart for the issuer, which had borne it; minor units."""
    taken = (
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            LedgerAccount.pledge_id == pledge_id, LedgerAccount.currency == currency, Posting.side == "D",
            JournalEntry.kind == "loss_owed_to_issuer",
        )
    )  # fmt: skip
    return int(session.scalars(taken).one())


def swept_later(session: Session, offering_id: int, currency: str) -> int:
    """What ever came back to the platform of its losses on an offering, and its carry, to be swept from escrow; minor units."""
    credited = (
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            LedgerAccount.code == Code.PLATFORM_FEE_PAYABLE.value, LedgerAccount.offering_id == offering_id,
            LedgerAccount.currency == currency, Posting.side == "C", JournalEntry.kind.in_(SWEPT_LATER),
        )
    )  # fmt: skip
    return int(session.scalars(credited).one())
