"""Statements of other installations that were taken in, and their lines. Never edited: a trigger refuses it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id


class LimitStatement(Base):
    """The newest one of an account at an installation counts; what came before it is only kept."""

    __tablename__ = "limit_statements"
    __table_args__ = (
        UniqueConstraint("investor_id", "installation_key", "account", "issued_at"),
        CheckConstraint("expires_at > issued_at", name="expires_later"),
    )

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    #: What our operator called the installation when it was taken in, and its public key.
    installation: Mapped[str] = mapped_column(String(60))
    installation_key: Mapped[str] = mapped_column(String(64))
    #: Which of the person's accounts there; a hash that only the other installation understands.
    account: Mapped[str] = mapped_column(String(100))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    #: The file as it came, sealed by the vault: it names a person.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class StatedPurchase(Base):
    """One line: a purchase on another installation."""

    __tablename__ = "stated_purchases"
    __table_args__ = (CheckConstraint("amount_minor > 0 AND amount_minor <= 99999999999999", name="amount_in_range"),)

    id: Mapped[Id]
    statement_id: Mapped[int] = mapped_column(ForeignKey("limit_statements.id"), index=True)
    #: The id of the pack that it was bought under, there.
    regime: Mapped[str] = mapped_column(String(100))
    bought_on: Mapped[date]
    amount_minor: Mapped[int]
    currency: Mapped[Currency]
    reference: Mapped[str] = mapped_column(String(100))
    issuer: Mapped[str] = mapped_column(String(300))
    is_settled: Mapped[bool]
