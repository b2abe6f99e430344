"""Many at once in front of a full offering: the order of joining holds, no share is kept twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from app.database import Database
from app.errors import Refused
from app.jobs import offer_room
from tests.builders import World
from tests.waitlist.standing_in_line import entry, full, join, leave, offers, room


@pytest.fixture
def crowd(world: World) -> Iterator[World]:
    """The same world with a connection for everybody."""
    database = Database(world.platform.database.url, pool_size=40)
    yield World(replace(world.platform, database=database))
    database.close()


def at_once(acts: Sequence[Callable[[], object]]) -> list[str]:
    """What came of each: "done", or the code of its refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait()
        try:
            act()
        except Refused as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_joining_leaving_cancelling_and_serving_at_once_keep_the_order(world: World, crowd: World) -> None:
    """Whoever was offered room came before everybody who still waits, whatever happened meanwhile."""
    offering, pledges = full(world, 4, 4, 4, 4)
    early = [join(world, offering, 4) for _ in range(6)]
    late = [world.investor() for _ in range(6)]
    came = at_once(
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
    came = at_once(
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
    came = Counter(at_once([lambda: crowd.pledged(offering, 10, investor) for _ in range(6)]))
    assert came == {"done": 1, "offering_full": 5}
    assert entry(world, joined).status == "accepted"
    assert room(world, offering) == (40, 0, 0)
    assert world.broken_promises() == []


def test_joining_twice_at_once_is_one_place(world: World, crowd: World) -> None:
    offering, _ = full(world)
    investor = world.investor()
    assert at_once([lambda: join(crowd, offering, 4, investor) for _ in range(6)]) == ["done"] * 6
    assert room(world, offering) == (40, 0, 1)
