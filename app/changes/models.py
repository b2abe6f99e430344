"""A change, its files, what each investor answers to it; an early close; and every move of a deadline."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.changes.lifecycle import ANSWER, CHANGE, EARLY_CLOSE
from app.database import Base, Document, Id, one_of
from app.state_machine import StateMachine


class Change(Base):
    """What an issuer wants to change of a live offering. Once decided, a trigger keeps it as it is."""

    __tablename__ = "changes"
    __table_args__ = (
        one_of("status", CHANGE.statuses),
        CheckConstraint("(status = 'published') = (material IS NOT NULL AND version IS NOT NULL)", name="published_whole"),
        CheckConstraint("decided_by <> begun_by", name="never_ones_own"),
        Index(
            "uq_changes_one_open", "offering_id", unique=True,
            postgresql_where=text("status IN ('drafting', 'proposed')"),
        ),
        Index(None, "offering_id", "id"),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = CHANGE

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    status: Mapped[str]
    begun_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    begun_at: Mapped[datetime]
    #: Why, in the issuer's words.
    reason: Mapped[str] = mapped_column(String(1000), default="")
    #: Raised by every save: what was read before is not what would be decided on now.
    revision: Mapped[int] = mapped_column(default=1)
    #: field -> value, of `texts.FIELDS`: what was said before (fixed when it is decided), and what is to be said.
    old: Mapped[Document] = mapped_column(default=dict)
    new: Mapped[Document] = mapped_column(default=dict)
    #: The officer's class; None until it is published.
    material: Mapped[bool | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: SHA-256 of the change as the officer saw it, and of the offering's whole text as it made it.
    seen_sha256: Mapped[str | None] = mapped_column(String(64))
    text_sha256: Mapped[str | None] = mapped_column(String(64))
    #: Of the offering's text, from here on.
    version: Mapped[int | None]


class ChangeDocument(Base):
    """A file that comes with a change; publishing makes it a document of the offering."""

    __tablename__ = "change_documents"

    id: Mapped[Id]
    change_id: Mapped[int] = mapped_column(ForeignKey("changes.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class Answer(Base):
    """One pledge's answer to one material change. That of a pledge which has ended otherwise stays awaited, for nothing."""

    __tablename__ = "change_answers"
    __table_args__ = (
        one_of("status", ANSWER.statuses),
        UniqueConstraint("change_id", "pledge_id"),
        CheckConstraint("status <> 'confirmed' OR confirm_by IS NULL OR answered_at <= confirm_by", name="in_time"),
        CheckConstraint("status <> 'silent' OR answered_at > confirm_by", name="time_was_given"),
        CheckConstraint("(received_at IS NULL) = (confirm_by IS NULL)", name="clock_whole"),
        Index(
            "uq_change_answers_one_awaited", "pledge_id", unique=True, postgresql_where=text("status = 'awaited'"),
        ),
        Index("ix_change_answers_awaited", "confirm_by", postgresql_where=text("status = 'awaited'")),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = ANSWER

    id: Mapped[Id]
    change_id: Mapped[int] = mapped_column(ForeignKey("changes.id"))
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledges.id"))
    status: Mapped[str]
    asked_at: Mapped[datetime]
    #: When our mail was handed over; the clock runs from here, and None means that it has not begun.
    received_at: Mapped[datetime | None]
    #: The last instant to confirm.
    confirm_by: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class EarlyClose(Base):
    """A deadline that was brought forward, on the condition that the target is still met there."""

    __tablename__ = "early_closes"
    __table_args__ = (
        one_of("status", EARLY_CLOSE.statuses),
        CheckConstraint("early_deadline_at < old_deadline_at", name="earlier"),
        Index(
            "uq_early_closes_one_announced", "offering_id", unique=True,
            postgresql_where=text("status = 'announced'"),
        ),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = EARLY_CLOSE

    id: Mapped[Id]
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    status: Mapped[str]
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    announced_at: Mapped[datetime]
    old_deadline_at: Mapped[datetime]
    early_deadline_at: Mapped[datetime]


class MoveReason(StrEnum):
    """Why a deadline moved. Words in `i18n/labels.py`."""

    CHANGE = "change"
    #: A material change came late: the investors' days to answer are kept.
    TIME_TO_ANSWER = "time_to_answer"
    EARLY_CLOSE = "early_close"
    #: At the early deadline the target was no longer met.
    TARGET_LOST = "target_lost"


class DeadlineMove(Base):
    """A deadline that moved, for everybody to see. Never edited: a trigger refuses it."""

    __tablename__ = "deadline_moves"
    __table_args__ = (
        one_of("reason", MoveReason),
        CheckConstraint("old_deadline_at <> new_deadline_at", name="moves"),
        Index(None, "offering_id", "id"),
    )

    id: Mapped[Id]
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("changes.id"))
    old_deadline_at: Mapped[datetime]
    new_deadline_at: Mapped[datetime]
    reason: Mapped[str]
    moved_at: Mapped[datetime]
