"""The register."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id, one_of


class RegisterEntry(Base):
    """One event of the register. Never edited."""

    __tablename__ = "register_entries"
    __table_args__ = (
        one_of("kind", ("issuance", "transfer", "cancellation")),
        CheckConstraint("shares > 0", name="shares_positive"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), index=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"), index=True)
    closing_id: Mapped[int] = mapped_column(ForeignKey("closings.id"), index=True)
    #: A pledge becomes shares once.
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledges.id"), unique=True)
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), index=True)
    #: As the officers approved it.
    holder_name: Mapped[str] = mapped_column(String(200))
    security_type: Mapped[str]
    shares: Mapped[int]
    share_price: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    amount_minor: Mapped[int]
    currency: Mapped[Currency]
    certificate: Mapped[str] = mapped_column(String(40), unique=True)
    resale_restricted_until: Mapped[date | None]
    entered_at: Mapped[datetime]
