"""The rows of the trail, their seals, and the signed checkpoints of the chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Document, Id


class AuditEvent(Base):
    """One thing that happened. Facts hold ids, codes, amounts and what a company is, never people's names or addresses."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "subject_type", "subject_id", "id"),)

    id: Mapped[Id]
    #: The platform's time of the act.
    at: Mapped[datetime]
    actor: Mapped[str]
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    event: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    from_status: Mapped[str | None]
    to_status: Mapped[str | None]
    facts: Mapped[Document]
    request_id: Mapped[str]


class AuditSeal(Base):
    """Puts one event into the chain, at a position of its own: ids may be committed out of order. Never edited.

    The form of both hashes is in `verifier.py`. No foreign key: it would write to every event once more.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (CheckConstraint("position > 0", name="position_positive"),)

    #: 1, 2, 3 … without a gap.
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(unique=True)
    #: True time.
    sealed_at: Mapped[datetime]
    #: SHA-256 of the event alone.
    event_hash: Mapped[str] = mapped_column(String(64))
    #: SHA-256 of the seal before, this position, this time and `event_hash`.
    hash: Mapped[str] = mapped_column(String(64))


class AuditUnsealed(Base):
    """An event that waits for its seal. Written by a trigger on `audit_events`, in the same transaction."""

    __tablename__ = "audit_unsealed"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: True time.
    since: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class AuditCheckpoint(Base):
    """The head of the chain at one moment, signed; the same line stands in a file that can be copied off the host."""

    __tablename__ = "audit_checkpoints"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    #: True time.
    at: Mapped[datetime]
    #: Ed25519, in hex; what is signed is in `checkpoints.py`.
    signature: Mapped[str] = mapped_column(String(128))
