"""Where a law counts the people in an offering, it has so many seats and no more."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from app.errors import Refused
from app.offerings.models import Offering
from app.regimes.law_book import LawBook
from tests.builders import World
from tests.racing import came_of, crowded

SEATS = 3


@pytest.fixture
def small(world: World) -> Offering:
    """An open offering with room for three people."""
    offering = world.live()
    world.force("UPDATE offering_progress SET seats = :seats WHERE offering_id = :id", seats=SEATS, id=offering.id)
    return world.offering(offering.id)


@pytest.mark.parametrize(
    ("regime", "seats"),
    [("CN-MICHOU", 49), ("CN-PF", 49), ("CN-SAC2014", 49), ("CN-SAC2015R", 49), ("US-CF", None), ("EU-ECSPR", None)],
)
def test_chinese_offerings_have_a_partners_seats_less_the_general_one(regime: str, seats: int | None) -> None:
    assert LawBook(()).seats(regime, datetime(2026, 3, 3, tzinfo=UTC)) == seats
    before_the_law = datetime(2007, 5, 31, 15, 59, tzinfo=UTC)  # the last minute of the day before, in Shanghai
    assert LawBook(()).seats(regime, before_the_law) is None


def test_an_offering_opens_with_the_seats_of_its_day(world: World) -> None:
    assert world.sql("SELECT seats FROM offering_progress WHERE offering_id = :id", id=world.live().id) == [(None,)]


def test_the_last_seat_is_taken_once(world: World, small: Offering) -> None:
    known = [world.investor() for _ in range(SEATS)]
    pledges = [world.pledged(small, 40, one) for one in known]
    world.pledged(small, 40, known[0])  # nobody takes two
    late = world.investor()
    world.open_documents(late, small)
    before = world.contents()
    with pytest.raises(Refused, match="no_seat_left") as caught:
        world.pledged(small, 40, late)
    assert caught.value.facts == {"seats": SEATS}
    assert world.contents() == before
    world.cancel(pledges[1])
    assert world.pledged(small, 40, late).status == "reserved"
    assert world.broken_promises() == []


def test_twelve_at_once_take_three_seats(world: World, small: Offering) -> None:
    crowd = [world.investor() for _ in range(12)]
    for one in crowd:
        world.open_documents(one, small)
    with crowded(world) as apart:
        came = Counter(came_of([lambda one=one: apart.pledged(small, 40, one) for one in crowd]))  # type: ignore[misc]
    assert came == {"done": SEATS, "no_seat_left": len(crowd) - SEATS}
    assert world.broken_promises() == []
