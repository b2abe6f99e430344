"""The people in an offering, where its law counts them."""

from __future__ import annotations

from sqlalchemy import select

from app.database import Transaction
from app.errors import Refused
from app.offerings.models import Offering, OfferingProgress
from app.pledges import queries


def require_seat(tx: Transaction, offering: Offering) -> None:
    """Ask once more, behind the row that everybody takes a place in, so that nobody is missed, nor who is kept a seat.

    Raises Refused("no_seat_left", seats=…).
    """
    assert offering.progress is not None  # a public offering has one
    seats = offering.progress.seats
    if seats is None:
        return
    kept = tx.session.scalars(
        select(OfferingProgress.kept_seats).where(OfferingProgress.offering_id == offering.id)
    ).one()
    if queries.people_in(tx.session, offering.id) + kept > seats:
        raise Refused("no_seat_left", seats=seats)
