"""The people in an offering, where its law counts them."""

from __future__ import annotations

from app.database import Transaction
from app.errors import Refused
from app.offerings.models import Offering
from app.pledges import queries


def require_seat(tx: Transaction, offering: Offering) -> None:
    """Ask once more, behind the row that everybody takes a place in, so that nobody is missed.

    Raises Refused("no_seat_left", seats=…).
    """
    assert offering.progress is not None  # a public offering has one
    seats = offering.progress.seats
    if seats is not None and queries.people_in(tx.session, offering.id) > seats:
        raise Refused("no_seat_left", seats=seats)
