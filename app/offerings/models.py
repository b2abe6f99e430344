"""An offering, its progress, its documents, and the filing it came from."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from app.database import Base, Currency, Document, Id, one_of
from app.fees.terms import FeeTerms
from app.money import Money, SharePrice
from app.offerings.lifecycle import EDITABLE, OFFERING
from app.state_machine import StateMachine

#: Time passes while an offering is changed, so this section may always be.
ALWAYS_OPEN = "deadline"


class SecurityType(StrEnum):
    COMMON_STOCK = "common_stock"
    PREFERRED_STOCK = "preferred_stock"
    MEMBERSHIP_INTEREST = "membership_interest"
    DEBT = "debt"
    OTHER = "other"


class OversubscriptionRule(StrEnum):
    """What happens to demand above the target, and above the maximum. Source: 17 CFR 227.201(h), Form C."""

    NOT_ACCEPTED = "not_accepted"
    FIRST_COME = "first_come"
    PRO_RATA = "pro_rata"
    ISSUERS_CHOICE = "issuers_choice"


#: Under these rules pledges may be taken above the maximum, and the closing scales them back to it.
SCALED = (OversubscriptionRule.PRO_RATA, OversubscriptionRule.ISSUERS_CHOICE)


class Offering(Base):
    """A draft may lack almost everything; from `submitted` on the terms are complete (see `terms_complete`)."""

    __tablename__ = "offerings"
    __table_args__ = (
        one_of("status", OFFERING.statuses),
        one_of("security_type", SecurityType),
        one_of("oversubscription_rule", OversubscriptionRule),
        CheckConstraint("share_price > 0", name="share_price_positive"),
        CheckConstraint("minimum_pledge_minor > 0", name="minimum_pledge_positive"),
        CheckConstraint("target_minor > 0", name="target_positive"),
        CheckConstraint("maximum_minor >= target_minor AND maximum_minor <= 99999999999999", name="maximum_in_range"),
        CheckConstraint(
            "status IN ('draft', 'changes_requested', 'withdrawn') OR (security_type IS NOT NULL"
            " AND share_price IS NOT NULL AND minimum_pledge_minor IS NOT NULL AND target_minor IS NOT NULL"
            " AND maximum_minor IS NOT NULL AND deadline_at IS NOT NULL AND oversubscription_rule IS NOT NULL)",
            name="terms_complete",
        ),
        CheckConstraint(
            "fee_bps BETWEEN 0 AND 10000 AND investor_fee_bps BETWEEN 0 AND 10000 AND carry_bps BETWEEN 0 AND 10000"
            " AND fee_least_minor >= 0 AND fee_most_minor >= fee_least_minor AND investor_fee_most_minor >= 0"
            " AND listing_fee_minor >= 0",
            name="fees_in_range",
        ),
        CheckConstraint("holdback_bps BETWEEN 0 AND 10000 AND holdback_days >= 0", name="holdback_in_range"),
        # Whatever is closed first meets the target, so that something of it is left for the company.
        CheckConstraint("fee_least_minor < target_minor OR fee_least_minor = 0", name="least_fee_below_target"),
        Index("ix_offerings_by_deadline", "status", "deadline_at", "id"),
    )

    lifecycle: ClassVar[StateMachine] = OFFERING

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    #: Made when the form was shown: the same form sent twice is one draft. None for one that came by a filing.
    form_key: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), index=True)
    status: Mapped[str]
    regime: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    tagline: Mapped[str] = mapped_column(String(200), default="")
    currency: Mapped[Currency]
    security_type: Mapped[str | None]
    security_description: Mapped[str | None] = mapped_column(String(300))
    share_price: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    minimum_pledge_minor: Mapped[int | None]
    #: Below it nobody's money is used: everybody is refunded.
    target_minor: Mapped[int | None]
    maximum_minor: Mapped[int | None]
    deadline_at: Mapped[datetime | None]
    #: IANA name; the deadline is shown in it.
    deadline_zone: Mapped[str] = mapped_column(String(64))
    oversubscription_rule: Mapped[str | None]
    oversubscription_note: Mapped[str | None] = mapped_column(String(1000))
    #: The terms of our fees, as `fees.terms.FeeTerms` says; the database keeps them from when it is handed in.
    fee_bps: Mapped[int]
    fee_least_minor: Mapped[int] = mapped_column(server_default=text("0"))
    fee_most_minor: Mapped[int | None]
    investor_fee_bps: Mapped[int] = mapped_column(server_default=text("0"))
    investor_fee_most_minor: Mapped[int | None]
    carry_bps: Mapped[int] = mapped_column(server_default=text("0"))
    listing_fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: What is kept back from the company at a closing, and for how long; shown and fixed with the fees.
    holdback_bps: Mapped[int] = mapped_column(server_default=text("0"))
    holdback_days: Mapped[int] = mapped_column(server_default=text("0"))
    #: Who collects and holds the money; fixed when it opens.
    gateway: Mapped[str | None] = mapped_column(String(40))
    #: When it became public: the law counts days from here.
    opened_at: Mapped[datetime | None]
    #: story, risks, use_of_funds, team, financials, … : see `disclosures.py`.
    disclosure: Mapped[Document]
    #: The sections that an officer asked to be changed; the others stay locked. None: all of them may be.
    asked_sections: Mapped[list[str] | None] = mapped_column(JSONB)
    #: Raised by every save; a form that shows an older one is told so.
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    progress: Mapped[OfferingProgress | None] = relationship(lazy="joined", viewonly=True)

    def _money(self, minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, self.currency)

    def may_edit(self, section: str) -> bool:
        """Whether its issuer may change this section now."""
        asked = self.asked_sections
        return self.status in EDITABLE and (asked is None or section in asked or section == ALWAYS_OPEN)

    @property
    def fees(self) -> FeeTerms:
        return FeeTerms(
            self.fee_bps, self.fee_least_minor, self.fee_most_minor, self.investor_fee_bps, self.investor_fee_most_minor,
            self.carry_bps, self.listing_fee_minor, self.holdback_bps, self.holdback_days,
        )  # fmt: skip

    @fees.setter
    def fees(self, terms: FeeTerms) -> None:
        self.fee_bps, self.fee_least_minor = terms.success_bps, terms.success_least_minor
        self.fee_most_minor, self.carry_bps = terms.success_most_minor, terms.carry_bps
        self.investor_fee_bps, self.investor_fee_most_minor = terms.investor_bps, terms.investor_most_minor
        self.listing_fee_minor = terms.listing_minor
        self.holdback_bps, self.holdback_days = terms.holdback_bps, terms.holdback_days

    @property
    def listing_fee(self) -> Money:
        return Money(self.listing_fee_minor, self.currency)

    @property
    def price(self) -> SharePrice | None:
        return None if self.share_price is None else SharePrice(self.share_price, self.currency)

    @property
    def minimum_pledge(self) -> Money | None:
        return self._money(self.minimum_pledge_minor)

    def fewest_shares(self, left: int) -> int:
        """The fewest shares that one pledge may be for: what the smallest pledge buys, or else all that is left."""
        assert self.price is not None and self.minimum_pledge is not None  # a public offering has complete terms
        shares = self.price.shares_for(self.minimum_pledge)
        if self.price.times(shares) < self.minimum_pledge:
            shares += 1
        return min(shares, max(left, 1))

    @property
    def target(self) -> Money | None:
        return self._money(self.target_minor)

    @property
    def maximum(self) -> Money | None:
        return self._money(self.maximum_minor)


class OfferingProgress(Base):
    """The narrow, contended row: touched last in every transaction, and briefly.

    A pledge is admitted by one conditional UPDATE on it, so the maximum, the deadline and the closing are all decided
    in one place, by the database's clock.
    """

    __tablename__ = "offering_progress"
    __table_args__ = (
        CheckConstraint("taken_shares >= 0 AND taken_shares + kept_shares <= book_shares", name="never_oversold"),
        CheckConstraint("taken_minor >= 0 AND taken_minor <= book_minor", name="never_above_maximum"),
        CheckConstraint("settled_minor <= maximum_minor", name="settled_within_maximum"),
        CheckConstraint("book_shares >= maximum_shares AND book_minor >= maximum_minor", name="book_holds_maximum"),
        CheckConstraint("held_minor >= 0 AND settled_minor >= 0", name="not_negative"),
        CheckConstraint("seats > 0", name="seats_positive"),
        CheckConstraint("kept_shares >= 0 AND kept_seats >= 0 AND waiting >= 0", name="kept_not_negative"),
        CheckConstraint("held_minor + settled_minor <= taken_minor", name="held_is_taken"),
        CheckConstraint(
            "promised_minor >= 0 AND held_minor + settled_minor + promised_minor <= taken_minor",
            name="promised_is_taken",
        ),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"), primary_key=True)
    accepting: Mapped[bool]
    accepts_until: Mapped[datetime]
    maximum_shares: Mapped[int]
    maximum_minor: Mapped[int]
    #: Up to here pledges are taken: the maximum, or more where the declared rule scales them back at the closing.
    book_shares: Mapped[int]
    book_minor: Mapped[int]
    #: So many people may be in it, by the law of the day on which it opened; None: the law does not count them.
    seats: Mapped[int | None]
    taken_shares: Mapped[int] = mapped_column(server_default=text("0"))
    taken_minor: Mapped[int] = mapped_column(server_default=text("0"))
    held_minor: Mapped[int] = mapped_column(server_default=text("0"))
    settled_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: Of what is taken: ways to pay are kept for it, and charged near the deadline.
    promised_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: Kept for those in line who were offered room, until their clock ends; no part of what is taken.
    kept_shares: Mapped[int] = mapped_column(server_default=text("0"))
    kept_seats: Mapped[int] = mapped_column(server_default=text("0"))
    #: So many wait in line; while somebody does, free room is theirs and not for who comes now.
    waiting: Mapped[int] = mapped_column(server_default=text("0"))

    @property
    def started_minor(self) -> int:
        """Begun but neither paid nor promised (yet): shown apart, never counted as raised."""
        return self.taken_minor - self.held_minor - self.settled_minor - self.promised_minor

    @property
    def left_shares(self) -> int:
        """Neither taken nor kept."""
        return self.book_shares - self.taken_shares - self.kept_shares

    @property
    def above_minor(self) -> int:
        """What was pledged above the maximum: the declared rule scales it back at the closing."""
        return max(self.taken_minor - self.maximum_minor, 0)


class OfferingDocument(Base):
    """A file that belongs to the offering; a new version is a new row."""

    __tablename__ = "offering_documents"
    __table_args__ = (UniqueConstraint("offering_id", "title", "version"),)

    id: Mapped[Id]
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    added_at: Mapped[datetime]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class DocumentOpening(Base):
    """Somebody opened this very version of a document. Never edited: a trigger refuses it."""

    __tablename__ = "document_openings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("offering_documents.id"), primary_key=True, index=True)
    opened_at: Mapped[datetime]


class Filing(Base):
    """A regulator's form as it was filed: every field of it, also those we have no other place for."""

    __tablename__ = "filings"

    id: Mapped[Id]
    #: None when nothing of its filer was offered here as it came.
    offering_id: Mapped[int | None] = mapped_column(ForeignKey("offerings.id"), index=True)
    form: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    cik: Mapped[str | None] = mapped_column(String(10))
    file_number: Mapped[str | None] = mapped_column(String(20))
    #: path -> text, or a list of texts where the element repeats
    fields: Mapped[Document]
    received_at: Mapped[datetime]
