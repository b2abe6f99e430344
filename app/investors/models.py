"""An investor, their declared figures, their claims with their evidence, and their spouse."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Document, Id, one_of
from app.investors.lifecycle import CLAIM, SPOUSE_LINK
from app.money import Money
from app.state_machine import StateMachine


class ClaimKind(StrEnum):
    #: 17 CFR 230.501(a)
    ACCREDITED_US = "accredited_us"
    #: MiChou's certified investor
    CERTIFIED_CN = "certified_cn"
    #: What each one needs, and for how long it is good, is `regimes/standing.toml`.
    SOPHISTICATED_EU = "sophisticated_eu"
    RESTRICTED_UK = "restricted_uk"
    HNW_UK = "hnw_uk"
    SELF_CERTIFIED_UK = "self_certified_uk"
    WHOLESALE_AU = "wholesale_au"
    ANGEL_MY = "angel_my"
    SPECIFIED_JP = "specified_jp"
    QUALIFIED_KR = "qualified_kr"
    PROFESSIONAL_KR = "professional_kr"
    ACCREDITED_SG = "accredited_sg"
    QIB_IN = "qib_in"
    SUITABILITY_CA = "suitability_ca"


class Kind(StrEnum):
    NATURAL = "natural"
    ENTITY = "entity"


class Investor(Base):
    """A person who invests, or an entity that somebody acts for. One person is one investor, and may act for entities."""

    __tablename__ = "investors"
    __table_args__ = (
        one_of("kind", Kind),
        Index("uq_investors_natural_user_id", "user_id", unique=True, postgresql_where=text("kind = 'natural'")),
        Index(None, "user_id"),
    )

    id: Mapped[Id]
    #: The person, or who acts for the entity.
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(default="natural")
    #: The name that goes on the share register.
    legal_name: Mapped[str] = mapped_column(String(200))
    #: ISO 3166, where they live, or where the entity is registered.
    country: Mapped[str] = mapped_column(String(2))
    #: Tells namesakes apart.
    born_on: Mapped[date | None]
    created_at: Mapped[datetime]


class EntityForm(StrEnum):
    COMPANY = "company"
    PARTNERSHIP = "partnership"
    TRUST = "trust"
    FUND = "fund"


class Entity(Base):
    """What the law asks about an investor that is no person."""

    __tablename__ = "entities"
    __table_args__ = (one_of("form", EntityForm), UniqueConstraint("registered_in", "registration_number"))

    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), primary_key=True)
    form: Mapped[str]
    #: ISO 3166.
    registered_in: Mapped[str] = mapped_column(String(2))
    registration_number: Mapped[str] = mapped_column(String(60))
    #: In which capacity its person acts for it: director, trustee, general partner.
    capacity: Mapped[str] = mapped_column(String(100))
    #: Whether it was made to buy what it buys here.
    formed_for_purchase: Mapped[bool]


class BeneficialOwner(Base):
    """Who stands behind an entity with at least the share that the platform's policy names."""

    __tablename__ = "beneficial_owners"
    __table_args__ = (CheckConstraint("share_bps BETWEEN 1 AND 10000", name="share_in_range"),)

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    born_on: Mapped[date | None]
    share_bps: Mapped[int]


class Figures(Base):
    """What an investor declared on one day, in one currency. A later row replaces an earlier one."""

    __tablename__ = "figures"
    __table_args__ = (
        Index(None, "investor_id", "currency", "id"),
        CheckConstraint("annual_income_minor >= 0", name="annual_income_not_negative"),
        CheckConstraint("other_platform_12m_minor >= 0", name="other_platform_not_negative"),
        CheckConstraint("financial_assets_minor >= 0", name="financial_assets_not_negative"),
        CheckConstraint("revenue_minor >= 0", name="revenue_not_negative"),
        CheckConstraint("total_assets_minor >= 0", name="total_assets_not_negative"),
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
    #: An entity's, of its last financial year; net assets may be negative.
    revenue_minor: Mapped[int | None]
    net_assets_minor: Mapped[int | None]
    total_assets_minor: Mapped[int | None]

    def money(self, name: str) -> Money | None:
        """`figures.money("net_worth")`; None where it was not given."""
        minor: int | None = getattr(self, f"{name}_minor")
        return None if minor is None else Money(minor, self.currency)


class Claim(Base):
    """A status that an investor says they have: an officer looks at it, or for some kinds their own signature is enough."""

    __tablename__ = "claims"
    __table_args__ = (
        one_of("kind", ClaimKind),
        one_of("status", CLAIM.statuses),
        CheckConstraint(
            "status NOT IN ('verified', 'expired') OR (given_on IS NOT NULL AND valid_until IS NOT NULL)",
            name="verified_for_a_time",
        ),
        # Of each kind one that waits and one that counts: the new one waits while the old one still counts.
        Index("uq_claims_one_waits", "investor_id", "kind", unique=True, postgresql_where=text("status = 'claimed'")),
        Index("uq_claims_one_counts", "investor_id", "kind", unique=True, postgresql_where=text("status = 'verified'")),
        Index("ix_claims_ending", "valid_until", postgresql_where=text("status = 'verified'")),
    )

    lifecycle: ClassVar[StateMachine] = CLAIM

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    kind: Mapped[str]
    status: Mapped[str]
    #: On what grounds, in the investor's words.
    basis: Mapped[str] = mapped_column(String(1000))
    claimed_at: Mapped[datetime]
    #: The figures that this kind asks for, as a case writes them.
    figures: Mapped[Document] = mapped_column(default=dict)
    #: Of the very text that was signed, and in which language it was.
    statement_sha256: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str | None] = mapped_column(String(10))
    #: The first and the last day on which it counts, where it belongs.
    given_on: Mapped[date | None]
    valid_until: Mapped[date | None]
    reminded_at: Mapped[datetime | None]


class ClaimEvidence(Base):
    """A file that was handed in for a claim."""

    __tablename__ = "claim_evidence"

    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("evidence_files.id"), primary_key=True, unique=True)


class SpouseLink(Base):
    """Two investors who say that they are married: one asks with a code, the other confirms with it."""

    __tablename__ = "spouse_links"
    __table_args__ = (
        one_of("status", SPOUSE_LINK.statuses),
        CheckConstraint("other_id <> asker_id", name="two_people"),
        CheckConstraint(
            "status IN ('asked', 'withdrawn') OR (other_id IS NOT NULL AND linked_at IS NOT NULL)", name="linked_whole"
        ),
        Index("uq_spouse_links_asker", "asker_id", unique=True, postgresql_where=text("status IN ('asked', 'linked')")),
        Index("uq_spouse_links_other", "other_id", unique=True, postgresql_where=text("status = 'linked'")),
    )

    lifecycle: ClassVar[StateMachine] = SPOUSE_LINK

    id: Mapped[Id]
    asker_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("investors.id"), index=True)
    status: Mapped[str]
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
