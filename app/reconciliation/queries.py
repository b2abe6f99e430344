"""What may be asked about breaks, days and readings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, text
from sqlalchemy.orm import Session

from app.database import Snapshot
from app.errors import NotFound
from app.money import Money
from app.payments.models import GatewayReading
from app.payments.port import Ref
from app.reconciliation.classes import HARD, Kind
from app.reconciliation.finders import COLUMNS, FINDERS, LOST, PROVES, Found, parameters
from app.reconciliation.lifecycle import OPEN
from app.reconciliation.models import Break, ComparedDay
from app.regimes import platform_policy
from app.switches import queries as switches

PACK = platform_policy.PACK
_PAID_TWICE = """
SELECT b.key, b.instruction_id, t.source, t.amount_minor, t.fee_minor, t.currency
FROM breaks b JOIN gateway_transactions t ON t.gateway = b.gateway
    AND t.transaction_id = substr(b.key, length(b.gateway) + 2)
JOIN instructions i ON i.id = b.instruction_id AND i.kind = 'collect'
WHERE b.kind = 'R8' AND b.status = 'open'
    AND EXISTS (SELECT 1 FROM journal_entries e WHERE e.evidence = b.key)
    AND NOT EXISTS (SELECT 1 FROM instructions r WHERE r.business_key = 'refund:unidentified:' || b.key)
ORDER BY b.id"""

_BOOKED = f"""
SELECT t.gateway, t.source FROM gateway_transactions t
JOIN unnest(CAST(:gateways AS text[]), CAST(:sources AS text[])) AS named (gateway, source)
    ON (t.gateway, t.source) = (named.gateway, named.source)
LEFT JOIN journal_entries e ON {PROVES}
GROUP BY t.gateway, t.source HAVING count(e.id) = count(*)"""

#: What was booked apart for an offering, and nobody asked for. From the accounts on: those that hold anything are few.
_RECEIPT = """
SELECT e.id AS entry_id, e.evidence AS key, a.offering_id, t.gateway, t.transaction_id, t.source, t.amount_minor,
    t.currency, t.created_at, '' AS owner, NULL AS pledge_ref,
    EXISTS (SELECT 1 FROM journal_entries d
            WHERE d.key IN ('receipt_identified:' || e.evidence, 'unidentified_funds_returned:' || e.evidence))
        OR back.sent > back.came_back AS is_dealt_with, back.came_back,
    EXISTS (SELECT 1 FROM gateway_transactions o WHERE o.gateway = t.gateway AND o.source = t.source
            AND o.transaction_id <> t.transaction_id)
        OR EXISTS (SELECT 1 FROM breaks b WHERE b.kind = 'R3' AND b.status = 'open' AND b.amount_minor < 0
            AND b.gateway = t.gateway AND b.offering_id = a.offering_id) AS may_have_left
FROM ledger_accounts a JOIN postings p ON p.account_id = a.id AND p.side = 'C'
JOIN journal_entries e ON e.id = p.entry_id AND e.kind = 'unidentified_funds_received' AND e.instruction_id IS NULL
JOIN gateway_transactions t ON t.gateway = split_part(e.evidence, ':', 1)
    AND t.transaction_id = substr(e.evidence, length(t.gateway) + 2)
CROSS JOIN LATERAL (SELECT count(*) AS sent, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM journal_entries c
        WHERE c.instruction_id = r.id AND c.kind = 'unidentified_funds_received')) AS came_back
    FROM instructions r WHERE r.pledge_id IS NULL AND r.about_id IS NULL AND r.kind = 'refund'
        AND r.gateway = t.gateway AND r.instrument = t.source) back
WHERE a.book = 'client' AND a.code = '2200' AND a.offering_id > 0"""
#: What came back of a loss and lies apart for who had borne it: by the payment of its pledge.
_RECOVERED = """
SELECT e.id AS entry_id, e.key, a.offering_id, i.gateway, '' AS transaction_id, i.provider_ref AS source, p.amount_minor,
    p.currency, e.effective_at AS created_at, replace(e.kind, 'loss_owed_to_', '') AS owner, whose.ref AS pledge_ref,
    back.sent > back.came_back AS is_dealt_with, back.came_back,
    EXISTS (SELECT 1 FROM breaks b WHERE b.kind = 'R3' AND b.status = 'open' AND b.amount_minor < 0
        AND b.gateway = i.gateway AND b.offering_id = a.offering_id) AS may_have_left
FROM ledger_accounts a JOIN postings p ON p.account_id = a.id AND p.side = 'C'
JOIN journal_entries e ON e.id = p.entry_id AND e.kind IN ('loss_owed_to_investor', 'loss_owed_to_issuer')
JOIN postings other ON other.entry_id = e.id AND other.side = 'D' JOIN ledger_accounts o ON o.id = other.account_id
JOIN pledges whose ON whose.id = o.pledge_id
JOIN instructions i ON i.pledge_id = whose.id AND i.kind IN ('collect', 'from_cash') AND i.status = 'succeeded'
CROSS JOIN LATERAL (SELECT count(*) AS sent, count(*) FILTER (WHERE (r.kind, r.status) = ('to_issuer', 'failed')
        OR EXISTS (SELECT 1 FROM journal_entries c
            WHERE c.instruction_id = r.id AND c.kind = 'unidentified_funds_received')) AS came_back
    FROM instructions r WHERE r.pledge_id = whose.id AND (starts_with(r.business_key || ':', 'to_issuer:' || e.key || ':')
        OR starts_with(r.business_key || ':', 'refund:unidentified:' || e.key || ':'))) back
WHERE a.book = 'client' AND a.code = '2200' AND a.offering_id > 0"""

#: What nobody had asked a payer for, and what did not reach them again. Each time that it comes back it is a receipt of its own;
#: what was refused before any of it moved is still the same one.
_RETURNED = """
SELECT e.id AS entry_id, e.evidence AS key, a.offering_id, i.gateway, '' AS transaction_id, i.provider_ref AS source,
    p.amount_minor, p.currency, e.effective_at AS created_at, 'payer' AS owner, whose.ref AS pledge_ref,
    back.sent > back.came_back AS is_dealt_with, back.came_back,
    EXISTS (SELECT 1 FROM breaks b WHERE b.kind = 'R3' AND b.status = 'open' AND b.amount_minor < 0
        AND b.gateway = i.gateway AND b.offering_id = a.offering_id) AS may_have_left
FROM ledger_accounts a JOIN postings p ON p.account_id = a.id AND p.side = 'C'
JOIN journal_entries e ON e.id = p.entry_id AND e.kind = 'unidentified_funds_received'
JOIN instructions i ON i.id = e.instruction_id AND starts_with(i.business_key, 'refund:unidentified:')
    AND NOT starts_with(i.business_key, 'refund:unidentified:loss_owed_to_')
JOIN pledges whose ON whose.id = i.pledge_id
CROSS JOIN LATERAL (SELECT count(*) AS sent, count(*) FILTER (WHERE r.status = 'cancelled'
        OR (r.status = 'review' AND r.provider_ref IS NULL AND r.code NOT IN ('key_conflict', 'key_forgotten'))
        OR (r.status = 'failed' AND NOT EXISTS (SELECT 1 FROM journal_entries c
            WHERE c.instruction_id = r.id AND c.kind = 'unidentified_funds_returned'))) AS came_back
    FROM instructions r WHERE r.pledge_id = whose.id
        AND starts_with(r.business_key || ':', 'refund:unidentified:' || e.evidence || ':')) back
WHERE a.book = 'client' AND a.code = '2200' AND a.offering_id > 0"""


def _apart(more: str) -> str:
    return f"SELECT * FROM ({_RECEIPT} {more} UNION ALL {_RECOVERED} {more} UNION ALL {_RETURNED} {more}) r"


_STANDING = f"{_apart('AND a.credits > a.debits')} WHERE NOT is_dealt_with ORDER BY entry_id"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money of an offering that lies apart, by the entry that booked it so: it came from nobody we know, by the gateway's
    line; or it came back of a loss on a pledge, and its `owner` ("investor" or "issuer") had borne that; or its payer ("payer")
    had paid it for a pledge that did not want it, and it did not reach them again.
    """

    entry_id: int
    #: As the entry names the line: "gateway:transaction". Of what came back of a loss: the key of the entry.
    key: str
    offering_id: int
    gateway: str
    transaction_id: str
    #: The payment as its gateway calls it.
    source: str
    amount: Money
    received_at: datetime
    #: It was given to a pledge, or is sent where it belongs; and how often it did not arrive there.
    is_dealt_with: bool
    came_back: int
    #: The gateway tells more of this payment than that it came, or of money of this offering that left and nobody asked for.
    may_have_left: bool
    owner: str
    #: Of what came back: the pledge.
    pledge_ref: str | None


@dataclass(frozen=True, slots=True)
class PaidTwice:
    """The second payment for a collection: the line that shows it, and what the gateway calls it."""

    key: str
    instruction_id: int
    payment: Ref
    amount: Money
    #: What the gateway kept of it.
    fee: Money


def by_ref(session: Session, ref: str) -> Break:
    """Raises NotFound."""
    found = session.scalars(select(Break).where(Break.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return found


def open_breaks(session: Session, kind: Kind | None = None) -> list[Break]:
    """What is open, the oldest first."""
    asked = select(Break).where(Break.status == OPEN).order_by(Break.day, Break.id)
    return list(session.scalars(asked if kind is None else asked.where(Break.kind == kind)))


def breaks_of(session: Session, day: date) -> list[Break]:
    """What was open at the end of a day or has its cause on it, whatever became of it, the oldest first."""
    ended_later = or_(Break.ended_at.is_(None), Break.ended_at > PACK.end_of(day))
    return list(
        session.scalars(
            select(Break).where(Break.day <= day, or_(ended_later, Break.day == day)).order_by(Break.day, Break.id)
        )
    )


def paid_twice(session: Session) -> list[PaidTwice]:
    """Second payments that are booked apart, and that nobody has been asked to give back."""
    return [
        PaidTwice(
            row.key, row.instruction_id, Ref.read(row.source), Money(row.amount_minor, row.currency),
            Money(row.fee_minor, row.currency),
        )
        for row in session.execute(text(_PAID_TWICE))
    ]  # fmt: skip


def booked_by_hand(session: Session, named: Collection[tuple[str, Ref]]) -> set[tuple[str, Ref]]:
    """Which things at a gateway, by their names there, are in the books though nobody here asked for them: with every line
    of theirs that we know.
    """
    asked = {"gateways": [gateway for gateway, _ in named], "sources": [str(ref) for _, ref in named]}
    rows = session.execute(text(_BOOKED), asked)
    return {(gateway, Ref.read(source)) for gateway, source in rows}


def receipts(session: Session) -> list[Receipt]:
    """Money that lies apart, and nobody has dealt with; the oldest first."""
    return [_receipt(row) for row in session.execute(text(_STANDING))]


def receipt(session: Session, entry_id: int) -> Receipt:
    """One receipt, dealt with or not, by the entry that booked it apart. Raises NotFound."""
    found = session.execute(text(_apart("AND e.id = :entry")), {"entry": entry_id}).one_or_none()
    if found is None:
        raise NotFound
    return _receipt(found)


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        row.entry_id, row.key, row.offering_id, row.gateway, row.transaction_id, row.source,
        Money(row.amount_minor, row.currency), row.created_at, row.is_dealt_with, row.came_back, row.may_have_left,
        row.owner, row.pledge_ref,
    )  # fmt: skip


def shortfalls(session: Session, offering_id: int, currency: str) -> list[Break]:
    """What clients' money lacks for too long, and an offering's closing has to wait for: of itself, or of no one offering.

    What a payer's bank holds of a pledge that has no shares yet is lacking to nobody but this very payer.
    """
    own = or_(Break.offering_id == offering_id, Break.offering_id.is_(None))
    found = select(Break).where(Break.kind == Kind.SHORTFALL, Break.status == OPEN, Break.currency == currency, own)
    with_shares = text("(pledge_id IS NULL OR EXISTS (SELECT 1 FROM pledges p WHERE p.id = pledge_id"
                       " AND p.status IN ('allotted', 'settled')))")  # fmt: skip
    return list(session.scalars(found.where(with_shares).order_by(Break.id)))


def hard_breaks(session: Session, until: date) -> int:
    """How many open breaks of a day, or of one before, keep it from being clean."""
    return session.scalars(
        select(func.count()).where(Break.status == OPEN, Break.kind.in_(HARD), Break.day <= until)
    ).one()


def find(view: Snapshot, kind: Kind, environment: str) -> list[Found]:
    """Every difference of a kind as it is now, kept or not."""
    asked = text(f"SELECT {COLUMNS} FROM ({FINDERS[kind]}) found")
    frozen = switches.freeze(view.session) is not None
    return [Found(*row) for row in view.session.execute(asked, parameters(view.now, environment, frozen=frozen))]


def lost_operations(session: Session, environment: str) -> list[str]:
    """Lines of the gateways that our own operations made, of which the books know nothing."""
    return list(session.scalars(text(LOST), {"environment": environment}))


def readings(session: Session) -> dict[str, GatewayReading]:
    return {row.gateway: row for row in session.scalars(select(GatewayReading))}


def not_read_in_this_life(session: Session, *, tried_before: datetime | None = None) -> set[str]:
    """The gateways that were read before a standby, or a backup, became this database, and not since.

    `tried_before`: without those that nobody could read since then.
    """
    found = select(GatewayReading.gateway).where(GatewayReading.of_another_life())
    if tried_before is not None:
        found = found.where(or_(GatewayReading.failed_at.is_(None), GatewayReading.failed_at < tried_before))
    return set(session.scalars(found))


def compared(session: Session, day: date) -> list[ComparedDay]:
    """Every account of one day, as it was compared last."""
    return list(
        session.scalars(
            select(ComparedDay)
            .where(ComparedDay.day == day)
            .order_by(ComparedDay.gateway, ComparedDay.currency, func.length(ComparedDay.account), ComparedDay.account)
        )
    )


def last_compared(session: Session) -> date | None:
    return session.scalars(select(func.max(ComparedDay.day))).one()


def grid(session: Session, until: date, days: int) -> list[ComparedDay]:
    """The accounts of the last days that are worth a look: one row each."""
    return list(
        session.scalars(
            select(ComparedDay)
            .where(ComparedDay.day > until - timedelta(days=days), ComparedDay.day <= until, ComparedDay.gateway != "")
            .order_by(ComparedDay.gateway, ComparedDay.currency, ComparedDay.day)
        )
    )
