"""What may be asked about breaks, days and readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from app.database import Snapshot
from app.errors import NotFound
from app.money import Money
from app.payments.models import GatewayReading
from app.payments.port import Ref
from app.reconciliation.classes import HARD, Kind
from app.reconciliation.finders import COLUMNS, FINDERS, LOST, Found, parameters
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
