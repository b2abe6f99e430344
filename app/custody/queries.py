"""How an offering's money stands: with collectors, with the custodian, on its way, missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.ledger import losses
from app.ledger import queries as books
from app.ledger.chart import Code
from app.offerings.lifecycle import CLOSING, LIVE, SETTLED
from app.offerings.models import Offering
from app.payments import carrying
from app.payments.lifecycle import ASKABLE, CANCELLED, FAILED, QUEUED, REVIEW, SENDING, SUCCEEDED
from app.payments.models import PAID_OTHERWISE, GatewayTransaction, Instruction
from app.payments.port import OpKind
from app.pledges.lifecycle import HELD
from app.pledges.models import Pledge

MOVES = (OpKind.TO_CUSTODY, OpKind.FROM_CUSTODY, OpKind.ARRIVAL, OpKind.TOP_UP)
OUT_OF_ESCROW = (OpKind.PAY_BACK, OpKind.TO_ISSUER, OpKind.TO_CASH)

#: What earlier closings left to be paid out of escrow, and what is there of distributions.
OWED_FROM_ESCROW = (
    Code.ISSUER_PAYABLE, Code.ISSUER_HOLDBACK, Code.ISSUER_PAYOUT_IN_FLIGHT, Code.PLATFORM_FEE_PAYABLE,
    Code.DISTRIBUTION_FUND, Code.WITHHOLDING_TAX,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """All in minor units of the offering's currency; by gateway where it says so."""

    pending: Mapping[str, int]
    free: Mapping[str, int]
    #: Refunds that leave from collectors and are not paid yet; and those that leave from the custodian.
    to_refund: Mapping[str, int]
    to_refund_from_escrow: int
    #: To be paid by the custodian to bank accounts, of investors in a refund's stead or the issuer, or into cash accounts.
    to_pay_back: int
    escrow: int
    in_transit: int
    platform_owes: int
    #: A sum is on its way, or waits for a person.
    is_moving: bool
    #: A closing is under way, or announced: what collectors have is wanted at the custodian.
    is_closing: bool
    #: Carry, and what came back of the platform's losses, on an offering that is over, and was not asked to be moved to it yet.
    to_sweep: int

    def spare(self, gateway: str) -> int:
        """What a collector has free beyond its refunds; below zero: what it lacks for them, whatever is pending there."""
        free = self.free.get(gateway, 0) - self.to_refund.get(gateway, 0)
        return free if free >= 0 else min(0, free + self.pending.get(gateway, 0))

    @property
    def escrow_lacks(self) -> bool:
        """Whether the custodian has less than it is to give back: a collector may have it, or the platform owes it."""
        return self.escrow < self.to_pay_back + self.to_refund_from_escrow

    @property
    def collectors(self) -> list[str]:
        return sorted({*self.pending, *self.free})

    @property
    def is_gathered(self) -> bool:
        """Whether nothing but money for refunds is anywhere else than with the custodian, and nothing is missing there."""
        elsewhere = any(self.pending.values()) or any(self.spare(name) for name in self.collectors)
        return not (elsewhere or self.in_transit or self.platform_owes or self.is_moving)


def standing(session: Session, offering: Offering) -> Standing:
    found = books.client_assets(session, offering.id, offering.currency)

    def at(code: Code) -> dict[str, int]:
        return {gateway: net for (one, gateway), net in found.items() if one is code}

    back = session.execute(
        select(Instruction.kind, Instruction.gateway, func.sum(Instruction.amount_minor))
        .where(Instruction.offering_id == offering.id, Instruction.kind.in_((OpKind.REFUND, *OUT_OF_ESCROW)))
        .where(Instruction.status.not_in((SUCCEEDED, FAILED, CANCELLED, REVIEW)))
        .group_by(Instruction.kind, Instruction.gateway)
    ).all()
    to_refund = {gateway: int(minor) for kind, gateway, minor in back if kind == OpKind.REFUND}
    from_escrow = to_refund.pop(offering.gateway or "", 0)
    # One whose refunds wait for money may have nothing left at all.
    emptied = dict.fromkeys(to_refund, 0)
    return Standing(
        pending=at(Code.COLLECTOR_PENDING),
        free=emptied | at(Code.COLLECTOR_CASH),
        to_refund=to_refund,
        to_refund_from_escrow=from_escrow,
        to_pay_back=sum(int(minor) for kind, _, minor in back if kind in OUT_OF_ESCROW),
        escrow=sum(at(Code.ESCROW_CASH).values()),
        in_transit=sum(at(Code.IN_TRANSIT).values()),
        platform_owes=sum(at(Code.DUE_FROM_PLATFORM).values()),
        is_moving=bool(moving(session, offering.id)),
        is_closing=offering.status in (CLOSING, SETTLED) or _rolls(session, offering.id),
        to_sweep=_to_sweep(session, offering),
    )


def _to_sweep(session: Session, offering: Offering) -> int:
    """While anything is held for investors it lies in one account with what is to be swept: that waits."""
    ours = books.balance(session, Code.PLATFORM_FEE_PAYABLE, offering.currency, offering_id=offering.id)
    if not ours or offering.status == LIVE or _holds(session, offering.id):
        return 0
    asked = select(func.coalesce(func.sum(Instruction.amount_minor), 0)).where(
        Instruction.offering_id == offering.id, Instruction.kind == OpKind.FEE,
        Instruction.closing_id.is_(None), Instruction.status != CANCELLED,
    )  # fmt: skip
    return losses.swept_later(session, offering.id, offering.currency) - int(session.scalars(asked).one())


def _holds(session: Session, offering_id: int) -> bool:
    held = select(Pledge.id).where(Pledge.offering_id == offering_id, Pledge.status == HELD)
    return session.scalars(held.limit(1)).first() is not None


def _rolls(session: Session, offering_id: int) -> bool:
    """Whether a rolling closing is to take place that investors with money here were told of."""
    told = select(Pledge.id).where(
        Pledge.offering_id == offering_id, Pledge.status == HELD, Pledge.closes_at.is_not(None)
    )
    return session.scalars(told.limit(1)).first() is not None


def left_in_escrow(session: Session, offering: Offering) -> int:
    """What the custodian has beside what it owes to others already, while more comes in."""
    found = standing(session, offering)
    owed = sum(books.balance(session, code, offering.currency, offering_id=offering.id) for code in OWED_FROM_ESCROW)
    return found.escrow - owed - found.to_pay_back - found.to_refund_from_escrow


def has_in_escrow(session: Session, offering: Offering, minor: int) -> bool:
    return left_in_escrow(session, offering) >= minor


def moving(session: Session, offering_id: int) -> list[Instruction]:
    """What carries the offering's money and is not done; one that failed waits for a person, unless it is carried anew."""
    return list(
        session.scalars(
            select(Instruction).where(
                Instruction.offering_id == offering_id,
                Instruction.kind.in_(MOVES),
                Instruction.status.not_in((SUCCEEDED, CANCELLED)),
                func.coalesce(Instruction.code, "") != PAID_OTHERWISE,
            )
        )
    )


def came_back(session: Session, offering_id: int, kind: OpKind, gateway: str, to_gateway: str) -> list[Instruction]:
    """What was sent from one to the other and came back since the last that arrived, the newest first."""
    sent = session.scalars(
        select(Instruction)
        .where(
            Instruction.offering_id == offering_id, Instruction.kind == kind, Instruction.gateway == gateway,
            Instruction.to_gateway == to_gateway, Instruction.status != CANCELLED,
        )
        .order_by(Instruction.id.desc())
    )  # fmt: skip
    return list(takewhile(lambda one: carrying.is_back(session, one), sent))


def moved_before(session: Session, offering_id: int, kind: OpKind) -> int:
    """How often money of the offering was moved so, whatever became of it."""
    return session.scalars(
        select(func.count()).where(Instruction.offering_id == offering_id, Instruction.kind == kind)
    ).one()


def to_look_at(session: Session, now: datetime) -> list[int]:
    """Ids of offerings with money at a collector, or refunds that wait for some there, with money that the platform owes or is
    owed, or with debits that have cleared.
    """
    away = books.offerings_with(
        (Code.COLLECTOR_PENDING, Code.COLLECTOR_CASH, Code.DUE_FROM_PLATFORM, Code.PLATFORM_FEE_PAYABLE)
    )
    cleared = select(Pledge.offering_id).where(Pledge.clears_at <= now)
    refunding = (
        select(Instruction.offering_id)
        .join(Offering, (Offering.id == Instruction.offering_id) & (Offering.gateway != Instruction.gateway))
        .where(Instruction.kind == OpKind.REFUND, Instruction.status.in_((QUEUED, SENDING, *ASKABLE)))
    )
    wanted = or_(*(Offering.id.in_(found) for found in (away, cleared, refunding)))
    return sorted(session.scalars(select(Offering.id).where(wanted)))


def cleared(session: Session, offering_id: int, now: datetime) -> list[int]:
    """Pledges that are held and whose payers' banks cannot take the money back without a word any more."""
    found = select(Pledge.id).where(Pledge.offering_id == offering_id, Pledge.status == HELD, Pledge.clears_at <= now)
    return list(session.scalars(found.order_by(Pledge.id)))


def waits_to_clear(session: Session, offering_id: int) -> bool:
    found = select(Pledge.id).where(
        Pledge.offering_id == offering_id, Pledge.status == HELD, Pledge.clears_at.is_not(None)
    )
    return session.scalars(found.limit(1)).first() is not None


def waits_to_be_free(session: Session, offering: Offering, now: datetime) -> bool:
    """Whether the custodian, where it took money itself, may not pay out some of it yet."""
    found = select(GatewayTransaction.transaction_id).where(
        GatewayTransaction.gateway == offering.gateway, GatewayTransaction.account == f"offering-{offering.id}",
        GatewayTransaction.available_at > now, GatewayTransaction.net_minor > 0,
    )  # fmt: skip
    return session.scalars(found.limit(1)).first() is not None


def come_free(session: Session, offering_id: int, now: datetime, limit: int) -> list[tuple[str, str, int]]:
    """(gateway, evidence, minor units) of what collectors may pay out by now and the books still call pending."""
    waiting = books.not_called_free(offering_id).subquery()
    line = GatewayTransaction.gateway + ":" + GatewayTransaction.transaction_id
    rows = session.execute(
        select(waiting.c.gateway, waiting.c.evidence, waiting.c.amount_minor)
        .join(GatewayTransaction, line == waiting.c.evidence)
        .where(func.coalesce(GatewayTransaction.available_at, now) <= now)
        .limit(limit)
    )
    return [(gateway, str(proof), minor) for gateway, proof, minor in rows]
