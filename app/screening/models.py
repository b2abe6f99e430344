"""Lists as they were taken in, and who was compared with them when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.alerts.models import SubjectType
from app.database import Base, Document, Id, one_of


class ListingKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"
    #: A legal entity that may be either.
    EITHER = "either"
    #: A ship, an aircraft, a security: kept, and compared with nobody.
    THING = "thing"


class ListImport(Base):
    """One version of a list: which file it was, and what it changed."""

    __tablename__ = "list_imports"

    id: Mapped[Id]
    list_name: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    gone: Mapped[int]
    imported_at: Mapped[datetime]


class Listing(Base):
    """One entry of a list, as the latest file has it; one that is gone is kept, for the alerts that name it."""

    __tablename__ = "listings"
    __table_args__ = (
        one_of("kind", ListingKind),
        UniqueConstraint("list_name", "entry_id"),
        Index(None, "keys", postgresql_using="gin"),
    )

    id: Mapped[Id]
    list_name: Mapped[str] = mapped_column(String(60))
    #: The list's own name for it.
    entry_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str]
    #: Every column of the file.
    row: Mapped[Document]
    spellings: Mapped[list[str]] = mapped_column(ARRAY(String))
    keys: Mapped[list[str]] = mapped_column(ARRAY(String))
    #: Of the whole row.
    sha256: Mapped[str] = mapped_column(String(64))
    #: In which version it came or changed last.
    import_id: Mapped[int] = mapped_column(ForeignKey("list_imports.id"))
    is_gone: Mapped[bool]

    @property
    def name(self) -> str:
        return str(self.row["name"])

    @property
    def births(self) -> list[str]:
        """Years, months or days, as the list gives them."""
        return several(self.row["birth_date"])

    @property
    def countries(self) -> list[str]:
        return several(self.row["countries"])


def several(cell: str) -> list[str]:
    """A cell of a simple CSV may hold several values."""
    return [one.strip() for one in cell.split(";") if one.strip()]


class Screening(Base):
    """How somebody was called when they were last compared, and with which version of the lists."""

    __tablename__ = "screenings"
    __table_args__ = (one_of("subject_type", SubjectType),)

    subject_type: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(String(64))
    import_id: Mapped[int] = mapped_column(ForeignKey("list_imports.id"))
    screened_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody here with a name, as plain values. `involves` are the user ids of those it concerns."""

    type: SubjectType
    id: int
    name: str
    country: str = ""
    born_on: date | None = None
    is_company: bool = False
    involves: tuple[int, ...] = ()
