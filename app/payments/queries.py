"""What may be asked about instructions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.money import Money
from app.payments.lifecycle import ACTION_REQUIRED, CANCELLED, FAILED, NEW, POISON, QUEUED, REVIEW, SUCCEEDED, UNKNOWN
from app.payments.models import (
    DEALT_WITH,
    OVER_WHEN_FAILED,
    PAID_OTHERWISE,
    GatewayEvent,
    GatewayReading,
    GatewayTransaction,
    Instruction,
)
from app.payments.port import OpKind, Ref, Txn, TxnKind


def instruction(session: Session, instruction_id: int) -> Instruction:
    return session.get_one(Instruction, instruction_id)


def by_key(session: Session, business_key: str) -> Instruction | None:
    return session.scalars(select(Instruction).where(Instruction.business_key == business_key)).one_or_none()


def refs_of_offering(session: Session, offering_id: int) -> set[str]:
    """What the gateway calls the things that we asked of it for an offering: "payment/pay_1"."""
    named = select(Instruction.provider_ref).where(
        Instruction.offering_id == offering_id, Instruction.provider_ref.is_not(None)
    )
    return {ref for ref in session.scalars(named) if ref is not None}


def of_pledge(session: Session, pledge_id: int) -> list[Instruction]:
    """Everything asked for one pledge, oldest first."""
    return list(session.scalars(select(Instruction).where(Instruction.pledge_id == pledge_id).order_by(Instruction.id)))


def by_op(session: Session, op_id: UUID) -> Instruction:
    """Raises NotFound."""
    found = session.scalars(select(Instruction).where(Instruction.op_id == op_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def waiting_for_a_person(session: Session) -> list[Instruction]:
    """What stopped and will not go on by itself, oldest first."""
    failed = (Instruction.status == FAILED) & Instruction.kind.not_in(OVER_WHEN_FAILED)
    stopped = select(Instruction).where((Instruction.status == REVIEW) | failed).order_by(Instruction.id)
    return [
        row
        for row in session.scalars(stopped)
        if (row.status == REVIEW and row.code not in (DEALT_WITH, PAID_OTHERWISE)) or row.may_be_repeated
    ]


def received(session: Session, row: Instruction) -> Money:
    """What a collection really brought, as the gateway's first line about it says."""
    first = session.scalars(
        select(GatewayTransaction)
        .where(GatewayTransaction.gateway == row.gateway, GatewayTransaction.source == row.provider_ref)
        .order_by(GatewayTransaction.created_at, GatewayTransaction.transaction_id)
        .limit(1)
    ).one()
    return Money(first.amount_minor, first.currency)


def net_of(session: Session, row: Instruction, kinds: Sequence[TxnKind]) -> Money:
    """What a collection's lines of these kinds did to the gateway's balance, after its price."""
    minor = session.scalars(
        select(func.coalesce(func.sum(GatewayTransaction.net_minor), 0)).where(
            GatewayTransaction.gateway == row.gateway,
            GatewayTransaction.source == row.provider_ref,
            GatewayTransaction.kind.in_(kinds),
        )
    ).one()
    return Money(int(minor), row.currency)


def lines_behind(session: Session, row: Instruction, kinds: Sequence[TxnKind]) -> Sequence[GatewayTransaction]:
    """The lines of these kinds that we know behind what was made of an instruction."""
    return session.scalars(
        select(GatewayTransaction).where(
            GatewayTransaction.gateway == row.gateway,
            GatewayTransaction.source == row.provider_ref,
            GatewayTransaction.kind.in_(kinds),
        )
    ).all()


def collection(session: Session, pledge_id: int) -> Instruction | None:
    """The pledge's payment that is under way or done, out of a cash account too; None: there is none (any more)."""
    return session.scalars(
        select(Instruction).where(
            Instruction.pledge_id == pledge_id,
            Instruction.kind.in_((OpKind.COLLECT, OpKind.FROM_CASH)),
            Instruction.status.not_in((FAILED, CANCELLED)),
        )
    ).one_or_none()


def refunds(session: Session, pledge_id: int) -> list[Instruction]:
    """The refunds of a pledge, whatever became of them, without those of money that nobody waited for; oldest first."""
    rows = of_pledge(session, pledge_id)
    return [row for row in rows if row.kind == OpKind.REFUND and row.business_key.startswith("refund:pledge:")]


def ways_back(session: Session, pledge_id: int) -> list[Instruction]:
    """Everything that was asked to give back a pledge's own money, oldest first."""
    rows = of_pledge(session, pledge_id)
    back = [row for row in rows if row.kind in (OpKind.REFUND, OpKind.PAY_BACK)]
    return [row for row in back if not row.is_of_nobody]


def earliest_refunds(session: Session, collections: Collection[int], now: datetime) -> dict[int, datetime]:
    """collection -> when its gateway gives it back at the earliest, for those that it does not give back yet."""
    on = Instruction.paid_at + Instruction.refund_not_before
    rows = session.execute(
        select(Instruction.id, on.label("on")).where(Instruction.id == func.any(list(collections)), on > now)
    )
    return {row.id: row.on for row in rows}


def about(session: Session, instruction_id: int) -> list[Instruction]:
    """What was asked about another instruction."""
    return list(session.scalars(select(Instruction).where(Instruction.about_id == instruction_id)))


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that is under way or done, as plain values."""

    id: int
    kind: str
    gateway: str
    method: str | None
    paid_at: datetime | None
    refund_not_before: timedelta | None


class Payment(Protocol):
    """As much of a collection as says when it can be given back."""

    @property
    def paid_at(self) -> datetime | None: ...
    @property
    def refund_not_before(self) -> timedelta | None: ...


def given_back_from(paid: Payment | None, now: datetime) -> datetime | None:
    """Before then its gateway gives nothing of it back; None: it does now."""
    if paid is None or paid.paid_at is None or paid.refund_not_before is None:
        return None
    on = paid.paid_at + paid.refund_not_before
    return on if on > now else None


def collections(session: Session, pledge_ids: Sequence[int]) -> dict[int, Paid]:
    """pledge -> its payment that is under way or done."""
    rows = session.execute(
        select(Instruction.pledge_id, *(getattr(Instruction, one.name) for one in fields(Paid))).where(
            Instruction.pledge_id == func.any(list(pledge_ids)),
            Instruction.kind.in_((OpKind.COLLECT, OpKind.FROM_CASH)),
            Instruction.status.not_in((FAILED, CANCELLED)),
        )
    )
    return {pledge_id: Paid(*row) for pledge_id, *row in rows}


def waiting_for_payers(session: Session, pledge_ids: Collection[int]) -> set[int]:
    """Which of these pledges have a collection that waits for its payer."""
    waiting = select(Instruction.pledge_id).where(
        Instruction.pledge_id.in_(pledge_ids),
        Instruction.kind == OpKind.COLLECT,
        Instruction.status == ACTION_REQUIRED,
    )
    return {pledge_id for pledge_id in session.scalars(waiting) if pledge_id is not None}


def keeping(session: Session, pledge_id: int) -> Instruction | None:
    """The pledge's latest way to pay that is kept, or about to be; None when there is none (any more)."""
    return session.scalars(
        select(Instruction)
        .where(
            Instruction.pledge_id == pledge_id,
            Instruction.kind == OpKind.SETUP,
            Instruction.status.not_in((FAILED, CANCELLED)),
        )
        .order_by(Instruction.id.desc())
        .limit(1)
    ).one_or_none()


def tries(session: Session, pledge_id: int, *kinds: OpKind) -> int:
    """How often the pledge's money (or what these kinds are) was asked for so far, whatever became of it."""
    kinds = kinds or (OpKind.COLLECT, OpKind.FROM_CASH)
    return session.scalars(
        select(func.count()).where(Instruction.pledge_id == pledge_id, Instruction.kind.in_(kinds))
    ).one()


def by_refs(session: Session, named: Collection[tuple[str, Ref]]) -> list[Instruction]:
    """The instructions that their gateways know by these names: (gateway, name)."""
    names = [(gateway, str(ref)) for gateway, ref in named]
    return list(
        session.scalars(select(Instruction).where(tuple_(Instruction.gateway, Instruction.provider_ref).in_(names)))
    )


def of_closing(session: Session, closing_id: int) -> list[Instruction]:
    return list(
        session.scalars(select(Instruction).where(Instruction.closing_id == closing_id).order_by(Instruction.id))
    )


def refunds_under_way(session: Session, offering_id: int) -> int:
    """How many refunds of an offering have not arrived, whatever became of them."""
    return session.scalars(
        select(func.count()).where(
            Instruction.offering_id == offering_id,
            Instruction.kind == OpKind.REFUND,
            Instruction.status != SUCCEEDED,
        )
    ).one()


def counts(session: Session) -> list[tuple[str, str, int]]:
    """(purpose, status, how many), for the operator."""
    rows = session.execute(
        select(Instruction.purpose.label("purpose"), Instruction.status, func.count())
        .group_by("purpose", Instruction.status)
        .order_by("purpose", Instruction.status)
    )
    return [(purpose, status, number) for purpose, status, number in rows]


def waiting_events(session: Session) -> int:
    return session.scalars(select(func.count()).where(GatewayEvent.status.in_((NEW, POISON)))).one()


#: An event that was tried and could not be handled: it is tried again, or waits for a person.
_NOT_HANDLED = (GatewayEvent.status == POISON) | ((GatewayEvent.status == NEW) & GatewayEvent.last_error.is_not(None))


@dataclass(frozen=True, slots=True)
class NotHandled:
    """An event that could not be handled; `moved`: whether the gateway's own list shows money for it, None: not known."""

    event: GatewayEvent
    moved: bool | None


def events_not_handled(session: Session, limit: int) -> list[NotHandled]:
    """What could not be handled, the oldest first.

    No line of what an event names means that no money moved only once the list was read until after it came.
    """
    lines = select(GatewayTransaction.transaction_id).where(
        GatewayTransaction.gateway == GatewayEvent.gateway,
        GatewayTransaction.source == func.any(GatewayEvent.objects),
        GatewayTransaction.net_minor != 0,
    )
    read = func.coalesce(GatewayReading.read_until > GatewayEvent.received_at, False)
    rows = session.execute(
        select(GatewayEvent, lines.exists(), read & (func.cardinality(GatewayEvent.objects) > 0))
        .outerjoin(GatewayReading, GatewayReading.gateway == GatewayEvent.gateway)
        .where(_NOT_HANDLED)
        .order_by(GatewayEvent.id)
        .limit(limit)
    )
    return [NotHandled(event, True if moved else False if is_read else None) for event, moved, is_read in rows]


def count_not_handled(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(GatewayEvent).where(_NOT_HANDLED)).one()


def asked_in_this_transaction(session: Session) -> list[tuple[str, int, Money]]:
    """(purpose, how many, together): what the transaction that asks has instructed so far."""
    rows = session.execute(
        select(
            Instruction.purpose.label("purpose"), func.count(), func.sum(Instruction.amount_minor), Instruction.currency
        )
        .where(text("instructions.xmin = pg_current_xact_id()::xid"), Instruction.status == QUEUED)
        .group_by("purpose", Instruction.currency)
        .order_by("purpose", Instruction.currency)
    )
    return [(purpose, number, Money(int(minor), currency)) for purpose, number, minor, currency in rows]


def oldest_unlisted(session: Session, gateway: str, after: datetime) -> datetime | None:
    """When the oldest line was made that we know by an answer and have not seen in the gateway's own list."""
    found = select(func.min(GatewayTransaction.created_at)).where(
        GatewayTransaction.gateway == gateway,
        GatewayTransaction.listed_at.is_(None),
        GatewayTransaction.created_at > after,
    )
    return session.scalars(found).one()


def first_instructed(session: Session, gateway: str) -> datetime | None:
    """When anything was first asked of a gateway: it has no line of ours from before."""
    return session.scalars(select(func.min(Instruction.created_at)).where(Instruction.gateway == gateway)).one()


def source(session: Session, key: str) -> Ref:
    """What a line is about, by `gateway:transaction`."""
    gateway, _, transaction_id = key.partition(":")
    return Ref.read(session.get_one(GatewayTransaction, (gateway, transaction_id)).source)


def has_line(session: Session, op_id: UUID) -> bool:
    """Whether a gateway's own list has a line that was made with our key of this operation."""
    ours = func.split_part(GatewayTransaction.op_key, ":", 2) == str(op_id)
    return session.scalars(select(GatewayTransaction.transaction_id).where(ours).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Health:
    """What waits at a gateway: outcomes nobody knows, instructions for a person, events not handled, and since when; when it
    told us something last, and of when its newest line is.
    """

    unknown: int
    review: int
    events: int
    oldest_event: datetime | None
    last_event: datetime | None
    newest_line: datetime | None

    def is_silent(self, now: datetime, patience: timedelta) -> bool:
        """Whether money moved and no event came of it. What moved is found by asking all the same, only later."""
        if self.newest_line is None or self.newest_line > now - patience:
            return False
        return self.last_event is None or self.last_event < self.newest_line - patience


def health(session: Session, gateway: str) -> Health:
    unknown, review = (
        session.scalars(select(func.count()).where(Instruction.gateway == gateway, Instruction.status == status)).one()
        for status in (UNKNOWN, REVIEW)
    )
    waiting = select(func.count(), func.min(GatewayEvent.received_at)).where(
        GatewayEvent.gateway == gateway, GatewayEvent.status.in_((NEW, POISON))
    )
    events, oldest = session.execute(waiting).one()
    told = select(func.max(GatewayEvent.received_at)).where(GatewayEvent.gateway == gateway)
    moved = select(func.max(GatewayTransaction.created_at)).where(GatewayTransaction.gateway == gateway)
    return Health(unknown, review, events, oldest, session.scalars(told).one(), session.scalars(moved).one())


def txn(session: Session, evidence: str) -> Txn:
    """The line that an entry's evidence names, as its gateway told it."""
    row = line(session, evidence)
    assert row is not None  # what an entry stands on is kept
    return Txn(
        row.transaction_id, TxnKind(row.kind), Ref.read(row.source), Money(row.amount_minor, row.currency),
        Money(row.fee_minor, row.currency), row.created_at, row.account, row.available_at, row.op_key,
    )  # fmt: skip


def line(session: Session, evidence: str) -> GatewayTransaction | None:
    """The line that an entry's evidence names."""
    gateway, _, transaction_id = evidence.partition(":")
    return session.get(GatewayTransaction, (gateway, transaction_id))
