"""An alert, and what a rule hands over to raise one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.alerts.lifecycle import ALERT
from app.database import Base, Document, Id, one_of
from app.state_machine import StateMachine


class SubjectType(StrEnum):
    """Whom or what an alert is about, by table."""

    INVESTOR = "investors"
    #: Somebody who acts for a company.
    MEMBER = "users"
    COMPANY = "issuers"
    RELATED = "related_parties"
    OFFERING = "offerings"
    #: Somebody behind an entity that invests.
    OWNER = "beneficial_owners"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. `about` tells two findings of one rule on one subject apart: a listing, a pledge.

    `fingerprint` is of everything that an officer's word rests on: while it is the same, the word stands.
    """

    rule: str
    subject_type: SubjectType
    subject_id: int
    about: str
    fingerprint: str
    holds: bool
    inputs: dict[str, Any]


class Alert(Base):
    __tablename__ = "alerts"
    __table_args__ = (
        one_of("subject_type", SubjectType),
        one_of("status", ALERT.statuses),
        Index(
            "uq_alerts_one_live", "rule", "subject_type", "subject_id", "about", unique=True,
            postgresql_where=text("status IN ('raised', 'confirmed')"),
        ),
        Index(None, "subject_type", "subject_id"),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = ALERT

    id: Mapped[Id]
    #: A rule of the platform's policy: its words are there.
    rule: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    about: Mapped[str] = mapped_column(String(300))
    fingerprint: Mapped[str] = mapped_column(String(64))
    #: Whether whoever it is about is on hold while it lives.
    holds: Mapped[bool]
    #: What the rule saw: names, scores, pledges, sums.
    inputs: Mapped[Document]
    raised_at: Mapped[datetime]
    status: Mapped[str]
