"""A closing, its lines, and who approved it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.closings.lifecycle import CLOSING
from app.database import Base, Currency, Id, one_of
from app.money import Money
from app.state_machine import StateMachine


class Closing(Base):
    """The database lets it be released only with two officers' approvals of its very snapshot."""

    __tablename__ = "closings"
    __table_args__ = (
        one_of("status", CLOSING.statuses),
        UniqueConstraint("offering_id", "seq"),
        CheckConstraint("fee_minor + holdback_minor <= total_minor", name="fee_within_total"),
        CheckConstraint("holdback_minor >= 0 AND payout_minor >= 0", name="payout_not_negative"),
        Index(
            "uq_closings_one_open", "offering_id", unique=True,
            postgresql_where=text("status IN ('gathering', 'proposed')"),
        ),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = CLOSING

    id: Mapped[Id]
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    seq: Mapped[int]
    status: Mapped[str]
    #: Nobody, when the timetable began it.
    begun_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    begun_at: Mapped[datetime]
    #: It takes a part, and its offering goes on.
    is_rolling: Mapped[bool] = mapped_column(server_default=text("false"))
    #: Who asked that a refused payout be tried again, or what was held back be paid out.
    payout_proposed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: Money that was on its way at the deadline is waited for until here; a rolling closing takes place here.
    gather_until: Mapped[datetime]
    currency: Mapped[Currency]
    total_minor: Mapped[int] = mapped_column(default=0)
    #: The success fee, which the company pays.
    fee_minor: Mapped[int] = mapped_column(default=0)
    #: What the investors paid on top of their pledges, earned with it.
    investor_fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: Kept back from the company for the days that the offering says.
    holdback_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: When two officers approved that what is left of it is paid out.
    holdback_released_at: Mapped[datetime | None]
    #: When the company was told that it falls due.
    holdback_told_at: Mapped[datetime | None]
    #: What the payout that is proposed, under way or was the last one pays.
    payout_minor: Mapped[int] = mapped_column(server_default=text("0"))
    #: SHA-256 of everything that the officers approve: holders, lines, totals, target, payee, which payout it is.
    snapshot_hash: Mapped[str | None] = mapped_column(String(64))
    payout_attempts: Mapped[int] = mapped_column(default=0)
    #: When the shares were given; a payout that comes back later does not undo them.
    settled_at: Mapped[datetime | None]
    #: Where the money goes, as approved: what the issuer changes later does not redirect it.
    payee_holder: Mapped[str | None] = mapped_column(String(200))
    #: Sealed by the vault.
    payee_account: Mapped[bytes | None] = mapped_column(LargeBinary)
    payee_hint: Mapped[str | None] = mapped_column(String(4))

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)

    @property
    def earned(self) -> Money:
        """What leaves escrow for the platform: the success fee, and the investors' fees."""
        return self.fee + Money(self.investor_fee_minor, self.currency)

    @property
    def net(self) -> Money:
        """What the issuer is paid in the end, if nothing of what is held back is used up."""
        return self.total - self.fee

    @property
    def holdback(self) -> Money:
        return Money(self.holdback_minor, self.currency)

    @property
    def payout(self) -> Money:
        return Money(self.payout_minor, self.currency)


class ClosingLine(Base):
    """An allotment: the shares that a pledge becomes, and its part of the fee. A pledge is in one closing only."""

    __tablename__ = "closing_lines"
    __table_args__ = (
        CheckConstraint(
            "shares > 0 AND amount_minor > 0 AND fee_share_minor >= 0 AND investor_fee_minor >= 0", name="line_positive"
        ),
    )

    closing_id: Mapped[int] = mapped_column(ForeignKey("closings.id"), primary_key=True)
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledges.id"), primary_key=True, unique=True)
    #: Who is entered, as the officers saw it.
    holder_name: Mapped[str] = mapped_column(String(200))
    shares: Mapped[int]
    amount_minor: Mapped[int]
    fee_share_minor: Mapped[int]
    investor_fee_minor: Mapped[int] = mapped_column(server_default=text("0"))


class AllotmentChoice(Base):
    """How many shares the issuer chose to give a pledge, where it declared to choose. None: no choice was made."""

    __tablename__ = "allotment_choices"
    __table_args__ = (CheckConstraint("shares >= 0", name="shares_not_negative"),)

    closing_id: Mapped[int] = mapped_column(ForeignKey("closings.id"), primary_key=True)
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledges.id"), primary_key=True)
    shares: Mapped[int]
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    chosen_at: Mapped[datetime]


class ClosingApproval(Base):
    """One officer approved one snapshot."""

    __tablename__ = "closing_approvals"

    closing_id: Mapped[int] = mapped_column(ForeignKey("closings.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    snapshot_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    approved_at: Mapped[datetime]
