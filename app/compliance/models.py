"""Review cases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.compliance.lifecycle import REVIEW_CASE
from app.database import Base, Id, one_of
from app.state_machine import StateMachine


class CaseKind(StrEnum):
    OFFERING = "offering"
    INVESTOR = "investor"
    PLEDGE = "pledge"
    ALERT = "alert"
    CHANGE = "change"


class CaseOutcome(StrEnum):
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REFUSE = "refuse"


class ReviewCase(Base):
    """Something an officer must look at. `subject_id` is an offering, a claim, a pledge, an alert or a change, by `kind`."""

    __tablename__ = "review_cases"
    __table_args__ = (
        one_of("kind", CaseKind),
        one_of("status", REVIEW_CASE.statuses),
        one_of("outcome", CaseOutcome),
        CheckConstraint("resolved_by IS NULL OR NOT (resolved_by = ANY (involves))", name="never_ones_own"),
        CheckConstraint("(status = 'resolved') = (resolved_by IS NOT NULL AND outcome IS NOT NULL)", name="resolved_whole"),
        Index(
            "uq_review_cases_one_live", "kind", "subject_id", unique=True,
            postgresql_where=text("status IN ('open', 'claimed')"),
        ),
        Index("ix_review_cases_queue", "status", "opened_at"),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = REVIEW_CASE

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str]
    subject_id: Mapped[int]
    status: Mapped[str]
    #: The rule or event that brought it here.
    why: Mapped[str] = mapped_column(String(60))
    #: User ids of those it is about; none of them may resolve it.
    involves: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    opened_at: Mapped[datetime]
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    resolved_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reasons: Mapped[list[str]] = mapped_column(JSONB, default=list)
    #: What the person is told, in the officer's words.
    note: Mapped[str] = mapped_column(String(2000), default="")
