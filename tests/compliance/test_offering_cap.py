"""What a company may raise in twelve months: what it sold, and what it may still sell, counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.closings import actions as closings
from app.compliance import actions
from app.errors import Refused
from app.offerings.models import Offering
from tests.builders import World, usd


def submit(world: World, offering: Offering) -> None:
    with world.acting() as tx:
        actions.submit_offering(tx, offering.id, world.platform.regime("US-CF"))


def another(world: World, first: Offering, maximum: str) -> Offering:
    """A further draft of the company that made the first one."""
    draft, _ = world.draft(maximum=maximum)
    world.sql("UPDATE offerings SET issuer_id = :issuer WHERE id = :id", issuer=first.issuer_id, id=draft.id)
    return world.offering(draft.id)


def refused(world: World, offering: Offering) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        submit(world, offering)
    assert world.contents() == before
    return caught.value


def test_five_million_is_the_most_and_a_share_more_is_too_much(world: World) -> None:
    said = refused(world, world.draft(maximum="5000002.50")[0])
    assert (said.code, said.field) == ("over_offering_cap", "maximum")
    assert said.facts == {"rule": "US-CF-100a1", "cap": usd("5000000"), "remaining": usd("5000000")}
    submit(world, world.draft(maximum="5000000")[0])


def test_what_another_offering_may_still_sell_counts_in_full(world: World) -> None:
    first = world.live(maximum="4000000")
    assert refused(world, another(world, first, "1000002.50")).facts["remaining"] == usd("1000000")
    second = another(world, first, "1000000")
    submit(world, second)
    assert refused(world, another(world, first, "50000")).facts["remaining"] == usd("0")


def test_what_never_was_handed_in_or_is_over_counts_for_nothing(world: World) -> None:
    first, actor = world.draft(maximum="4000000")
    submit(world, another(world, first, "5000000"))
    third, actor, _ = world.submitted(maximum="4000000")
    with world.acting(actor) as tx:
        closings.withdraw_offering(tx, third.id)
    submit(world, another(world, third, "5000000"))


def test_another_companys_offering_counts_for_nothing(world: World) -> None:
    world.live(maximum="5000000")
    submit(world, world.draft(maximum="5000000")[0])


def test_what_was_sold_counts_for_twelve_months_from_the_day_of_the_closing(world: World) -> None:
    first = world.live(days=200)
    for _ in range(3):
        world.held(first, shares=8_000)
    world.settled(first)
    assert world.offering(first.id).progress.settled_minor == 6_000_000  # type: ignore[union-attr]
    sold_on = world.now().astimezone(ZoneInfo("America/New_York")).date()

    assert refused(world, another(world, first, "4940002.50")).facts["remaining"] == usd("4940000")
    anniversary = datetime(sold_on.year + 1, sold_on.month, sold_on.day, 12, tzinfo=ZoneInfo("America/New_York"))
    world.move_clock(seconds=(anniversary - world.now()).total_seconds())
    assert refused(world, another(world, first, "4940002.50")).facts["remaining"] == usd("4940000")
    world.move_clock(seconds=timedelta(days=1).total_seconds())
    submit(world, another(world, first, "5000000"))
