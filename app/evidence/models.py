"""A file of evidence."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.database import Base, Id, one_of
from app.evidence.lifecycle import EVIDENCE
from app.state_machine import StateMachine


class EvidenceFile(Base):
    """What somebody handed in. Its content is sealed with the vault, and gone when a scanner found something in it."""

    __tablename__ = "evidence_files"
    __table_args__ = (
        one_of("status", EVIDENCE.statuses),
        CheckConstraint("size > 0", name="size_positive"),
        CheckConstraint("(status = 'rejected') = (sealed IS NULL)", name="content_is_kept"),
    )

    lifecycle: ClassVar[StateMachine] = EVIDENCE

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    status: Mapped[str]
    filename: Mapped[str] = mapped_column(String(200))
    #: By what the bytes are.
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    #: Of the file as it was handed in.
    sha256: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    sealed: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
