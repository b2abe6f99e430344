"""What an investor went through: tests, simulations, acknowledgements, and the way to a first offer. Never edited."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Currency, Document, Id, one_of
from app.money import Money


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    #: The investor would not answer.
    INFO_REFUSED = "info_refused"


class Attempt(Base):
    """One try at a test, whole: what was asked in which order, what was answered, and by which bank of questions."""

    __tablename__ = "test_attempts"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint("right_answers BETWEEN 0 AND asked", name="score_in_range"),
        Index(None, "investor_id", "test", "id"),
    )

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    test: Mapped[str] = mapped_column(String(40))
    #: Of the file that the questions stand in.
    bank_sha256: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10))
    #: Made when the form was shown: the same form sent twice is one try. The order of the questions follows from it.
    form_key: Mapped[uuid.UUID] = mapped_column(unique=True)
    #: {"order": [question, …], "given": {question: answer or null}}
    answers: Mapped[Document]
    right_answers: Mapped[int]
    asked: Mapped[int]
    outcome: Mapped[str]
    answered_at: Mapped[datetime]


class Simulation(Base):
    """What an investor could bear to lose, by the figures they gave, seen and acknowledged by them."""

    __tablename__ = "loss_simulations"
    __table_args__ = (Index(None, "investor_id", "id"),)

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    regime: Mapped[str] = mapped_column(String(20))
    currency: Mapped[Currency]
    net_annual_income_minor: Mapped[int]
    liquid_assets_minor: Mapped[int]
    annual_commitments_minor: Mapped[int]
    #: The part of the net worth that was shown.
    bearable_minor: Mapped[int]
    acknowledged_at: Mapped[datetime]

    def money(self, name: str) -> Money:
        """`simulation.money("bearable")`"""
        return Money(getattr(self, f"{name}_minor"), self.currency)


class AckKind(StrEnum):
    """What can be acknowledged beside a pledge; the name is that of a case's `investor`."""

    TEST_FAILED = "ack_21_4"


class Acknowledgement(Base):
    """A warning that an investor read and acknowledged, by the hash of the very text."""

    __tablename__ = "acknowledgements"
    __table_args__ = (one_of("kind", AckKind), Index(None, "investor_id", "kind", "about"))

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    kind: Mapped[str]
    #: "test:<id>" of the attempt.
    about: Mapped[str] = mapped_column(String(40))
    text_sha256: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]


class Step(StrEnum):
    ASKED = "asked"
    CONTINUED = "continued"
    LEFT = "left"


class GateStep(Base):
    """One step on the way to a first offer: asked to see offers, and after the wait went on or left."""

    __tablename__ = "gate_steps"
    __table_args__ = (one_of("step", Step), Index(None, "investor_id", "regime", "id"))

    id: Mapped[Id]
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"))
    regime: Mapped[str] = mapped_column(String(20))
    step: Mapped[str]
    at: Mapped[datetime]
