"""A company and its members."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Document, Id, one_of


class Issuer(Base):
    __tablename__ = "issuers"

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    #: Made when the form was shown: the same form sent twice is one company. None for one that came by a filing.
    form_key: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    legal_name: Mapped[str] = mapped_column(String(300))
    #: As registered: "Corporation", "Limited Liability Company", "有限责任公司"…
    legal_form: Mapped[str | None] = mapped_column(String(100))
    #: Where it is organised: a US state or an ISO 3166 country, as filed.
    jurisdiction: Mapped[str | None] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))
    incorporated_on: Mapped[date | None]
    #: street1, street2, city, region, postcode
    address: Mapped[Document]
    website: Mapped[str | None] = mapped_column(String(300))
    #: The SEC's number for the filer, ten digits.
    cik: Mapped[str | None] = mapped_column(String(10), unique=True)
    employees: Mapped[int | None]
    payout_holder: Mapped[str | None] = mapped_column(String(200))
    #: Sealed by the vault.
    payout_account: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: The last four characters, for people to recognise it.
    payout_hint: Mapped[str | None] = mapped_column(String(4))
    #: The account was changed: until then nothing is released. None: it is the first one.
    payout_frozen_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def address_line(self) -> str:
        """The address on one line, in the order of an envelope."""
        parts = ("street1", "street2", "city", "region", "postcode")
        return ", ".join(str(self.address[part]) for part in parts if self.address.get(part))

    @property
    def can_be_paid(self) -> bool:
        return self.payout_account is not None

    def frozen_until(self, now: datetime) -> datetime | None:
        """Until when nothing is released, for the payout account has just changed; None: no longer."""
        until = self.payout_frozen_until
        return until if until is not None and now < until else None


class IssuerMember(Base):
    __tablename__ = "issuer_members"

    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    since: Mapped[datetime]


class Relation(StrEnum):
    """What somebody is to a company whose money is counted apart."""

    MEMBER = "member"
    OFFICER = "officer"
    #: 20 percent or more of the voting shares, as 17 CFR 227.201(c) counts them.
    OWNER = "owner"
    FAMILY = "family"
    #: A company under the same control.
    AFFILIATE = "affiliate"
    OTHER = "other"


class RelatedParty(Base):
    """Somebody whom a company declared as related to it. One that is no longer related is ended, never deleted."""

    __tablename__ = "related_parties"
    __table_args__ = (one_of("relation", Relation),)

    id: Mapped[Id]
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    relation: Mapped[str]
    #: Of their account here, if they have one: whether they do is not told to the company.
    email: Mapped[str | None] = mapped_column(String(254))
    declared_at: Mapped[datetime]
    declared_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
