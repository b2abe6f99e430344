"""Many at once, over real connections: the cap and the maximum hold, and everybody gets a clear answer."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest

from app.errors import Refused
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges.actions import Placement
from tests import racing
from tests.builders import World


@pytest.fixture
def crowd(world: World) -> Iterator[World]:
    with racing.crowded(world) as found:
        yield found


def at_once(acts: Sequence[Callable[[], Placement]]) -> list[str]:
    """What came of each: the status of the pledge, the decision of the law, or the code of the refusal."""
    return [
        one if isinstance(one, str) else one.pledge.status if one.pledge else one.decision.outcome
        for one in racing.at_once(acts)
    ]


def placing(
    world: World, investor: Investor, offering: Offering, shares: int, **others: object
) -> Callable[[], Placement]:
    return lambda: world.place(investor, offering, shares, **others)


def test_one_investor_in_twenty_offerings_at_once_never_passes_the_cap(world: World, crowd: World) -> None:
    """A cap of 2,500 and twenty wishes of 400: exactly six fit."""
    offerings = [world.live() for _ in range(20)]
    investor = world.investor(income="40000", net_worth="40000")
    came = Counter(at_once([placing(crowd, investor, offering, 160) for offering in offerings]))
    assert came == {"reserved": 6, "deny": 14}
    assert world.sql("SELECT sum(amount_minor) FROM pledges") == [(240_000,)]
    used = world.sql("SELECT used_minor FROM decisions WHERE outcome = 'allow' ORDER BY id")
    assert [minor for (minor,) in used] == [40_000 * before for before in range(6)]
    assert world.broken_promises() == []


@pytest.mark.scenario(23)
def test_the_last_shares_are_sold_once(world: World, crowd: World) -> None:
    """Thirty people, ten shares left."""
    offering = world.live(price="25", target="500", maximum="1000")
    world.pledged(offering, 30)
    people = [world.investor() for _ in range(30)]
    came = Counter(at_once([placing(crowd, person, offering, 1) for person in people]))
    assert came == {"reserved": 10, "offering_full": 20}
    progress = world.offering(offering.id).progress
    assert (progress.taken_shares, progress.left_shares, progress.taken_minor) == (40, 0, 100_000)
    assert world.sql("SELECT count(*), sum(shares) FROM pledges") == [(11, 40)]
    # Who was refused left nothing behind: no decision, no message, no instruction.
    assert world.sql("SELECT count(*) FROM decisions") == [(11,)]
    assert world.sql("SELECT count(*) FROM instructions") == [(11,)]
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'pledge_placed'") == [(11,)]
    assert world.broken_promises() == []


@pytest.mark.scenario(23)
def test_wishes_of_different_sizes_never_pass_the_maximum(world: World, crowd: World) -> None:
    offering = world.live(price="25", target="500", maximum="1000")
    sizes = [1, 2, 3, 5, 7, 11, 13] * 3
    people = [world.investor() for _ in sizes]
    came = at_once([placing(crowd, person, offering, size) for person, size in zip(people, sizes, strict=True)])
    sold = sum(size for size, result in zip(sizes, came, strict=True) if result == "reserved")
    progress = world.offering(offering.id).progress
    assert sold == progress.taken_shares <= 40
    refused = [size for size, result in zip(sizes, came, strict=True) if result == "offering_full"]
    assert refused and all(size > progress.left_shares for size in refused)
    assert set(came) == {"reserved", "offering_full"}
    assert world.broken_promises() == []


@pytest.mark.scenario(19)
def test_a_double_click_is_one_pledge(world: World, crowd: World) -> None:
    offering, investor, key = world.live(), world.investor(), uuid.uuid4()
    came = at_once([placing(crowd, investor, offering, 100, form_key=key) for _ in range(8)])
    assert came == ["reserved"] * 8
    assert world.sql("SELECT count(*) FROM pledges") == [(1,)]
    assert world.sql("SELECT count(*) FROM decisions") == [(1,)]
    assert world.sql("SELECT taken_shares FROM offering_progress") == [(100,)]
    assert world.broken_promises() == []


def test_two_tabs_are_two_pledges(world: World, crowd: World) -> None:
    offering, investor = world.live(), world.investor()
    assert at_once([placing(crowd, investor, offering, 100) for _ in range(2)]) == ["reserved"] * 2
    assert world.sql("SELECT taken_shares FROM offering_progress") == [(200,)]


def test_places_given_back_and_taken_at_once_are_counted_right(world: World, crowd: World) -> None:
    """Ten people leave a full offering while ten others come: nobody's place is lost, none is sold twice."""
    offering = world.live(price="25", target="250", maximum="500")
    leaving = [world.pledged(offering, 2) for _ in range(10)]
    coming = [world.investor() for _ in range(10)]

    def leave(pledge_id: int) -> Callable[[], Placement]:
        def act() -> Placement:
            crowd.cancel(world.pledge(pledge_id))
            raise Refused("left")

        return act

    came = Counter(
        at_once([leave(pledge.id) for pledge in leaving] + [placing(crowd, person, offering, 2) for person in coming])
    )
    assert came["left"] == 10
    assert came["reserved"] + came["offering_full"] == 10
    assert world.offering(offering.id).progress.taken_shares == 2 * came["reserved"]
    assert world.broken_promises() == []
