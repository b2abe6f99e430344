"""The outbox of messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Document, Id, one_of
from app.notifications.catalog import Message


class QueuedMessage(Base):
    """`dedupe_key` says what this message is about: the same thing is told to the same person once."""

    __tablename__ = "messages"
    __table_args__ = (
        one_of("kind", Message),
        Index("ix_messages_unsent", "next_attempt_at", postgresql_where=text("sent_at IS NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    facts: Mapped[Document]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
