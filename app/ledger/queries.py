"""What may be asked of the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.chart import CHART, Code
from app.ledger.models import JournalEntry, LedgerAccount, Posting


def balance(
    session: Session, code: Code, currency: str, *, offering_id: int = 0, pledge_id: int = 0, investor_id: int = 0,
    gateway: str = "",
) -> int:  # fmt: skip
    """Minor units, on the account's own side: a liability that we owe is positive, and so is an asset we have."""
    net = session.execute(
        select(LedgerAccount.debits - LedgerAccount.credits).where(
            LedgerAccount.book == CHART[code].book,
            LedgerAccount.code == code.value,
            LedgerAccount.currency == currency,
            LedgerAccount.offering_id == offering_id,
            LedgerAccount.pledge_id == pledge_id,
            LedgerAccount.investor_id == investor_id,
            LedgerAccount.gateway == gateway,
        )
    ).scalar_one_or_none()
    amount = int(net or 0)
    return amount if CHART[code].class_ in ("asset", "expense") else -amount


def is_booked(session: Session, evidence: str) -> bool:
    """Whether this line of a gateway ("gateway:id") has moved the books already."""
    return session.scalars(select(JournalEntry.id).where(JournalEntry.evidence == evidence)).first() is not None


@dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    book: str
    code: str
    class_: str
    currency: str
    debits: int
    credits: int


def trial_balance(session: Session) -> list[TrialBalanceLine]:
    """Every code and currency with its totals, in minor units."""
    rows = session.execute(
        select(
            LedgerAccount.book,
            LedgerAccount.code,
            LedgerAccount.class_,
            LedgerAccount.currency,
            func.sum(LedgerAccount.debits),
            func.sum(LedgerAccount.credits),
        )
        .group_by(LedgerAccount.book, LedgerAccount.code, LedgerAccount.class_, LedgerAccount.currency)
        .order_by(LedgerAccount.currency, LedgerAccount.code)
    )
    return [TrialBalanceLine(b, c, k, cur, int(d), int(cr)) for b, c, k, cur, d, cr in rows]


def latest_entries(session: Session, limit: int) -> Sequence[tuple[JournalEntry, int, str]]:
    """The newest entries with their size (minor units) and currency, newest first."""
    size = (
        select(
            Posting.entry_id,
            func.sum(Posting.amount_minor).label("minor"),
            func.min(Posting.currency).label("currency"),
        )
        .where(Posting.side == "D", Posting.book == "client")
        .group_by(Posting.entry_id)
        .subquery()
    )
    rows = session.execute(
        select(JournalEntry, size.c.minor, size.c.currency)
        .join(size, size.c.entry_id == JournalEntry.id)
        .order_by(JournalEntry.id.desc())
        .limit(limit)
    )
    return [(entry, int(minor), currency) for entry, minor, currency in rows]
