"""Where the money of a pledge is: read from the books and from what was asked of gateways, never from a status alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.audit import queries as audit
from app.cash import queries as cash
from app.cash.models import BankAccount
from app.ledger import queries as books
from app.ledger.chart import Code
from app.ledger.queries import Movement
from app.money import Money
from app.offerings.models import Offering
from app.payments import queries as payments
from app.payments.lifecycle import CANCELLED, FAILED, PENDING, REVIEW, SENDING, SUCCEEDED, UNKNOWN
from app.payments.models import AMOUNT_DIFFERS, Instruction
from app.payments.port import OpKind
from app.pledges import lifecycle, refunds
from app.pledges.models import Pledge
from app.regimes import platform_policy
from app.regimes.regime import Regime


class Place(StrEnum):
    """In the order in which money goes; the last ones are ways back, or off."""

    YOU = "you"
    BANK = "bank"
    COLLECTOR = "collector"
    ESCROW = "escrow"
    COMPANY = "company"
    RETURNING = "returning"
    #: The payer's bank looks into a complaint.
    DISPUTED = "disputed"
    #: Nobody has told us yet whether it was paid.
    UNKNOWN = "unknown"


class RefundStep(StrEnum):
    OWED = "owed"
    SENT = "sent"
    PAID = "paid"
    #: It could not be paid to where it came from.
    FAILED = "failed"
    #: The payer's bank has it while it looks into a complaint.
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Refund:
    """`due_by`: until when it must be sent, by law or the platform's own stricter word; see `platform_policy.refund_by`.
    `not_before`: it waits for that, as its gateway gives nothing back earlier.
    """

    step: RefundStep
    owed_at: datetime
    due_by: datetime
    not_before: datetime | None
    sent_at: datetime | None
    paid_at: datetime | None
    #: The bank account that it goes to where it cannot go back; None: there is none that was not tried.
    account: BankAccount | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    place: Place
    #: What is there: what is paid for the pledge, or what came otherwise than it was asked for.
    amount: Money
    #: The gateway that has it; "" where none does.
    with_whom: str
    movements: Sequence[Movement]
    refund: Refund | None


def of_pledge(session: Session, pledge: Pledge, offering: Offering, regime: Regime) -> Whereabouts:
    """Everything that the investor may know about the money of a pledge."""
    collection = payments.collection(session, pledge.id)
    place = _place(session, pledge, offering, collection)
    amount = pledge.to_pay
    if collection is not None and collection.code == AMOUNT_DIFFERS:
        amount = payments.received(session, collection)
    with_whom = {
        Place.COLLECTOR: collection.gateway if collection is not None else "",
        Place.ESCROW: offering.gateway or "",
    }.get(place, "")
    return Whereabouts(place, amount, with_whom, books.movements(session, pledge.id), _refund(session, pledge, regime))


def _place(session: Session, pledge: Pledge, offering: Offering, collection: Instruction | None) -> Place:
    if refunds.disputed(session, pledge):
        return Place.DISPUTED
    if pledge.status == lifecycle.SETTLED:
        return Place.COMPANY
    if pledge.status == lifecycle.REFUND_DUE:
        return Place.RETURNING
    if pledge.status in (lifecycle.HELD, lifecycle.ALLOTTED):
        in_custody = collection is None or collection.gateway == offering.gateway or _is_carried(session, offering)
        return Place.ESCROW if in_custody else Place.COLLECTOR
    if pledge.status == lifecycle.PROCESSING:
        return Place.BANK
    if collection is not None and collection.code == AMOUNT_DIFFERS:
        return _place_of_what_came(session, pledge)
    if collection is not None and collection.status in (UNKNOWN, REVIEW):
        return Place.UNKNOWN
    return Place.YOU


def _place_of_what_came(session: Session, pledge: Pledge) -> Place:
    """Another amount than was asked for is never the pledge's: it is given back."""
    back = [one for one in payments.of_pledge(session, pledge.id) if one.kind == OpKind.REFUND]
    return Place.YOU if back and back[-1].status == SUCCEEDED else Place.RETURNING


def _is_carried(session: Session, offering: Offering) -> bool:
    """Whether nothing of the offering lies with collectors any more: it is carried as one sum."""
    assets = books.client_assets(session, offering.id, offering.currency)
    return not any(code in (Code.COLLECTOR_PENDING, Code.COLLECTOR_CASH) for code, _ in assets)


def _refund(session: Session, pledge: Pledge, regime: Regime) -> Refund | None:
    owed_at = audit.reached(session, "pledges", pledge.id, lifecycle.REFUND_DUE)
    if owed_at is None:
        return None
    rows = [row for row in payments.ways_back(session, pledge.id) if not refunds.is_part(row)]
    latest = rows[-1] if rows else None
    account = cash.bank_account(session, pledge.investor_id)
    is_tried = account is not None and any(row.payee_id == account.id and row.status != CANCELLED for row in rows)
    paid_at = audit.reached(session, "pledges", pledge.id, lifecycle.REFUNDED)
    if pledge.status != lifecycle.REFUNDED:
        paid_at = None
    # As it was when it became due: the day that was promised then stays.
    not_before = payments.given_back_from(payments.collection(session, pledge.id), owed_at)
    return Refund(
        _step(session, pledge, latest), owed_at, platform_policy.refund_by(owed_at, regime.pack, not_before), not_before,
        None if latest is None else audit.reached(session, "instructions", latest.id, SENDING), paid_at,
        None if is_tried else account,
    )  # fmt: skip


def _step(session: Session, pledge: Pledge, latest: Instruction | None) -> RefundStep:
    if pledge.status == lifecycle.REFUNDED:
        return RefundStep.PAID
    if refunds.disputed(session, pledge):
        return RefundStep.WAITS
    if latest is not None and latest.status in (FAILED, SUCCEEDED):  # paid, and come back since
        return RefundStep.FAILED
    if latest is not None and latest.status in (SENDING, PENDING, UNKNOWN, REVIEW):
        return RefundStep.SENT
    return RefundStep.OWED
