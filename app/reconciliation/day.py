"""One day of every account: our books beside the gateway's own lines, as two set-based queries.

A movement belongs to the day of the gateway's line that proves it, whenever we heard of it; an entry without a line to
the day on which it was written. So both sides count the same things, and what differs is a break. What a collector holds is
compared for each offering where its lines tell whose they are, and as one account where they do not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.payments.port import PLATFORM_ACCOUNT
from app.reconciliation.finders import ACCOUNT, PROVES
from app.regimes import platform_policy

#: What moves nothing at the gateway: both sides are one account there.
WITHIN = "('funds_available', 'overdraft_covered')"
_BOOKS = f"""
WITH cash AS (
    SELECT a.id, a.currency,
        CASE a.code WHEN '1150' THEN 'transit-' || a.offering_id ELSE {ACCOUNT} END AS account,
        a.code IN ('1000', '1010') AS with_collector,
        CASE a.code WHEN '1100' THEN coalesce(o.gateway, '') WHEN '1150' THEN '' ELSE a.gateway END AS gateway
    FROM ledger_accounts a LEFT JOIN offerings o ON o.id = a.offering_id
    WHERE a.code IN ('1000', '1010', '1100', '1110', '1150'))
SELECT c.gateway, c.currency, CASE WHEN c.with_collector AND t.account = '' THEN '' ELSE c.account END AS account, e.kind,
    coalesce(t.created_at, e.effective_at) < :begins AS before,
    sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS minor
FROM cash c JOIN postings p ON p.account_id = c.id JOIN journal_entries e ON e.id = p.entry_id
LEFT JOIN gateway_transactions t ON {PROVES}
WHERE coalesce(t.created_at, e.effective_at) < :ends AND e.kind NOT IN {WITHIN} GROUP BY 1, 2, 3, 4, 5"""
_LINES = f"""
SELECT gateway, currency, account, kind, created_at < :begins AS before, sum(net_minor)::bigint AS minor
FROM gateway_transactions WHERE created_at < :ends AND account <> '{PLATFORM_ACCOUNT}' GROUP BY 1, 2, 3, 4, 5"""
_WAITING = """
SELECT b.gateway, b.currency, t.account, sum(t.net_minor)::bigint AS minor
FROM breaks b JOIN gateway_transactions t ON b.key = t.gateway || ':' || t.transaction_id
WHERE b.kind = 'R1' AND b.status = 'open' AND t.created_at < :ends GROUP BY 1, 2, 3"""
_BALANCES = """
SELECT gateway, currency, account, amount_minor AS minor, read_at,
    NOT EXISTS (SELECT 1 FROM gateway_balances n WHERE n.gateway = b.gateway AND n.account <> '') AS is_all
FROM gateway_balances b WHERE day = :day"""

#: All accounts together of a gateway that tells only one balance for them.
TOTAL = "total"
#: (gateway, currency, account)
Where = tuple[str, str, str]


@dataclass(slots=True)
class Side:
    """What an account had, what moved by kind, in minor units."""

    opening: int = 0
    movements: dict[str, int] = field(default_factory=dict)

    @property
    def closing(self) -> int:
        return self.opening + sum(self.movements.values())

    def add(self, kind: str, minor: int, *, before: bool) -> None:
        if before:
            self.opening += minor
        else:
            self.movements[kind] = self.movements.get(kind, 0) + minor

    def join(self, other: Side) -> None:
        self.opening += other.opening
        for kind, minor in other.movements.items():
            self.add(kind, minor, before=False)


@dataclass(slots=True)
class Account:
    books: Side = field(default_factory=Side)
    lines: Side = field(default_factory=Side)
    waiting: int = 0
    balance: tuple[int, datetime] | None = None


def span(day: date) -> tuple[datetime, datetime]:
    """When a day begins and ends, in the zone of the platform's policy."""
    begins = datetime.combine(day, time(), ZoneInfo(platform_policy.PACK.zone))
    return begins, begins + timedelta(days=1)


def compare(session: Session, day: date) -> dict[Where, Account]:
    """Both sides of every account that ever had money until the end of the day."""
    begins, ends = span(day)
    asked = {"begins": begins, "ends": ends, "day": day}
    found: dict[Where, Account] = defaultdict(Account)
    for row in session.execute(text(_BOOKS), asked):
        found[row.gateway, row.currency, row.account].books.add(row.kind, row.minor, before=row.before)
    for row in session.execute(text(_LINES), asked):
        found[row.gateway, row.currency, row.account].lines.add(row.kind, row.minor, before=row.before)
    for row in session.execute(text(_WAITING), asked):
        found[row.gateway, row.currency, row.account].waiting = row.minor
    for row in session.execute(text(_BALANCES), asked):
        where = (row.gateway, row.currency, row.account)
        if row.is_all:
            where = _all_of(found, row.gateway, row.currency)
        if where in found:
            found[where].balance = (row.minor, row.read_at)
    return found


def _all_of(found: dict[Where, Account], gateway: str, currency: str) -> Where:
    """Where one balance for all is compared: with the sum of all accounts, where lines tell them apart."""
    accounts = [(where, one) for where, one in found.items() if where[:2] == (gateway, currency)]
    if all(where[2] == "" for where, _ in accounts):
        return gateway, currency, ""
    total = found[gateway, currency, TOTAL]
    for _, one in accounts:
        total.books.join(one.books)
        total.lines.join(one.lines)
        total.waiting += one.waiting
    return gateway, currency, TOTAL
