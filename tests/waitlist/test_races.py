"""Many at once in front of a full offering: the order of joining holds, no share is kept twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from app.jobs import offer_room
from tests.builders import World
from tests.racing import came_of, crowded
from tests.waitlist.standing_in_line import entry, full, join, leave, offers, room


@pytest.fixture
def crowd(world: World) -> Iterator[World]:
    with crowded(world) as found:
        yield found


def test_joining_leaving_cancelling_and_serving_at_once_keep_the_order(world: World, crowd: World) -> None:
    """Whoever was offered room came before everybody who still waits, whatever happened meanwhile."""
    offering, pledges = full(world, 4, 4, 4, 4)
    early = [join(world, offering, 4) for _ in range(6)]
    late = [world.investor() for _ in range(6)]
    came = came_of(
        [
            *(lambda pledge=pledge: crowd.cancel(pledge) for pledge in pledges[:4]),
            *(lambda one=one: join(crowd, offering, 4, one) for one in late),
            *(lambda: offer_room.run(crowd.platform) for _ in range(4)),
            lambda: leave(crowd, early[1]),
        ]
    )
    assert set(came) == {"done"}
    offer_room.run(world.platform)
    line = world.sql("SELECT status FROM waitlist_entries WHERE status <> 'left' ORDER BY id")
    assert [status for (status,) in line] == ["offered"] * 4 + ["waiting"] * 7
    assert [status for status, _ in offers(world, *early)][:2] == ["offered", "left"]
    assert room(world, offering) == (24, 16, 7)
    assert world.broken_promises() == []


def test_newcomers_never_take_what_somebody_waits_for(world: World, crowd: World) -> None:
    offering, pledges = full(world, 4, 4, 4)
    line = [join(world, offering, 4) for _ in range(3)]
    newcomers = [world.investor() for _ in range(8)]
    for one in newcomers:
        world.open_documents(one, offering)
    came = came_of(
        [
            *(lambda pledge=pledge: crowd.cancel(pledge) for pledge in pledges[:3]),
            *(lambda one=one: crowd.pledged(offering, 4, one) for one in newcomers),
            lambda: offer_room.run(crowd.platform),
        ]
    )
    assert Counter(came)["done"] == 4
    assert set(came) == {"done", "others_wait"} or set(came) == {"done", "others_wait", "offering_full"}
    offer_room.run(world.platform)
    assert offers(world, *line) == [("offered", 4)] * 3
    assert world.broken_promises() == []


def test_pressing_accept_many_times_is_one_pledge(world: World, crowd: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor()
    joined = join(world, offering, 10, investor)
    world.cancel(pledges[0])
    world.run_jobs()
    world.open_documents(investor, offering)
    came = Counter(came_of([lambda: crowd.pledged(offering, 10, investor) for _ in range(6)]))
    assert came == {"done": 1, "offering_full": 5}
    assert entry(world, joined).status == "accepted"
    assert room(world, offering) == (40, 0, 0)
    assert world.broken_promises() == []


def test_joining_twice_at_once_is_one_place(world: World, crowd: World) -> None:
    offering, _ = full(world)
    investor = world.investor()
    assert came_of([lambda: join(crowd, offering, 4, investor) for _ in range(6)]) == ["done"] * 6
    assert room(world, offering) == (40, 0, 1)
