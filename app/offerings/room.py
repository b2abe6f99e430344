"""How much room an offering has for pledges, and what of it is kept for who waited. Who comes next: `app/waitlist`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from app.database import Transaction
from app.offerings.models import SCALED, Offering, OfferingProgress
from app.regimes import platform_policy


def limits(offering: Offering, at: datetime) -> dict[str, int]:
    """The columns of the progress row that say how much is sold at most, and how much is taken into the book.

    By the declared rule the book is the maximum itself, or the part above it that the policy allows.
    """
    assert offering.price is not None and offering.maximum is not None  # a public offering has complete terms
    is_scaled = offering.oversubscription_rule in SCALED
    book = offering.maximum + offering.maximum.share_of(platform_policy.above_bps(at) if is_scaled else 0)
    return {
        "maximum_shares": offering.price.shares_for(offering.maximum),
        "maximum_minor": offering.maximum.minor,
        "book_shares": offering.price.shares_for(book),
        "book_minor": book.minor,
    }


@dataclass(frozen=True, slots=True)
class KeptRoom:
    """Room that is kept for one investor in line: shares, and a seat where the law counts people and they have none."""

    shares: int = 0
    seats: int = 0

    @property
    def freed(self) -> KeptRoom:
        """The same room, taken away again."""
        return KeptRoom(-self.shares, -self.seats)


NOTHING_KEPT = KeptRoom()


def keep(tx: Transaction, offering_id: int, room: KeptRoom = NOTHING_KEPT, *, waiting: int = 0) -> None:
    """Keep more room (or less) for those in line, and count who waits. Locks: progress, last. Writes: progress."""
    tx.session.execute(
        update(OfferingProgress)
        .where(OfferingProgress.offering_id == offering_id)
        .values(
            kept_shares=OfferingProgress.kept_shares + room.shares,
            kept_seats=OfferingProgress.kept_seats + room.seats,
            waiting=OfferingProgress.waiting + waiting,
        )
        .execution_options(synchronize_session=False)
    )
