"""The rows of the trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
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
