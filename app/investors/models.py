"""An investor, their declared figures and their claims."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Id, one_of
from app.investors.lifecycle import CLAIM
from app.money import Money
from app.state_machine import StateMachine


class ClaimKind(StrEnum):
    #: 17 CFR 230.501(a)
    ACCREDITED_US = "accredited_us"
    #: MiChou's certified investor
    CERTIFIED_CN = "certified_cn"


class Investor(Base):
    __tablename__ = "investors"
    __table_args__ = (one_of("kind", ("natural", "entity")),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    kind: Mapped[str] = mapped_column(default="natural")
    #: The name that goes on the share register.
    legal_name: Mapped[str] = mapped_column(String(200))
    #: ISO 3166, where they live.
    country: Mapped[str] = mapped_column(String(2))
    #: Tells namesakes apart.
    born_on: Mapped[date | None]
    created_at: Mapped[datetime]


class Figures(Base):
    """What an investor declared on one day, in one currency. A later row replaces an earlier one."""

    __tablename__ = "figures"
    __table_args__ = (
        Index(None, "investor_id", "currency", "id"),
        CheckConstraint("annual_income_minor >= 0", name="annual_income_not_negative"),
        CheckConstraint("other_platform_12m_minor >= 0", name="other_platform_not_negative"),
        CheckConstraint("financial_assets_minor >= 0", name="financial_assets_not_negative"),
    )

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    currency: Mapped[Currency]
    declared_at: Mapped[datetime]
    annual_income_minor: Mapped[int | None]
    #: May be negative.
    net_worth_minor: Mapped[int | None]
    #: Bought on other crowdfunding portals in the last twelve months.
    other_platform_12m_minor: Mapped[int | None]
    financial_assets_minor: Mapped[int | None]
    #: The last three years, latest first.
    income_3y_minor: Mapped[list[int] | None] = mapped_column(JSONB)
    joint_with_spouse: Mapped[bool] = mapped_column(default=False)

    def money(self, name: str) -> Money | None:
        """`figures.money("net_worth")`; None where it was not given."""
        minor: int | None = getattr(self, f"{name}_minor")
        return None if minor is None else Money(minor, self.currency)


class Claim(Base):
    """A status that an investor says they have; an officer looks at it."""

    __tablename__ = "claims"
    __table_args__ = (
        one_of("kind", ClaimKind),
        one_of("status", CLAIM.statuses),
        Index(
            "uq_claims_one_live", "investor_id", "kind", unique=True,
            postgresql_where=text("status IN ('claimed', 'verified')"),
        ),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = CLAIM

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    kind: Mapped[str]
    status: Mapped[str]
    #: On what grounds, in the investor's words.
    basis: Mapped[str] = mapped_column(String(1000))
    claimed_at: Mapped[datetime]
