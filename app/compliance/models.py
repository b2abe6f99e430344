"""Review cases."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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
            postgresql_where=text("status IN ('open', 'claimed', 'waiting')"),
        ),
        Index("ix_review_cases_involves", "involves", postgresql_using="gin"),
        Index("ix_review_cases_queue", "status", "due_at", "id"),
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
    #: Until when it is to be decided, by the platform's policy of the day it came.
    due_at: Mapped[datetime]
    #: What was left of that time, in seconds of open office, when the person was asked for more.
    left_s: Mapped[int | None]
    #: So many officers must come to the same decision, each for themselves.
    officers_needed: Mapped[int] = mapped_column(default=1)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[datetime | None]
    #: True time: from then on it goes back to the queue unless its officer does something.
    claimed_until: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    resolved_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reasons: Mapped[list[str]] = mapped_column(JSONB, default=list)
    #: What the person is told, in the officer's words.
    note: Mapped[str] = mapped_column(String(2000), default="")


class CaseOpinion(Base):
    """What one officer decided about a case that needs two, before knowing the other's. Never edited."""

    __tablename__ = "case_opinions"
    __table_args__ = (one_of("outcome", CaseOutcome), UniqueConstraint("case_id", "user_id", "facts_sha256"))

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("review_cases.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: SHA-256 of the facts that the officer saw: opinions count together only when they are about the same.
    facts_sha256: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str]
    reasons: Mapped[list[str]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(String(2000))
    given_at: Mapped[datetime]


class CaseQuestion(Base):
    """What an officer asked the person for, and the answer."""

    __tablename__ = "case_questions"
    __table_args__ = (CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_whole"),)

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("review_cases.id"), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_of: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    asked_at: Mapped[datetime]
    reasons: Mapped[list[str]] = mapped_column(JSONB)
    question: Mapped[str] = mapped_column(String(2000))
    answer: Mapped[str | None] = mapped_column(String(4000))
    answered_at: Mapped[datetime | None]


class SavedFilter(Base):
    """A view of the queue that an officer wants to come back to."""

    __tablename__ = "saved_filters"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    #: What follows the question mark in the address of the queue.
    query: Mapped[str] = mapped_column(String(500))
