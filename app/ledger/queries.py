"""What may be asked of the books."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from app.ledger.chart import CHART, Code
from app.ledger.models import JournalEntry, LedgerAccount, Posting
from app.money import Money


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


def client_assets(session: Session, offering_id: int, currency: str) -> dict[tuple[Code, str], int]:
    """(code, gateway) -> minor units of what an offering has, without what is kept per pledge; nothing is left out."""
    net = func.sum(LedgerAccount.debits - LedgerAccount.credits)
    rows = session.execute(
        select(LedgerAccount.code, LedgerAccount.gateway, net)
        .where(LedgerAccount.offering_id == offering_id, LedgerAccount.currency == currency)
        .where(LedgerAccount.pledge_id == 0, LedgerAccount.class_ == "asset", LedgerAccount.book == "client")
        .group_by(LedgerAccount.code, LedgerAccount.gateway)
    )
    return {(Code(code), gateway): int(minor) for code, gateway, minor in rows if minor}


def offerings_with(codes: Collection[Code]) -> Select[int]:
    """The ids of offerings that have something, or lack it, in accounts of these codes."""
    return select(LedgerAccount.offering_id).where(
        LedgerAccount.code.in_([code.value for code in codes]),
        LedgerAccount.debits != LedgerAccount.credits,
        LedgerAccount.offering_id > 0,
    )


def not_called_free(offering_id: int) -> Select[str, str | None, int]:
    """(gateway, evidence, minor) of what arrived at collectors and was not called free since."""
    called = aliased(JournalEntry)
    is_called = select(called.id).where(called.key == "available:" + JournalEntry.evidence).exists()
    return (
        select(LedgerAccount.gateway, JournalEntry.evidence, Posting.amount_minor)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(LedgerAccount.code == Code.COLLECTOR_PENDING.value, LedgerAccount.offering_id == offering_id)
        .where(LedgerAccount.debits != LedgerAccount.credits, Posting.side == "D", ~is_called)
        .order_by(JournalEntry.id)
    )


def is_booked(session: Session, evidence: str) -> bool:
    """Whether this line of a gateway ("gateway:id") has moved the books already."""
    return session.scalars(select(JournalEntry.id).where(JournalEntry.evidence == evidence)).first() is not None


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry as it concerns a pledge: `evidence` is the gateway's line ("gateway:id"), where cash moved."""

    entry_id: int
    kind: str
    at: datetime
    amount: Money
    evidence: str | None


def movements(session: Session, pledge_id: int) -> list[Movement]:
    """Everything that happened to the money of a pledge, oldest first; promises without money are not among it."""
    size = func.max(Posting.amount_minor)
    rows = session.execute(
        select(JournalEntry, size, Posting.currency)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.pledge_id == pledge_id, LedgerAccount.book == "client")
        .group_by(JournalEntry.id, Posting.currency)
        .order_by(JournalEntry.id)
    )
    return [
        Movement(entry.id, entry.kind, entry.effective_at, Money(int(minor), currency), entry.evidence)
        for entry, minor, currency in rows
    ]


def pledges_with(session: Session, code: Code, offering_id: int) -> set[int]:
    """The pledges of an offering for which something stands on this account."""
    rows = session.scalars(
        select(LedgerAccount.pledge_id).where(
            LedgerAccount.offering_id == offering_id,
            LedgerAccount.code == code.value,
            LedgerAccount.debits != LedgerAccount.credits,
        )
    )
    return set(rows)


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
