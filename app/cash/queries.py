"""What may be asked about investors' cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from app.cash.models import BankAccount, CashChoice, CashDay
from app.errors import NotFound
from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.ledger.queries import Idle
from app.money import Money
from app.payments import carrying
from app.payments import queries as payments
from app.payments.lifecycle import (
    ACTION_REQUIRED,
    CANCELLED,
    FAILED,
    PENDING,
    QUEUED,
    REVIEW,
    SENDING,
    SUCCEEDED,
    UNKNOWN,
)
from app.payments.models import AMOUNT_DIFFERS, PAID_OTHERWISE, GatewayTransaction, Instruction
from app.payments.port import Method, OpKind, TxnKind
from app.regimes import platform_policy
from app.regimes.calendar import end_of, months_before


@dataclass(frozen=True, slots=True)
class Cash:
    """What somebody has in one currency: `free` to use, `reserved` on its way to a pledge or out."""

    free: Money
    reserved: Money

    @property
    def total(self) -> Money:
        return self.free + self.reserved


def balance(session: Session, investor_id: int, currency: str) -> Cash:
    free, reserved = (
        Money(ledger.balance(session, code, currency, investor_id=investor_id), currency)
        for code in (Code.INVESTOR_CASH, Code.INVESTOR_CASH_RESERVED)
    )
    return Cash(free, reserved)


def balances(session: Session, investor_id: int) -> list[Cash]:
    """In every currency in which there ever was something."""
    return [balance(session, investor_id, one) for one in ledger.currencies_of_investor(session, investor_id)]


def apart(session: Session, investor_id: int, currency: str) -> Money:
    """What came for the account and waits apart, for a person or to go back."""
    return Money(ledger.balance(session, Code.UNIDENTIFIED_RECEIPTS, currency, investor_id=investor_id), currency)


@dataclass(frozen=True, slots=True)
class Line:
    """One movement on a statement: what it is, what it did to the free money, and what there was after it."""

    at: datetime
    kind: str
    reference: str | None
    change: Money
    after: Cash


def statement(session: Session, investor_id: int, currency: str, until: datetime) -> list[Line]:
    """Every movement up to an instant, oldest first."""
    moved = ledger.movements_of_investor(session, investor_id, currency, until)
    asked = {one.instruction_id for one in moved if one.instruction_id is not None}
    references = {
        row.id: row.reference
        for row in session.execute(select(Instruction.id, Instruction.reference).where(Instruction.id.in_(asked)))
    }
    lines, free, reserved = [], 0, 0
    for one in moved:
        free, reserved = free + one.free_minor, reserved + one.reserved_minor
        after = Cash(Money(free, currency), Money(reserved, currency))
        reference = None if one.instruction_id is None else references.get(one.instruction_id)
        lines.append(Line(one.at, one.kind, reference, Money(one.free_minor, currency), after))
    return lines


def bank_account(session: Session, investor_id: int) -> BankAccount | None:
    """The account that cash is taken out to: the latest that was given."""
    return session.scalars(
        select(BankAccount).where(BankAccount.investor_id == investor_id).order_by(BankAccount.id.desc()).limit(1)
    ).one_or_none()


def payee(session: Session, payee_id: int) -> BankAccount:
    return session.get_one(BankAccount, payee_id)


def refunds_to_cash(session: Session, investor_id: int) -> bool:
    """Whether an investor wants refunds in their cash account."""
    choice = session.get(CashChoice, investor_id)
    return choice is not None and choice.refunds_to_cash


def wanting_cash(session: Session, investor_ids: Sequence[int]) -> set[int]:
    """Those of these investors who want refunds in their cash accounts."""
    chosen = select(CashChoice.investor_id).where(
        CashChoice.refunds_to_cash, CashChoice.investor_id == func.any(list(investor_ids))
    )
    return set(session.scalars(chosen))


def by_ref(session: Session, ref: str, investor_ids: Sequence[int], kind: OpKind) -> Instruction:
    """A top-up or a withdrawal of one of these. Raises NotFound."""
    found = session.scalars(
        select(Instruction).where(
            Instruction.reference == ref, Instruction.investor_id.in_(investor_ids), Instruction.kind == kind
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def under_way(session: Session, investor_id: int) -> list[Instruction]:
    """Top-ups and withdrawals that are not over, newest first."""
    return list(
        session.scalars(
            select(Instruction)
            .where(
                Instruction.investor_id == investor_id,
                Instruction.kind.in_((OpKind.COLLECT, OpKind.PAY_BACK)),
                Instruction.status.not_in((SUCCEEDED, FAILED, CANCELLED)),
            )
            .order_by(Instruction.id.desc())
        )
    )


def moves_now(session: Session) -> bool:
    """Whether the custodian may have done something with cash that the books do not know yet."""
    going = select(Instruction.id).where(
        Instruction.status.in_((SENDING, PENDING, UNKNOWN)),
        or_(Instruction.investor_id.is_not(None), Instruction.method == Method.CASH_ACCOUNT),
    )
    return session.scalars(going.limit(1)).one_or_none() is not None


def days(session: Session, limit: int | None = None) -> list[CashDay]:
    """What was compared, the newest first."""
    return list(session.scalars(select(CashDay).order_by(CashDay.id.desc()).limit(limit)))


def dormant(session: Session, now: datetime) -> list[Idle]:
    """Free cash that has not moved for as long as the policy says, the longest first."""
    months = platform_policy.cash_accounts(now)["dormant_months"]
    day = platform_policy.PACK.day_of(now)
    return ledger.idle_cash(session, end_of(months_before(day, months), platform_policy.PACK.zone))


def coming(session: Session, investor_id: int, currency: str) -> Money:
    """What was paid for the account and is not with the custodian yet."""
    return Money(ledger.balance(session, Code.INVESTOR_CASH_COMING, currency, investor_id=investor_id), currency)


def has_arrived(session: Session, top_up: Instruction) -> bool:
    """Whether the money of a top-up is with the custodian."""
    carried = select(Instruction.id).where(Instruction.about_id == top_up.id, Instruction.kind == OpKind.TO_CUSTODY)
    arrived = select(Instruction.id).where(
        Instruction.about_id.in_(carried), Instruction.kind == OpKind.ARRIVAL, Instruction.status == SUCCEEDED
    )
    return top_up.to_gateway is None or session.scalars(arrived).first() is not None


def to_carry(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of top-ups that a collector may pay out by now, and was not asked to, or not since it had them back for a while."""
    carried, line = aliased(Instruction), GatewayTransaction
    came_back = or_(
        func.coalesce(carried.code, "") == PAID_OTHERWISE, carried.id.in_(ledger.booked_as("custody_return_received"))
    ) & (carried.created_at <= carrying.again_from(now))
    rows = session.scalars(
        select(Instruction.id)
        .join(line, (line.gateway == Instruction.gateway) & (line.source == Instruction.provider_ref))
        .where(
            Instruction.investor_id.is_not(None), Instruction.kind == OpKind.COLLECT, Instruction.status == SUCCEEDED,
            Instruction.to_gateway.is_not(None), line.kind == TxnKind.PAYMENT, line.net_minor > 0,
            func.coalesce(line.available_at, now) <= now,
            Instruction.id.in_(ledger.booked_as("cash_collected")),
            Instruction.id.not_in(ledger.booked_as("cash_debit_returned")),
            ~select(carried.id).where(
                carried.about_id == Instruction.id, carried.kind == OpKind.TO_CUSTODY, carried.status != CANCELLED,
                ~came_back,
            ).exists(),
        )
        .order_by(Instruction.id)
        .limit(limit)
    )  # fmt: skip
    return list(rows)


def to_carry_back(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of what was sent back to collectors, came back from there a while ago, and was not sent once more."""
    again = aliased(Instruction)
    came_back = or_(Instruction.code == PAID_OTHERWISE, Instruction.id.in_(ledger.booked_as("cash_arrived")))
    return list(
        session.scalars(
            select(Instruction.id)
            .where(
                Instruction.investor_id.is_not(None), Instruction.kind == OpKind.FROM_CUSTODY, came_back,
                Instruction.created_at <= carrying.again_from(now),
                ~select(again.id).where(again.about_id == Instruction.id, again.kind == OpKind.FROM_CUSTODY).exists(),
            )
            .order_by(Instruction.id)
            .limit(limit)
        )
    )  # fmt: skip


def with_collector(session: Session, top_up: Instruction) -> Money:
    """What the collector of a top-up got of it after its price, as far as that is booked. A price behind it counts unless the
    custodian has sent that on.
    """
    net = Money.zero(top_up.currency)
    for line in payments.lines_behind(session, top_up, (TxnKind.PAYMENT, TxnKind.FEE)):
        proof = f"{line.gateway}:{line.transaction_id}"
        was_sent_on = line.kind == TxnKind.FEE and payments.by_key(session, sent_on_key(proof)) is not None
        if line.currency == net.currency and ledger.is_booked(session, proof) and not was_sent_on:
            net += Money(line.net_minor, line.currency)
    return net


def sent_on_key(line: str) -> str:
    """The business key of what the custodian sends to a collector for a price that it took ("gateway:id")."""
    return f"from_custody:cash:{line}"


def unpaid_top_ups(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of top-ups that wait for their payer for too long, and that nobody has asked to stop."""
    before = now - timedelta(hours=platform_policy.cash_accounts(now)["unpaid_hours"])
    stop = aliased(Instruction)
    return list(
        session.scalars(
            select(Instruction.id)
            .where(
                Instruction.investor_id.is_not(None), Instruction.kind == OpKind.COLLECT,
                Instruction.status.in_((QUEUED, ACTION_REQUIRED)), Instruction.created_at < before,
                ~select(stop.id).where(stop.about_id == Instruction.id, stop.kind == OpKind.CANCEL).exists(),
            )
            .order_by(Instruction.id)
            .limit(limit)
        )
    )  # fmt: skip


def strays(session: Session) -> list[Instruction]:
    """Top-ups whose money lies apart until a person says what becomes of it, the oldest first."""
    return list(
        session.scalars(
            select(Instruction)
            .where(
                Instruction.investor_id.is_not(None), Instruction.kind == OpKind.COLLECT, Instruction.status == REVIEW,
                Instruction.code == AMOUNT_DIFFERS,
            )
            .order_by(Instruction.id)
        )
    )  # fmt: skip


def choosers(session: Session) -> list[int]:
    """Ids of investors who want refunds in their cash accounts."""
    chosen = select(CashChoice.investor_id).where(CashChoice.refunds_to_cash).order_by(CashChoice.investor_id)
    return list(session.scalars(chosen))
