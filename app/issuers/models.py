"""A company and its members."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Document, Id


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
    created_at: Mapped[datetime]

    @property
    def address_line(self) -> str:
        """The address on one line, in the order of an envelope."""
        parts = ("street1", "street2", "city", "region", "postcode")
        return ", ".join(str(self.address[part]) for part in parts if self.address.get(part))

    @property
    def can_be_paid(self) -> bool:
        return self.payout_account is not None


class IssuerMember(Base):
    __tablename__ = "issuer_members"

    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    since: Mapped[datetime]
