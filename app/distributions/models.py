"""A distribution, and each holder's part of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id, one_of
from app.distributions.lifecycle import DISTRIBUTION, UNFINISHED
from app.money import Money
from app.state_machine import StateMachine


class Distribution(Base):
    """What two people agree to. Only its status moves afterwards: a trigger refuses the rest."""

    __tablename__ = "distributions"
    __table_args__ = (
        one_of("status", DISTRIBUTION.statuses),
        CheckConstraint("total_minor > 0 AND total_minor <= 99999999999999", name="total_in_range"),
        CheckConstraint(
            "carry_minor >= 0 AND tax_minor >= 0 AND carry_minor + tax_minor <= total_minor", name="parts_within_total"
        ),
        CheckConstraint("tax_bps BETWEEN 0 AND 10000", name="tax_in_range"),
        Index("ix_distributions_offering_id", "offering_id"),
        Index(
            "uq_distributions_one_unfinished", "offering_id", unique=True,
            postgresql_where=text(f"status IN ({', '.join(repr(status) for status in UNFINISHED)})"),
        ),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = DISTRIBUTION

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    status: Mapped[str]
    #: What it is, in the issuer's words.
    why: Mapped[str] = mapped_column(String(200))
    #: Who held shares at the end of this day gets a part.
    record_day: Mapped[date]
    currency: Mapped[Currency]
    #: What the issuer pays in; of it our carry, and the tax that is kept.
    total_minor: Mapped[int]
    carry_minor: Mapped[int]
    tax_minor: Mapped[int]
    #: Of what is left to each holder after carry.
    tax_bps: Mapped[int]
    #: SHA-256 of all that and of every part.
    sha256: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime]
    begun_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    @property
    def total(self) -> Money:
        return self.money(self.total_minor)

    @property
    def carry(self) -> Money:
        return self.money(self.carry_minor)

    @property
    def tax(self) -> Money:
        return self.money(self.tax_minor)

    @property
    def net(self) -> Money:
        return self.total - self.carry - self.tax


class DistributionLine(Base):
    """One holder's part, with what it was reckoned from. Never edited: a trigger refuses it."""

    __tablename__ = "distribution_lines"
    __table_args__ = (
        CheckConstraint("shares > 0 AND paid_in_minor >= 0 AND before_minor >= 0", name="reckoned_from"),
        CheckConstraint(
            "carry_minor >= 0 AND tax_minor >= 0 AND carry_minor + tax_minor <= gross_minor", name="net_not_negative"
        ),
    )

    distribution_id: Mapped[int] = mapped_column(ForeignKey("distributions.id"), primary_key=True)
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), primary_key=True, index=True)
    holder_name: Mapped[str] = mapped_column(String(200))
    shares: Mapped[int]
    #: What they paid for these shares, their fee with it, and what was distributed on them before.
    paid_in_minor: Mapped[int]
    before_minor: Mapped[int]
    gross_minor: Mapped[int]
    carry_minor: Mapped[int]
    tax_minor: Mapped[int]

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.carry_minor - self.tax_minor
