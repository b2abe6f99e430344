"""A pledge and what its investor ticked."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base, Currency, Id, one_of
from app.investors.models import Investor
from app.issuers.models import Relation
from app.money import Money
from app.offerings.models import Offering
from app.payments.port import Funding
from app.pledges.lifecycle import PLEDGE
from app.state_machine import StateMachine


class StopReason(StrEnum):
    """Why a pledge ended before its shares."""

    INVESTOR = "investor"
    EXPIRED = "expired"
    OFFERING_ENDED = "offering_ended"
    #: Even the days of grace after the deadline are over.
    PAID_TOO_LATE = "paid_too_late"
    OFFERING_FAILED = "offering_failed"
    OFFERING_WITHDRAWN = "offering_withdrawn"
    #: The offering changed in something material, and the investor said nothing.
    NOT_RECONFIRMED = "not_reconfirmed"
    #: Two officers gave everything back.
    PLATFORM_ENDED = "platform_ended"
    #: Asked again at the closing, the law said no.
    NOT_LAWFUL_AT_SALE = "not_lawful_at_sale"
    #: At the closing, the payer's bank was looking into a complaint.
    DISPUTED = "disputed"
    #: What it was paid with can be given back only until soon, and its offering goes on.
    REFUND_TIME_ENDS = "refund_time_ends"
    #: More was pledged than is sold, and by the declared rule nothing was left for it.
    NOT_ALLOTTED = "not_allotted"
    #: Somebody gave the money back at the gateway itself.
    REFUNDED_BY_HAND = "refunded_by_hand"


class Pledge(Base):
    __tablename__ = "pledges"
    __table_args__ = (
        one_of("status", PLEDGE.statuses),
        one_of("stop_reason", StopReason),
        one_of("related_as", Relation),
        one_of("funding", Funding),
        CheckConstraint("shares > 0", name="shares_positive"),
        CheckConstraint(
            "wished_shares > shares AND wished_minor >= amount_minor AND wished_fee_minor >= fee_minor",
            name="scaled_down_only",
        ),
        CheckConstraint("num_nonnulls(wished_shares, wished_minor, wished_fee_minor) IN (0, 3)", name="wish_whole"),
        CheckConstraint("amount_minor > 0 AND amount_minor <= 99999999999999", name="amount_in_range"),
        CheckConstraint("fee_minor >= 0 AND fee_minor <= amount_minor", name="fee_in_range"),
        CheckConstraint("status <> 'authorised' OR instrument IS NOT NULL", name="promised_with_an_instrument"),
        # The status is in no index: it changes often, and an index on it would make every change dearer.
        Index(None, "investor_id", "placed_at"),
        Index(None, "offering_id", "id"),
        Index("ix_pledges_clears_at", "clears_at", postgresql_where=text("clears_at IS NOT NULL")),
        Index("ix_pledges_charge_at", "charge_at", postgresql_where=text("charge_at IS NOT NULL")),
        Index("ix_pledges_refundable_until", "refundable_until", postgresql_where=text("refundable_until IS NOT NULL")),
        Index("ix_pledges_paid_from", "paid_from", postgresql_where=text("paid_from IS NOT NULL")),
    )

    lifecycle: ClassVar[StateMachine] = PLEDGE

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    #: Made when the form was shown: the same form sent twice is one pledge.
    form_key: Mapped[uuid.UUID] = mapped_column(unique=True)
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    shares: Mapped[int]
    #: For the shares: what the limits of the law, the target and the maximum count.
    amount_minor: Mapped[int]
    #: Paid on top of it, as shown before; given back in full with it.
    fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: What it was before the closing scaled it back, and what was paid for that; None: it was not.
    wished_shares: Mapped[int | None]
    wished_minor: Mapped[int | None]
    wished_fee_minor: Mapped[int | None]
    currency: Mapped[Currency]
    status: Mapped[str]
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), index=True)
    #: What the law said when it was asked again at the closing.
    sale_decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    placed_at: Mapped[datetime]
    #: The version of the offering's text that it was made or confirmed under.
    offering_version: Mapped[int]
    #: Until when it may be cancelled for any reason; None: at any time.
    cancel_until: Mapped[datetime | None]
    #: When the rolling closing takes place that its investor was told of; None: it waits for the deadline.
    closes_at: Mapped[datetime | None]
    #: Until when an unpaid pledge keeps its place.
    pay_until: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    #: Until when its payer's bank may take the money back without a word; None: that time is over.
    clears_at: Mapped[datetime | None]
    #: The gateway's name for a way to pay that is kept, as long as it may be charged; and when it is charged next.
    instrument: Mapped[str | None]
    charge_at: Mapped[datetime | None]
    #: How long its money can be given back to where it came from. None: without end.
    refundable_until: Mapped[datetime | None]
    stop_reason: Mapped[str | None]
    #: What its investor is to the company, if anything: it is counted apart then.
    related_as: Mapped[str | None]
    #: What it was paid with, as far as the gateway tells.
    funding: Mapped[str | None]
    #: A mark of the card or account that paid, as far as the gateway tells: equal for equal ones, and good for nothing else.
    paid_from: Mapped[str | None] = mapped_column(String(64))
    #: ISO 3166, from where it was placed, where a proxy tells it (`COUNTRY_HEADER`).
    placed_from: Mapped[str | None] = mapped_column(String(2))
    #: It ended because it was to be paid on credit, which the platform's policy refuses here, or beyond its limit.
    funding_refused: Mapped[bool] = mapped_column(server_default=text("false"))

    #: Who took the pledge has both already, the offering held and read anew.
    offering: Mapped[Offering] = relationship(viewonly=True)
    investor: Mapped[Investor] = relationship(viewonly=True)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)

    @property
    def to_pay(self) -> Money:
        """What its investor is asked for, and gets back if it ends."""
        return self.amount + self.fee

    @property
    def scaled_back(self) -> Money | None:
        """What of its money the closing gave back; None: nothing."""
        if self.wished_minor is None or self.wished_fee_minor is None:
            return None
        return Money(self.wished_minor + self.wished_fee_minor, self.currency) - self.to_pay


class PledgeConsent(Base):
    """One statement that the investor ticked, by the hash of the very text they saw. Never edited: a trigger refuses it."""

    __tablename__ = "pledge_consents"

    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledges.id"), primary_key=True)
    statement: Mapped[str] = mapped_column(String(60), primary_key=True)
    text_sha256: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10))
    ticked_at: Mapped[datetime]


class PaperOpening(Base):
    """Somebody opened this very text of a paper of the rules. Never edited: a trigger refuses it."""

    __tablename__ = "paper_openings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    text_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    statement: Mapped[str] = mapped_column(String(60))
    locale: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime]
