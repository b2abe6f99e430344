"""Ending early: target met, 21 days open, five business days' notice, and the target still met at the new deadline."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.changes import deadlines
from app.closings import actions as closings
from app.errors import Refused
from app.regimes import facts
from tests.builders import World
from tests.changes.story import Story
from tests.changes.test_clocks import begin_at

NEW_YORK = ZoneInfo("America/New_York")


def close_early(story: Story, *moment: int) -> None:
    with story.world.acting(story.issuer) as tx:
        deadlines.close_early(tx, story.offering.id, datetime(*moment, tzinfo=NEW_YORK), story.world.platform.law)  # type: ignore[arg-type]


def refused(story: Story, code: str, *moment: int) -> Refused:
    before = story.world.contents()
    with pytest.raises(Refused, match=code) as found:
        close_early(story, *moment)
    assert story.world.contents() == before
    return found.value


def test_five_business_days_after_the_notice_and_not_a_day_sooner(world: World) -> None:
    """Asked on Friday 20 November at 10:00, before Thanksgiving."""
    story = begin_at(world, 2026, 11, 20, 10, 0)
    world.held(story.offering, 200)
    earliest = datetime(2026, 11, 30, 14, 0, tzinfo=NEW_YORK)
    said = refused(story, "early_too_soon", 2026, 11, 27, 14, 0)
    assert said.facts["until"] == earliest
    close_early(story, 2026, 11, 30, 14, 0)
    assert story.now().deadline_at == earliest


def test_the_days_of_the_notice_are_whole(world: World) -> None:
    """Asked on Friday at 18:00: at 14:00 on the fifth business day less than five have passed."""
    story = begin_at(world, 2026, 11, 20, 18, 0)
    world.held(story.offering, 200)
    said = refused(story, "early_too_soon", 2026, 11, 30, 14, 0)
    assert said.facts["until"] == datetime(2026, 12, 1, 14, 0, tzinfo=NEW_YORK)


@pytest.mark.parametrize(("day", "possible"), [(23, False), (24, True)])
def test_not_before_the_offering_was_open_for_21_days(world: World, day: int, possible: bool) -> None:
    """Opened on 3 March."""
    story = Story.of(world, world.live(target="250"))
    world.held(story.offering)
    if possible:
        close_early(story, 2026, 3, day, 15, 0)
    else:
        said = refused(story, "early_too_soon", 2026, 3, day, 15, 0)
        assert said.facts["until"] == datetime(2026, 3, 24, 15, 0, tzinfo=NEW_YORK)


def test_only_money_that_is_held_meets_the_target(story: Story) -> None:
    story.world.held(story.offering, 100)
    story.world.pledged(story.offering, 300)
    assert refused(story, "early_target", 2026, 4, 1, 15, 0).facts["target"] == story.offering.target
    story.world.held(story.offering, 100)
    close_early(story, 2026, 4, 1, 15, 0)


def test_an_early_deadline_is_earlier(story: Story) -> None:
    story.world.held(story.offering, 200)
    refused(story, "early_not_early", 2026, 6, 1, 15, 0)
    story.at(story.offering.deadline_at - timedelta(days=2))  # type: ignore[operator]
    refused(story, "early_not_early", 2026, 5, 2, 12, 0)


def test_everybody_is_told_of_the_deadline_and_of_the_last_moment_to_cancel(story: Story) -> None:
    world = story.world
    pledge = world.held(story.offering, 200)
    close_early(story, 2026, 4, 1, 15, 0)
    new = datetime(2026, 4, 1, 15, 0, tzinfo=NEW_YORK)
    assert world.pledge(pledge.id).cancel_until == new - timedelta(hours=48)
    ((told, cancel, reason),) = world.sql(
        "SELECT facts->>'new_deadline', facts->>'cancel_until', facts->>'reason' FROM messages WHERE kind = 'deadline_moved'"
    )
    assert (datetime.fromisoformat(told), datetime.fromisoformat(cancel)) == (new, new - timedelta(hours=48))
    assert reason == "early_close"
    assert world.broken_promises() == []


def test_it_ends_early_when_the_target_is_still_met(story: Story) -> None:
    pledge = story.world.held(story.offering, 200)
    close_early(story, 2026, 4, 1, 15, 0)
    story.world.settled(story.now())
    assert story.world.pledge(pledge.id).status == "settled"
    assert story.world.sql("SELECT status FROM early_closes") == [("kept",)]
    assert story.world.broken_promises() == []


def test_it_goes_on_to_the_deadline_that_it_had_when_the_target_is_not_met_any_more(story: Story) -> None:
    world = story.world
    staying, leaving = world.held(story.offering, 100), world.held(story.offering, 100)
    close_early(story, 2026, 4, 1, 15, 0)
    world.cancel(leaving)
    world.pass_deadline(story.now())
    world.run_jobs()
    offering = story.now()
    assert (offering.status, offering.deadline_at) == ("live", story.offering.deadline_at)
    assert offering.progress is not None and offering.progress.accepts_until == story.offering.deadline_at
    assert world.pledge(staying.id).cancel_until == staying.cancel_until
    assert world.sql("SELECT reason FROM deadline_moves ORDER BY id") == [("early_close",), ("target_lost",)]
    world.held(story.offering, 100)
    world.settled(story.now())
    assert story.now().status == "settled"
    assert world.broken_promises() == []


def test_one_at_a_time_and_not_while_a_change_is_open(story: Story) -> None:
    pledge = story.world.held(story.offering, 200)
    story.tell(story="Other words.")
    refused(story, "answers_awaited", 2026, 4, 1, 15, 0)
    change = story.decide(story.propose())
    refused(story, "answers_awaited", 2026, 4, 1, 15, 0)
    story.confirm(pledge, change)
    close_early(story, 2026, 4, 1, 15, 0)
    refused(story, "early_already", 2026, 4, 2, 15, 0)


def test_a_material_change_after_the_notice_still_leaves_the_days(story: Story) -> None:
    world = story.world
    pledge = world.held(story.offering, 200)
    close_early(story, 2026, 4, 1, 15, 0)
    story.at(datetime(2026, 3, 31, 10, 0, tzinfo=NEW_YORK))
    change = story.publish()
    assert story.now().deadline_at == datetime(2026, 4, 8, 15, 0, tzinfo=NEW_YORK)
    story.confirm(pledge, change)
    world.settled(story.now())
    assert story.now().status == "settled"
    assert world.broken_promises() == []


def test_an_offering_that_was_given_up_ends_what_was_announced(story: Story) -> None:
    story.world.held(story.offering, 200)
    close_early(story, 2026, 4, 1, 15, 0)
    with story.world.acting(story.issuer) as tx:
        closings.withdraw_offering(tx, story.offering.id)
    assert story.world.sql("SELECT status FROM early_closes") == [("given_up",)]


def test_the_rule_of_the_pack_says_the_same_as_the_page(world: World) -> None:
    """For every hour of the notice, the day that we name is allowed and the day before is not."""
    law = world.platform.regime("US-CF")
    with world.acting() as tx:
        clock.freeze(tx.session, datetime(2026, 11, 1, tzinfo=NEW_YORK))
    opened = datetime(2026, 10, 1, tzinfo=NEW_YORK).date()
    for hours in range(0, 24 * 40, 7):
        notice = datetime(2026, 11, 1, tzinfo=NEW_YORK) + timedelta(hours=hours)
        first = law.early_close_from(opened, notice)
        for day, decision in ((first.date(), "allow"), (first.date() - timedelta(days=1), "deny")):
            asked = {
                "type": "early_close", "posted_on": opened.isoformat(), "notice_on": notice.date().isoformat(),
                "new_deadline": day.isoformat(),
            }  # fmt: skip
            case = {
                "regime": "US-CF", "category": "cancellation", "as_of": notice.date().isoformat(),
                "pledge": {"amount": "0.00", "currency": "USD", "issuer": "-"}, "event": asked,
            }  # fmt: skip
            assert law.assess(facts.read(case)).decision == decision, asked
