"""Where an investor's cash may be paid to, where their refunds go, and what was compared on each day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id


class BankAccount(Base):
    """An investor's own bank account; the latest one counts. Never edited: a trigger refuses it."""

    __tablename__ = "bank_accounts"
    __table_args__ = (
        # An instruction pays the account of the very investor whose cash it is.
        UniqueConstraint("id", "investor_id"),
        CheckConstraint("usable_from >= given_at", name="usable_after_given"),
    )

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), index=True)
    holder: Mapped[str] = mapped_column(String(200))
    #: The number, sealed by the vault, and its last characters to know it again.
    account: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str] = mapped_column(String(4))
    given_at: Mapped[datetime]
    #: A changed account waits, so that its owner can object.
    usable_from: Mapped[datetime]


class CashChoice(Base):
    """Where an investor's refunds go, until they say otherwise. Without a row: back to where the money came from."""

    __tablename__ = "cash_choices"

    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), primary_key=True, autoincrement=False)
    refunds_to_cash: Mapped[bool]
    chosen_at: Mapped[datetime]


class CashDay(Base):
    """Clients' cash on one day, as the books and the custodian have it. Never edited: a trigger refuses it.

    `owed_minor` is what investors have in their accounts, with the rest that the platform owes to it; `ledger_minor` the
    custodian's account in our books; both are compared with what the custodian says.
    """

    __tablename__ = "cash_days"
    __table_args__ = (
        CheckConstraint("difference_minor = custodian_minor - ledger_minor", name="difference_is_what_it_says"),
        Index(None, "gateway", "currency", "day"),
    )

    id: Mapped[Id]
    day: Mapped[date]
    gateway: Mapped[str] = mapped_column(String(40))
    currency: Mapped[Currency]
    owed_minor: Mapped[int]
    ledger_minor: Mapped[int]
    custodian_minor: Mapped[int]
    difference_minor: Mapped[int]
    checked_at: Mapped[datetime]
