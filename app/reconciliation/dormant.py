"""Clients' money that nobody touches: each balance that lies longer than it may, with the reason why it lies.

Money of an offering that has ended, receipts of nobody, refunds that did not arrive and money between two gateways show
after a day; what may lie (a pledge of an open offering, an investor's cash) after the longer time of the policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text

from app.database import Snapshot
from app.money import Money
from app.regimes import platform_policy


class Why(StrEnum):
    OFFERING_ENDED = "offering_ended"
    UNIDENTIFIED = "unidentified"
    REFUND_STUCK = "refund_stuck"
    IN_TRANSIT = "in_transit"
    KEPT_BACK = "kept_back"
    CASH_ACCOUNT = "cash_account"
    UNCLAIMED = "unclaimed"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Dormant:
    """One balance, since when it was not touched, and why. `offering_ref` and `pledge_ref` are public names, if any."""

    account_id: int
    code: str
    why: Why
    amount: Money
    untouched_since: datetime
    offering_ref: str | None
    pledge_ref: str | None
    investor_id: int | None
    gateway: str


_WHY = f"""CASE
    WHEN a.code = '2200' THEN '{Why.UNIDENTIFIED}'
    WHEN a.code = '1150' THEN '{Why.IN_TRANSIT}'
    WHEN a.code = '2020' AND EXISTS (SELECT 1 FROM instructions i WHERE i.pledge_id = a.pledge_id
        AND i.kind IN ('refund', 'pay_back') AND i.status IN ('failed', 'review')) THEN '{Why.REFUND_STUCK}'
    WHEN a.code IN ('2300', '2320') THEN '{Why.UNCLAIMED}'
    WHEN a.code = '2110' THEN '{Why.KEPT_BACK}'
    WHEN o.status IN ('settled', 'failed', 'refunded', 'withdrawn') THEN '{Why.OFFERING_ENDED}'
    WHEN a.code IN ('2030', '2032', '2035') THEN '{Why.CASH_ACCOUNT}'
    ELSE '{Why.WAITS}' END"""
_AT_ONCE = f"('{Why.OFFERING_ENDED}', '{Why.UNIDENTIFIED}', '{Why.REFUND_STUCK}', '{Why.IN_TRANSIT}')"
_DORMANT = f"""
SELECT a.id, a.code, {_WHY} AS why, abs(a.debits - a.credits)::bigint AS minor, a.currency, t.touched_at,
    o.ref AS offering_ref, p.ref AS pledge_ref, nullif(a.investor_id, 0) AS investor_id, a.gateway
FROM ledger_accounts a LEFT JOIN offerings o ON o.id = a.offering_id LEFT JOIN pledges p ON p.id = a.pledge_id
CROSS JOIN LATERAL (SELECT max(e.effective_at) AS touched_at FROM postings x JOIN journal_entries e ON e.id = x.entry_id
    WHERE x.account_id = a.id) t
WHERE a.book = 'client' AND a.debits <> a.credits AND (a.class = 'liability' OR a.code = '1150')
    AND t.touched_at <= CASE WHEN {_WHY} IN {_AT_ONCE} THEN CAST(:ended_since AS timestamptz) ELSE :dormant_since END
ORDER BY t.touched_at, a.id"""


def dormant(view: Snapshot) -> list[Dormant]:
    """Every balance that lies too long, the oldest first."""
    law = platform_policy.reconciling(view.now)
    rows = view.session.execute(text(_DORMANT), {"ended_since": law.ended_since, "dormant_since": law.dormant_since})
    return [
        Dormant(
            row.id, row.code, Why(row.why), Money(row.minor, row.currency), row.touched_at, row.offering_ref,
            row.pledge_ref, row.investor_id, row.gateway,
        )
        for row in rows
    ]  # fmt: skip
