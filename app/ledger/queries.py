"""What may be asked of the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

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
    return int(net or 0) * (1 if CHART[code].class_ in ("asset", "expense") else -1)


def lost(session: Session, offering_id: int, currency: str) -> int:
    """What the platform lost on an offering's pledges, less what came back or was billed to its company; minor units."""
    return _borne(session, Code.LOSSES, currency, LedgerAccount.offering_id == offering_id)


def covered(session: Session, code: Code, pledge_id: int, currency: str) -> int:
    """What LOSSES or ISSUER_HOLDBACK bore of a pledge's money that a bank took, less what was put back there; minor units."""
    return _borne(session, code, currency, LedgerAccount.pledge_id == pledge_id)


def _borne(session: Session, code: Code, currency: str, whose: ColumnElement[bool]) -> int:
    """The debits of accounts of a code less their credits, in the entries that move these accounts."""
    theirs = select(Posting.entry_id).join(LedgerAccount).where(whose)
    net = func.sum(case((Posting.side == "D", Posting.amount_minor), else_=-Posting.amount_minor))
    of_code = LedgerAccount.code == code.value, LedgerAccount.currency == currency
    found = select(func.coalesce(net, 0)).join(LedgerAccount).where(*of_code, Posting.entry_id.in_(theirs))
    return int(session.execute(found.select_from(Posting)).scalar_one())


def holdback_used(session: Session, offering_id: int, currency: str) -> int:
    """What losses took of the holdbacks of an offering that are not paid out yet; minor units."""
    given = aliased(JournalEntry)
    is_given = select(given.id).where(given.key == func.replace(JournalEntry.key, "holdback:", "holdback_released:"))
    kept = session.scalars(
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            LedgerAccount.code == Code.ISSUER_HOLDBACK.value, LedgerAccount.offering_id == offering_id,
            LedgerAccount.currency == currency, JournalEntry.kind == "holdback_kept", ~is_given.exists(),
        )
    ).one()  # fmt: skip
    return int(kept) - balance(session, Code.ISSUER_HOLDBACK, currency, offering_id=offering_id)


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


def pledges_owed() -> Select[int]:
    """The ids of pledges for which something is owed back, as part of a larger question."""
    return select(LedgerAccount.pledge_id).where(
        LedgerAccount.book == CHART[Code.REFUND_PAYABLE].book,
        LedgerAccount.code == Code.REFUND_PAYABLE.value,
        LedgerAccount.debits != LedgerAccount.credits,
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


def booked_as(kind: str) -> Select[int | None]:
    """The instructions whose answers were booked by an entry of this kind, as part of a larger question."""
    return select(JournalEntry.instruction_id).filter_by(kind=kind).where(JournalEntry.instruction_id.is_not(None))


def booked_by(session: Session, instruction_id: int) -> Sequence[JournalEntry]:
    """The entries that an instruction led to, oldest first."""
    return session.scalars(
        select(JournalEntry).filter_by(instruction_id=instruction_id).order_by(JournalEntry.id)
    ).all()


def kinds_of(session: Session, instruction_id: int) -> Counter[str]:
    """The kinds of entries that the answers to an instruction were booked by, and how often."""
    return Counter(session.scalars(select(JournalEntry.kind).where(JournalEntry.instruction_id == instruction_id)))


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


def currencies_of_investor(session: Session, investor_id: int) -> list[str]:
    """In which an investor ever had cash here."""
    return list(
        session.scalars(
            select(LedgerAccount.currency)
            .where(LedgerAccount.investor_id == investor_id, LedgerAccount.code == Code.INVESTOR_CASH.value)
            .order_by(LedgerAccount.currency)
        )
    )


@dataclass(frozen=True, slots=True)
class CashMovement:
    """One entry as an investor sees it: what it did to their free cash and to what is on its way, in minor units."""

    at: datetime
    kind: str
    instruction_id: int | None
    free_minor: int
    reserved_minor: int


def movements_of_investor(session: Session, investor_id: int, currency: str, until: datetime) -> list[CashMovement]:
    """Everything that moved an investor's cash up to an instant, oldest first."""
    signed = case((Posting.side == "C", Posting.amount_minor), else_=-Posting.amount_minor)
    on = {code: LedgerAccount.code == code.value for code in (Code.INVESTOR_CASH, Code.INVESTOR_CASH_RESERVED)}
    rows = session.execute(
        select(
            JournalEntry.effective_at, JournalEntry.kind, JournalEntry.key, JournalEntry.instruction_id,
            *(func.coalesce(func.sum(signed).filter(found), 0) for found in on.values()),
        )
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(
            LedgerAccount.investor_id == investor_id, LedgerAccount.currency == currency, or_(*on.values()),
            JournalEntry.effective_at <= until,
        )
        .group_by(JournalEntry.id)
        .order_by(JournalEntry.id)
    )  # fmt: skip
    return [
        CashMovement(at, kind, instruction_id or _instruction_in(key), int(free), int(reserved))
        for at, kind, key, instruction_id, free, reserved in rows
    ]


def _instruction_in(key: str) -> int | None:
    """Of an entry that moves no cash and so answers no instruction: "cash_reserved:instruction:7"."""
    _, found, number = key.rpartition(":instruction:")
    return int(number) if found else None


def client_cash(session: Session) -> dict[tuple[str, str], int]:
    """(gateway, currency) -> minor units that it holds for investors' cash accounts."""
    rows = session.execute(
        select(LedgerAccount.gateway, LedgerAccount.currency, LedgerAccount.debits - LedgerAccount.credits).where(
            LedgerAccount.code == Code.CLIENT_CASH.value
        )
    )
    return {(gateway, currency): int(minor) for gateway, currency, minor in rows}


#: What makes up the cash that is owed to investors; what the platform owes to it makes it less.
_OWED_CASH = (Code.INVESTOR_CASH, Code.INVESTOR_CASH_RESERVED, Code.UNIDENTIFIED_RECEIPTS, Code.DUE_FROM_PLATFORM)


def owed_cash(session: Session) -> dict[str, int]:
    """currency -> minor units that must lie with the custodian for investors' cash accounts."""
    rows = session.execute(
        select(LedgerAccount.currency, func.sum(LedgerAccount.credits - LedgerAccount.debits))
        .where(LedgerAccount.code.in_([code.value for code in _OWED_CASH]), LedgerAccount.offering_id == 0)
        .group_by(LedgerAccount.currency)
    )
    return {currency: int(minor) for currency, minor in rows}


@dataclass(frozen=True, slots=True)
class Idle:
    """Free cash, in minor units, that has not moved for long."""

    investor_id: int
    currency: str
    minor: int
    since: datetime


def idle_cash(session: Session, until: datetime) -> list[Idle]:
    """Investors with free cash whose account last moved before then, the longest first."""
    moved = func.max(JournalEntry.effective_at)
    free = LedgerAccount.credits - LedgerAccount.debits
    rows = session.execute(
        select(LedgerAccount.investor_id, LedgerAccount.currency, free, moved)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(LedgerAccount.code == Code.INVESTOR_CASH.value, free > 0)
        .group_by(LedgerAccount.id)
        .having(moved <= until)
        .order_by(moved, LedgerAccount.investor_id)
    )
    return [Idle(investor_id, currency, int(minor), since) for investor_id, currency, minor, since in rows]


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account as it stood at an instant, in minor units."""

    account: LedgerAccount
    debits: int
    credits: int
    entries: int

    @property
    def net(self) -> int:
        """On the account's own side, as `balance` tells it."""
        return self.debits - self.credits if self.account.class_ in ("asset", "expense") else self.credits - self.debits


def accounts_as_of(
    session: Session, at: datetime, *, code: str = "", offering_id: int = 0, pledge_id: int = 0, limit: int = 200
) -> list[AccountBalance]:
    """Accounts that had been moved by then, by what was recorded until `at` (true time): what the books said at that instant."""
    debited, credited = (
        func.coalesce(func.sum(Posting.amount_minor).filter(Posting.side == side), 0) for side in ("D", "C")
    )
    asked = (
        select(LedgerAccount, debited, credited, func.count())
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.recorded_at <= at, *_named(code, offering_id, pledge_id))
        .group_by(LedgerAccount.id)
        .order_by(LedgerAccount.currency, LedgerAccount.code, LedgerAccount.offering_id, LedgerAccount.pledge_id)
        .limit(limit)
    )
    return [AccountBalance(one, int(d), int(c), n) for one, d, c, n in session.execute(asked)]


def entries_as_of(
    session: Session, at: datetime, *, code: str = "", offering_id: int = 0, pledge_id: int = 0, limit: int = 100
) -> list[JournalEntry]:
    """The entries that moved these accounts, recorded until `at` (true time), newest first."""
    moving = (
        select(Posting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(*_named(code, offering_id, pledge_id))
    )
    asked = select(JournalEntry).where(JournalEntry.recorded_at <= at, JournalEntry.id.in_(moving))
    return list(session.scalars(asked.order_by(JournalEntry.id.desc()).limit(limit)))


def _named(code: str, offering_id: int, pledge_id: int) -> list[ColumnElement[bool]]:
    wanted: tuple[tuple[InstrumentedAttribute[Any], object], ...] = (
        (LedgerAccount.code, code), (LedgerAccount.offering_id, offering_id), (LedgerAccount.pledge_id, pledge_id),
    )  # fmt: skip
    return [column == value for column, value in wanted if value]


def entry(session: Session, entry_id: int) -> JournalEntry | None:
    return session.get(JournalEntry, entry_id)


def reversed_by(session: Session, entry_id: int) -> JournalEntry | None:
    """The entry that took this one back."""
    return session.scalars(select(JournalEntry).where(JournalEntry.reverses == entry_id)).one_or_none()


def postings(session: Session, entry_id: int) -> list[tuple[Posting, LedgerAccount]]:
    """Both sides of an entry, debits first."""
    rows = session.execute(
        select(Posting, LedgerAccount)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.entry_id == entry_id)
        .order_by(Posting.side.desc(), LedgerAccount.code)
    )
    return [(posting, account) for posting, account in rows]
