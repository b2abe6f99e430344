"""What a company may raise in twelve months: what it sold, and what it may still sell, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.closings import actions as closings
from app.compliance import actions
from app.errors import Refused
from app.offerings.models import Offering
from tests.builders import World, usd
from tests.racing import came_of, crowded


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


# Opening asks again


def open_(world: World, offering: Offering) -> None:
    with world.acting() as tx:
        actions.open_offering(
            tx, offering.id, world.platform.regime("US-CF"), gateway="sandbox", custodian_is_qualified=True, seats=None
        )


def approved(world: World, maximum: str) -> Offering:
    offering, _, case_ref = world.submitted(maximum=maximum)
    world.approve(case_ref)
    return world.offering(offering.id)


def test_an_offering_opens_within_the_cap_of_the_day(world: World) -> None:
    first, second = world.live(maximum="4000000"), approved(world, "1000002.50")
    # As if the law had changed, or a hole had let it pass, since it was handed in.
    world.sql("UPDATE offerings SET issuer_id = :issuer WHERE id = :id", issuer=first.issuer_id, id=second.id)
    world.seal(second)
    before = world.contents()
    with pytest.raises(Refused) as caught:
        open_(world, second)
    assert (caught.value.code, caught.value.facts["remaining"]) == ("over_offering_cap", usd("1000000"))
    assert world.contents() == before
    with world.acting() as tx:
        closings.withdraw_offering(tx, first.id)
    open_(world, second)
    assert world.offering(second.id).status == "live"


def test_a_draft_does_not_open(world: World) -> None:
    draft, _ = world.draft()
    world.sql("UPDATE offerings SET maximum_minor = NULL WHERE id = :id", id=draft.id)
    before = world.contents()
    with pytest.raises(Refused, match="illegal_move"):
        open_(world, draft)
    assert world.contents() == before


# Two at once


def at_once(world: World, act: Callable[[World, Offering], None], offerings: Sequence[Offering]) -> Counter[str]:
    """How often each thing came of it, each over a connection of its own: done, or the code of the refusal."""
    with crowded(world) as crowd:
        return Counter(came_of([lambda one=one: act(crowd, one) for one in offerings]))  # type: ignore[misc]


def of_one_company(world: World, offerings: Sequence[Offering]) -> list[Offering]:
    for offering in offerings:
        world.sql("UPDATE offerings SET issuer_id = :to WHERE id = :id", to=offerings[0].issuer_id, id=offering.id)
    return [world.offering(offering.id) for offering in offerings]


def test_offerings_of_one_company_handed_in_at_once_never_pass_the_cap(world: World) -> None:
    """Twelve of a million each: exactly five fit."""
    drafts = of_one_company(world, [world.draft(maximum="1000000")[0] for _ in range(12)])
    assert at_once(world, submit, drafts) == {"done": 5, "over_offering_cap": 7}
    assert world.sql("SELECT sum(maximum_minor) FROM offerings WHERE status = 'submitted'") == [(500_000_000,)]
    assert world.sql("SELECT count(*) FROM review_cases") == [(5,)]


def test_one_that_opens_and_one_that_is_handed_in_wait_for_each_other(world: World) -> None:
    """Whoever comes first, what is open and what is in review never make more than the cap."""
    first, second = of_one_company(world, [approved(world, "3000000"), world.draft(maximum="3000000")[0]])

    def act(crowd: World, offering: Offering) -> None:
        open_(crowd, offering) if offering.id == first.id else submit(crowd, offering)

    assert at_once(world, act, [first, second]) == {"done": 1, "over_offering_cap": 1}
    assert [world.offering(one.id).status for one in (first, second)] == ["live", "draft"]
