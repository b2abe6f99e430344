"""Accounts, entries and postings. The guards that make them trustworthy are triggers in migration 0002."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id, one_of


class LedgerAccount(Base):
    """Totals are kept by a trigger on the postings, so a balance is one row to read."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("id", "currency", "book"),
        UniqueConstraint(
            "book",
            "code",
            "currency",
            "offering_id",
            "pledge_id",
            "investor_id",
            "gateway",
            name="uq_ledger_accounts_whose",
        ),
        one_of("book", ("client", "platform", "memo")),
        one_of("class", ("asset", "liability", "income", "expense", "equity")),
        one_of("guard", ("none", "no_credit_balance", "no_debit_balance")),
        Index("ix_ledger_accounts_investor_id", "investor_id", postgresql_where=text("investor_id > 0")),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        # Client money has no profit and loss.
        CheckConstraint("book <> 'client' OR class IN ('asset', 'liability')", name="client_book_has_no_result"),
        CheckConstraint("guard <> 'no_debit_balance' OR credits >= debits", name="no_debit_balance"),
        CheckConstraint("guard <> 'no_credit_balance' OR debits >= credits", name="no_credit_balance"),
    )

    id: Mapped[Id]
    book: Mapped[str]
    code: Mapped[str] = mapped_column(String(4))
    class_: Mapped[str] = mapped_column("class")
    currency: Mapped[Currency]
    offering_id: Mapped[int] = mapped_column(server_default=text("0"), index=True)
    pledge_id: Mapped[int] = mapped_column(server_default=text("0"), index=True)
    investor_id: Mapped[int] = mapped_column(server_default=text("0"))
    gateway: Mapped[str] = mapped_column(String(40), server_default=text("''"))
    guard: Mapped[str]
    debits: Mapped[int] = mapped_column(Numeric(20, 0), server_default=text("0"))
    credits: Mapped[int] = mapped_column(Numeric(20, 0), server_default=text("0"))


class JournalEntry(Base):
    """One movement. `txid` seals it: postings can only be added by the transaction that wrote it."""

    __tablename__ = "journal_entries"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str]
    instruction_id: Mapped[int | None] = mapped_column(index=True)
    #: `gateway:transaction`, the proof that cash moved; each proves one entry.
    evidence: Mapped[str | None] = mapped_column(unique=True)
    #: The entry that this one takes back: each once.
    reverses: Mapped[int | None] = mapped_column(ForeignKey("journal_entries.id"), unique=True)
    txid: Mapped[int] = mapped_column(server_default=text("txid_current()"))
    effective_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    actor: Mapped[str]


class Posting(Base):
    """One side of an entry."""

    __tablename__ = "postings"
    __table_args__ = (
        UniqueConstraint("entry_id", "account_id"),
        ForeignKeyConstraint(
            ["account_id", "currency", "book"],
            ["ledger_accounts.id", "ledger_accounts.currency", "ledger_accounts.book"],
        ),
        one_of("side", ("D", "C")),
        CheckConstraint("amount_minor > 0 AND amount_minor <= 99999999999999", name="amount_in_range"),
    )

    id: Mapped[Id]
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entries.id"))
    account_id: Mapped[int] = mapped_column(index=True)
    currency: Mapped[Currency]
    book: Mapped[str]
    side: Mapped[str] = mapped_column(String(1))
    amount_minor: Mapped[int]
