"""What a custodian was told by file, and what its statements said. Nothing here is ever edited: triggers refuse it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id, one_of
from app.payments.port import Method

#: What an instruction by file asks for; also how the port's `Ref` calls it.
KINDS = ("payment", "refund", "payout", "move")


class FileInstruction(Base):
    """One instruction, one line of one signed file. Only `written_at` and `cancelled_at` are filled in later, each once."""

    __tablename__ = "file_instructions"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("method", Method),
        CheckConstraint("amount_minor > 0 AND amount_minor <= 99999999999999", name="amount_in_range"),
        CheckConstraint("(kind = 'refund') = (about_id IS NOT NULL)", name="a_refund_is_of_a_payment"),
        UniqueConstraint("gateway", "key"),
        UniqueConstraint("gateway", "reference"),
    )

    id: Mapped[Id]
    gateway: Mapped[str] = mapped_column(String(40))
    #: The port's key of the operation; and a mark of its parameters, of which nobody can tell an account number.
    key: Mapped[str] = mapped_column(String(120))
    params_mark: Mapped[str] = mapped_column(String(64))
    op_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    #: Ours, for the text of the bank's line; and for a deposit the one that the payer writes.
    reference: Mapped[str] = mapped_column(String(40))
    payer_reference: Mapped[str | None] = mapped_column(String(40), index=True)
    account: Mapped[str] = mapped_column(String(60))
    to_account: Mapped[str | None] = mapped_column(String(60))
    about_id: Mapped[int | None] = mapped_column(ForeignKey("file_instructions.id"), index=True)
    method: Mapped[str | None]
    amount_minor: Mapped[int]
    currency: Mapped[Currency]
    created_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class BankFile(Base):
    """A statement that was taken in, as a whole."""

    __tablename__ = "bank_files"
    __table_args__ = (UniqueConstraint("gateway", "sha256"),)

    id: Mapped[Id]
    gateway: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    currency: Mapped[Currency]
    opening_minor: Mapped[int]
    closing_minor: Mapped[int]
    since: Mapped[date | None]
    until: Mapped[date | None]
    new_lines: Mapped[int]
    imported_at: Mapped[datetime]


class BankLine(Base):
    """A line of a statement, once, however many files have it. `doubled` ones count only when a person says so."""

    __tablename__ = "bank_lines"
    __table_args__ = (
        UniqueConstraint("gateway", "line_id"),
        CheckConstraint("abs(amount_minor) <= 99999999999999", name="amount_in_range"),
        Index("ix_bank_lines_booked_on", "gateway", "booked_on"),
    )

    id: Mapped[Id]
    file_id: Mapped[int] = mapped_column(ForeignKey("bank_files.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(40))
    line_id: Mapped[str] = mapped_column(String(200))
    number: Mapped[int]
    booked_on: Mapped[date]
    amount_minor: Mapped[int]
    currency: Mapped[Currency]
    text: Mapped[str] = mapped_column(String(500))
    payer: Mapped[str] = mapped_column(String(500))
    #: The same for the same account, and never its number.
    payer_mark: Mapped[str | None] = mapped_column(String(64))
    doubled: Mapped[bool]


class BankMatch(Base):
    """Which instruction a line answers: found by its reference, or said by a person. Without one, it is only counted."""

    __tablename__ = "bank_matches"

    line_id: Mapped[int] = mapped_column(ForeignKey("bank_lines.id"), primary_key=True)
    instruction_id: Mapped[int | None] = mapped_column(ForeignKey("file_instructions.id"), index=True)
    matched_by: Mapped[str] = mapped_column(String(200))
    matched_at: Mapped[datetime]
