"""The outbox (instructions), the inbox (events), and the gateway's own lines (transactions)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    case,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id, one_of
from app.money import Money
from app.payments.lifecycle import EVENT, FAILED, INSTRUCTION, REVIEW
from app.payments.port import Method, OpKind, Ref
from app.state_machine import StateMachine

#: The `code` of one whose key stands at the gateway for something else.
KEY_CONFLICT = "key_conflict"
#: The `code` of one that the gateway knows nothing of, and whose key is too old to send it again.
KEY_FORGOTTEN = "key_forgotten"
#: The `code` of a refund that failed and goes to its investor's bank account instead, or of what is carried anew.
PAID_OTHERWISE = "paid_otherwise"
#: The `code` of one that brought another amount than was asked; and once a person has said what becomes of it.
AMOUNT_DIFFERS, DEALT_WITH = "amount_differs", "dealt_with"

#: The purpose of a refund to a sender whom nobody knows; every other instruction is for what its kind says.
RETURN_UNIDENTIFIED = "return_unidentified"

#: One of these that failed is begun anew, or ends with its pledge: it is never sent again.
OVER_WHEN_FAILED = (
    OpKind.SETUP, OpKind.COLLECT, OpKind.CANCEL, OpKind.RELEASE, OpKind.FROM_CASH, OpKind.PAY_BACK, OpKind.TO_ISSUER,
)  # fmt: skip


class Instruction(Base):
    """What we ask of a gateway. `business_key` makes one business act one instruction ("refund:pledge:42")."""

    __tablename__ = "instructions"
    __table_args__ = (
        one_of("kind", OpKind),
        one_of("status", INSTRUCTION.statuses),
        one_of("method", Method),
        CheckConstraint("kind NOT IN ('setup', 'collect') OR method IS NOT NULL", name="collects_by_a_method"),
        UniqueConstraint("gateway", "kind", "provider_ref"),
        CheckConstraint("amount_minor > 0 AND amount_minor <= 99999999999999", name="amount_in_range"),
        # Money goes back where it came from: to a collection of the very same pledge, or to a payment that nobody asked for.
        UniqueConstraint("id", "pledge_id"),
        ForeignKeyConstraint(["about_id", "pledge_id"], ["instructions.id", "instructions.pledge_id"]),
        CheckConstraint(
            "kind NOT IN ('refund', 'cancel') OR (about_id IS NOT NULL AND (pledge_id IS NOT NULL OR investor_id IS NOT NULL))"
            " OR (kind = 'refund' AND num_nonnulls(about_id, pledge_id, investor_id) = 0 AND instrument IS NOT NULL)",
            name="about_a_payment",
        ),
        CheckConstraint("(offering_id IS NULL) = (investor_id IS NOT NULL)", name="offering_or_cash_account"),
        # Cash is taken out to the investor's own bank account only.
        CheckConstraint("kind <> 'pay_back' OR payee_id IS NOT NULL", name="taken_out_to_somebody"),
        ForeignKeyConstraint(["payee_id", "investor_id"], ["bank_accounts.id", "bank_accounts.investor_id"]),
        Index("ix_instructions_investor_id", "investor_id", postgresql_where=text("investor_id IS NOT NULL")),
        CheckConstraint("status NOT IN ('pending', 'succeeded') OR provider_ref IS NOT NULL", name="success_has_ref"),
        Index(
            "uq_instructions_one_live_collect", "pledge_id", unique=True,
            postgresql_where=text("kind IN ('collect', 'from_cash') AND status NOT IN ('failed', 'cancelled')"),
        ),
        # What two officers approved is paid once: to pay again they approve anew.
        Index(
            "uq_instructions_one_release_of_a_snapshot", "closing_id", "document_sha256", unique=True,
            postgresql_where=text("kind = 'release'"),
        ),
        Index(
            "ix_instructions_due", "next_attempt_at",
            postgresql_where=text(
                "status IN ('queued', 'sending', 'action_required', 'pending', 'unknown') AND waits_until IS NULL"
            ),
        ),
        Index("ix_instructions_waits_until", "waits_until", postgresql_where=text("waits_until IS NOT NULL")),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = INSTRUCTION

    id: Mapped[Id]
    #: Our name for it at the gateway; with the generation it is the idempotency key.
    op_id: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    kind: Mapped[str]
    gateway: Mapped[str] = mapped_column(String(40))
    business_key: Mapped[str] = mapped_column(unique=True)
    generation: Mapped[int] = mapped_column(default=1)
    status: Mapped[str]
    #: None where it is about an investor's cash account.
    offering_id: Mapped[int | None] = mapped_column(ForeignKey("offerings.id"))
    investor_id: Mapped[int | None] = mapped_column(ForeignKey("investors.id"))
    #: The bank account that cash is taken out to.
    payee_id: Mapped[int | None]
    pledge_id: Mapped[int | None] = mapped_column(ForeignKey("pledges.id"), index=True)
    closing_id: Mapped[int | None] = mapped_column(ForeignKey("closings.id"), index=True)
    #: The instruction that this one is about: a refund's or a cancellation's collection.
    about_id: Mapped[int | None]
    amount_minor: Mapped[int]
    currency: Mapped[Currency]
    #: How its payer pays, and with what they let us keep, once they have. For a refund or a cancellation: the payment that
    #: it is about, where that is another one than `about_id` is known by at the gateway.
    method: Mapped[str | None]
    instrument: Mapped[str | None]
    #: What the payer or payee sees: the pledge's or the closing's public name.
    reference: Mapped[str] = mapped_column(String(40))
    #: For a collection, what its way to pay could do: how long the payer's bank may take it back without a word, and from when
    #: on it is given back at the earliest, and how long the bank may take it back at all, both after `paid_at`. None: not at all.
    clearing_hold: Mapped[timedelta | None]
    refund_not_before: Mapped[timedelta | None]
    reversible_for: Mapped[timedelta | None]
    #: For a collection: no part of it can be given back, only all of it.
    refunds_whole: Mapped[bool] = mapped_column(server_default=text("false"))
    #: For a collection: the day or instant of the gateway's own line, in the platform's time.
    paid_at: Mapped[datetime | None]
    #: For a refund: the platform's time before which its gateway does not make it; None: it waits for nothing (any more).
    waits_until: Mapped[datetime | None]
    #: For a collection: kinds of funding that the gateway is asked to decline.
    refused_funding: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    #: For money that is carried: where it goes. For a top-up, and its refund: the custodian, if another gateway has the money.
    to_gateway: Mapped[str | None] = mapped_column(String(40))
    #: For a release: what the officers approved. For what an issuer had borne: the account that two people saw.
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    provider_ref: Mapped[str | None]
    #: Where the payer must go.
    url: Mapped[str | None]
    #: The gateway's own word for a failure.
    code: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    #: True time from here on: when it was first sent, and when it is looked at next.
    first_sent_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @hybrid_property
    def purpose(self) -> str:
        """What people read that it is for."""
        of_nobody = self.kind == OpKind.REFUND and self.pledge_id is None and self.investor_id is None
        return RETURN_UNIDENTIFIED if of_nobody else self.kind

    @purpose.inplace.expression
    @classmethod
    def _purpose(cls) -> ColumnElement[str]:
        of_nobody = and_(cls.kind == OpKind.REFUND, cls.pledge_id.is_(None), cls.investor_id.is_(None))
        return case((of_nobody, RETURN_UNIDENTIFIED), else_=cls.kind)

    @property
    def is_of_nobody(self) -> bool:
        """Whether it returns money that lies apart (2200): no pledge waits for it, nor is it owed for one."""
        return self.business_key.startswith("refund:unidentified:")

    @property
    def may_be_repeated(self) -> bool:
        """Whether nothing was made of the last try, so that a person may have it sent once more.

        A payout that failed is approved anew instead, and a collection ends with its pledge.
        """
        if self.kind in (OpKind.SETUP, OpKind.COLLECT, OpKind.CANCEL):
            return False
        if self.status == FAILED:
            return self.kind not in OVER_WHEN_FAILED and self.code != PAID_OTHERWISE
        return self.status == REVIEW and self.provider_ref is None and self.code != KEY_CONFLICT

    def ref(self) -> Ref | None:
        return None if self.provider_ref is None else Ref.read(self.provider_ref)


class GatewayEvent(Base):
    """An event as it came, its signature checked. Handled later; the same one twice is one row."""

    __tablename__ = "gateway_events"
    __table_args__ = (
        one_of("status", EVENT.statuses),
        CheckConstraint(
            "(status = 'set_aside') = (set_aside_by IS NOT NULL AND note IS NOT NULL)", name="set_aside_whole"
        ),
        Index("ix_gateway_events_new", "next_attempt_at", postgresql_where=text("status = 'new'")),
        Index("ix_gateway_events_poison", "id", postgresql_where=text("status = 'poison'")),
    )

    lifecycle: ClassVar[StateMachine] = EVENT

    #: Our own number of it, for people and the trail.
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    gateway: Mapped[str] = mapped_column(String(40), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(500))
    #: What it names, where it could not be handled: "payment/pay_1".
    objects: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    #: Why a person set it aside.
    note: Mapped[str | None] = mapped_column(String(2000))
    set_aside_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class GatewayTransaction(Base):
    """A line of the gateway's own account that we have seen. Never edited: a trigger refuses it, but for `listed_at`,
    and for `account` and `op_key` where the gateway did not tell them at first, each once.
    """

    __tablename__ = "gateway_transactions"
    __table_args__ = (
        CheckConstraint("net_minor = amount_minor - fee_minor", name="net_is_amount_less_fee"),
        Index(None, "gateway", "source"),
        Index(None, "gateway", "account", "available_at", postgresql_where=text("available_at IS NOT NULL")),
    )

    gateway: Mapped[str] = mapped_column(String(40), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]
    amount_minor: Mapped[int]
    fee_minor: Mapped[int]
    net_minor: Mapped[int]
    currency: Mapped[Currency]
    created_at: Mapped[datetime]
    #: From when it may be paid out.
    available_at: Mapped[datetime | None]
    #: Whose money it is, in our words ("offering-7", "" for the gateway's one balance).
    account: Mapped[str] = mapped_column(String(255), server_default="")
    #: Our own key that its object was made with, where the gateway tells.
    op_key: Mapped[str] = mapped_column(String(255), server_default="")
    #: When it first stood in the gateway's own list, not only in an answer about one object.
    listed_at: Mapped[datetime | None]


class GatewayReading(Base):
    """How far we have read a gateway's own lines. Times but `read_until` are true time."""

    __tablename__ = "gateway_readings"

    gateway: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: Every line until then is kept here, in the platform's time.
    read_until: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    #: Of which database server, and which of its timelines, that was (`database_life()`): what a standby or a backup
    #: did not have any more may have been done at the gateway.
    life: Mapped[str | None] = mapped_column(String(40))
    #: The last time that it could not be read, and the kind of error.
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))

    @classmethod
    def of_another_life(cls) -> ColumnElement[bool]:
        """Whether a standby, or a backup, has become this database since."""
        return cls.life != select(func.database_life()).scalar_subquery()

    @classmethod
    def is_too_old(cls, since: datetime) -> ColumnElement[bool]:
        """Whether the gateway may have done something since of which this database does not know."""
        return or_(cls.read_at < since, cls.of_another_life())
