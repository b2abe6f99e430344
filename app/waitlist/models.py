"""A place in line."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id, one_of
from app.offerings.room import KeptRoom
from app.state_machine import StateMachine
from app.waitlist.lifecycle import WAITLIST_ENTRY


class WaitlistEntry(Base):
    """The order of the line is the order of the ids: see `actions.join`."""

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        one_of("status", WAITLIST_ENTRY.statuses),
        CheckConstraint("shares > 0", name="shares_positive"),
        CheckConstraint("offered_shares BETWEEN 1 AND shares", name="offered_within_wish"),
        CheckConstraint(
            "(offered_shares IS NULL) = (offered_at IS NULL) AND (offered_shares IS NULL) = (offered_until IS NULL)",
            name="offer_whole",
        ),
        CheckConstraint("status NOT IN ('offered', 'accepted', 'lapsed') OR offered_until > offered_at", name="one_clock"),
        CheckConstraint("(status = 'accepted') = (pledge_id IS NOT NULL)", name="accepted_is_pledge"),
        Index(
            "uq_waitlist_entries_one_live", "offering_id", "investor_id", unique=True,
            postgresql_where=text("status IN ('waiting', 'offered')"),
        ),
        Index("ix_waitlist_entries_line", "offering_id", "id", postgresql_where=text("status IN ('waiting', 'offered')")),
    )  # fmt: skip

    lifecycle: ClassVar[StateMachine] = WAITLIST_ENTRY

    id: Mapped[Id]
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    investor_id: Mapped[int] = mapped_column(ForeignKey("investors.id"), index=True)
    status: Mapped[str]
    #: How many are wished for.
    shares: Mapped[int]
    joined_at: Mapped[datetime]
    #: How many are, or were, kept for it; None: nothing was offered.
    offered_shares: Mapped[int | None]
    #: A seat is kept, too: the law counts people here, and this investor is not among them yet.
    keeps_seat: Mapped[bool] = mapped_column(server_default=text("false"))
    offered_at: Mapped[datetime | None]
    #: The one clock of the offer, a whole minute: until then the room is kept, and not longer.
    offered_until: Mapped[datetime | None]
    #: What became of the offer that was accepted.
    pledge_id: Mapped[int | None] = mapped_column(ForeignKey("pledges.id"), unique=True)

    @property
    def kept(self) -> KeptRoom:
        """What an offer keeps free."""
        return KeptRoom(self.offered_shares or 0, int(self.keeps_seat))

    def is_over(self, now: datetime) -> bool:
        """Whether the clock of its offer has ended."""
        return self.offered_until is not None and self.offered_until <= now
