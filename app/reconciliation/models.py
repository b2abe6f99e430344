"""A break, a day compared, and what a gateway said that it holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.actor import Role
from app.database import Base, Currency, Id, one_of
from app.money import Money
from app.reconciliation.classes import RULES, Action, Kind
from app.reconciliation.lifecycle import BREAK
from app.state_machine import StateMachine


class Break(Base):
    """One difference. `key` tells two of a kind apart, and is the same as long as the difference is the same one."""

    __tablename__ = "breaks"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("owner", Role),
        one_of("action", Action),
        one_of("status", BREAK.statuses),
        Index("uq_breaks_one_open", "kind", "key", unique=True, postgresql_where=text("status = 'open'")),
        Index(None, "kind", "key"),
        CheckConstraint("(status = 'open') = (ended_at IS NULL)", name="ended_whole"),
        CheckConstraint("(status = 'explained') = (explained_by IS NOT NULL AND note IS NOT NULL)", name="explained_whole"),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = BREAK

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(3))
    key: Mapped[str] = mapped_column(String(320))
    #: "" where none is concerned.
    gateway: Mapped[str] = mapped_column(String(40))
    offering_id: Mapped[int | None] = mapped_column(ForeignKey("offerings.id"))
    pledge_id: Mapped[int | None] = mapped_column(ForeignKey("pledges.id"))
    instruction_id: Mapped[int | None] = mapped_column(ForeignKey("instructions.id"))
    #: What differs, in minor units; zero where no amount is known.
    amount_minor: Mapped[int]
    currency: Mapped[Currency | None]
    #: The day of its cause, and when we first saw it.
    day: Mapped[date]
    first_seen_at: Mapped[datetime]
    #: The role that has to look after it, and what was done by itself.
    owner: Mapped[str]
    action: Mapped[str]
    status: Mapped[str]
    ended_at: Mapped[datetime | None]
    #: The entry that made it whole, where there is one.
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entries.id"))
    explained_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str | None] = mapped_column(String(2000))

    @property
    def is_hard(self) -> bool:
        return RULES[Kind(self.kind)].is_hard

    @property
    def amount(self) -> Money | None:
        return None if self.currency is None else Money(self.amount_minor, self.currency)


class GatewayBalance(Base):
    """What a gateway said that it holds: its last word of each day."""

    __tablename__ = "gateway_balances"

    gateway: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(255), primary_key=True)
    currency: Mapped[Currency] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    amount_minor: Mapped[int]
    read_at: Mapped[datetime]


class ComparedDay(Base):
    """One account of one gateway on one day, in our books and in its own lines: the last comparison of it."""

    __tablename__ = "compared_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    #: "" for what is between two gateways.
    gateway: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[Currency] = mapped_column(primary_key=True)
    #: As the gateway names it: "offering-7", "clients", "" for its one balance, "total" where its lines tell whose that is;
    #: "transit-7".
    account: Mapped[str] = mapped_column(String(255), primary_key=True)
    opening_minor: Mapped[int]
    #: Kind of entry -> minor units.
    movements: Mapped[dict[str, int]] = mapped_column(JSONB)
    closing_minor: Mapped[int]
    line_opening_minor: Mapped[int]
    #: Kind of line -> minor units.
    line_movements: Mapped[dict[str, int]] = mapped_column(JSONB)
    line_closing_minor: Mapped[int]
    #: Of the lines: not booked yet, and still in time.
    waiting_minor: Mapped[int]
    #: What the gateway said that day, if it was asked.
    balance_minor: Mapped[int | None]
    balance_at: Mapped[datetime | None]
    compared_at: Mapped[datetime]

    @property
    def unexplained_minor(self) -> int:
        """What the books have more than the gateway's lines, apart from lines that are still in time."""
        return 0 if not self.gateway else self.closing_minor + self.waiting_minor - self.line_closing_minor

    @property
    def is_whole(self) -> bool:
        return self.unexplained_minor == 0 and self.balance_minor in (None, self.line_closing_minor)
