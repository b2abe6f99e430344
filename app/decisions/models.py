"""Decisions, and the editions of the packs that decided."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.database import Base, Currency, Document, Id, one_of
from app.money import Money
from app.regimes.verdict import Decision as Outcome


class Edition(Base):
    """The very text of a rule pack. Never edited or deleted: a trigger refuses it, but for its adoption.

    The newest adopted edition of a pack decides. The first one came with the installation; every later one waits for
    two officers.
    """

    __tablename__ = "editions"
    __table_args__ = (Index(None, "pack", "adopted_at"),)

    id: Mapped[Id]
    pack: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    #: The whole file, in TOML.
    text: Mapped[str] = deferred(mapped_column(String, nullable=False))  # long, and seldom read
    #: True times, whatever a demo does to the clock of the platform.
    recorded_at: Mapped[datetime]
    adopted_at: Mapped[datetime | None]


class Purpose(StrEnum):
    """When the law was asked."""

    #: As the pledge was about to be placed.
    PLEDGE = "pledge"
    #: At the closing, where the law measures at the sale.
    SALE = "sale"


class Decision(Base):
    """What the law said about one wish to invest, and on which facts. Never edited: a trigger refuses it."""

    __tablename__ = "decisions"
    __table_args__ = (
        one_of("outcome", Outcome),
        one_of("purpose", Purpose),
        Index(None, "investor_id", "id"),
        Index("ix_decisions_beside_id", "beside_id", postgresql_where=text("beside_id IS NOT NULL")),
    )

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    purpose: Mapped[str] = mapped_column(String(10), default=Purpose.PLEDGE)
    #: Another law was stricter: this is the decision that binds.
    beside_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    regime: Mapped[str] = mapped_column(String(20))
    #: The pack and its last change in force that day: "US-CF@2022-09-20".
    law: Mapped[str] = mapped_column(String(40))
    #: None: decided before editions were kept.
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    #: In the public case form: `flask regimes assess` takes it as it is.
    facts: Mapped[Document]
    outcome: Mapped[str]
    rule: Mapped[str] = mapped_column(String(40))
    citation: Mapped[str]
    currency: Mapped[Currency]
    requested_minor: Mapped[int]
    cap_minor: Mapped[int | None]
    used_minor: Mapped[int | None]
    remaining_minor: Mapped[int | None]
    #: The largest amount that would have passed; none: there is no limit.
    largest_minor: Mapped[int | None]
    frees_on: Mapped[date | None]
    frees_minor: Mapped[int | None]
    #: The inputs of the formula, and a limit of people with its unit.
    numbers: Mapped[Document]
    decided_at: Mapped[datetime]

    @property
    def allows(self) -> bool:
        return self.outcome == Outcome.ALLOW

    def money(self, name: str) -> Money | None:
        """`decision.money("remaining")`"""
        minor: int | None = getattr(self, f"{name}_minor")
        return None if minor is None else Money(minor, self.currency)
