"""A proposal, and who agreed to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.approvals.lifecycle import PROPOSAL
from app.database import Base, Document, Id, one_of
from app.state_machine import StateMachine


class ProposalKind(StrEnum):
    PUBLISH = "publish"
    PAYEE = "payee"
    ROLE = "role"
    REFUND_ALL = "refund_all"
    PACK = "pack"
    HOLD = "hold"
    SWITCH = "switch"
    RECEIPT = "receipt"
    DISTRIBUTION = "distribution"


class Proposal(Base):
    """What was proposed never changes: a trigger refuses it, as it refuses an approval that was not given."""

    __tablename__ = "proposals"
    __table_args__ = (
        one_of("kind", ProposalKind),
        one_of("status", PROPOSAL.statuses),
        Index(
            "uq_proposals_one_unfinished", "kind", "subject", unique=True,
            postgresql_where=text("status IN ('proposed', 'approved')"),
        ),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = PROPOSAL

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str]
    #: "offering:12", "issuer:3", "user:5", "pack:US-CF", "receipt:9" (by its entry), "distribution:4".
    subject: Mapped[str] = mapped_column(String(80))
    payload: Mapped[Document]
    #: A hash or a word for how the subject was when it was proposed.
    state: Mapped[str] = mapped_column(String(200))
    #: SHA-256 of all of the above: what an approval is of.
    sha256: Mapped[str] = mapped_column(String(64))
    #: User ids of those it is about; none of them may approve it.
    involves: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    #: User ids of those who may approve it although they are no officers: the people of the company.
    also_by: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    #: Nobody, when it was proposed from the command line: then two others must agree.
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    #: Not to be carried out before.
    not_before: Mapped[datetime | None]
    status: Mapped[str]
    #: Why it was rejected.
    note: Mapped[str] = mapped_column(String(2000), default="")

    @property
    def subject_id(self) -> int:
        return int(self.subject.partition(":")[2])

    @property
    def approvals_needed(self) -> int:
        return 2 if self.made_by is None else 1


class ProposalApproval(Base):
    """One person agreed to one proposal as it was."""

    __tablename__ = "proposal_approvals"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    approved_at: Mapped[datetime]
