"""A change close to the deadline extends the offering: same hour in its zone, told to everybody, with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.closings import actions as closings
from app.errors import Refused
from app.jobs import close_offerings
from tests.builders import World
from tests.changes.test_clocks import begin_at

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("days", "ends", "extended"),
    [
        # Told on Tuesday 3 March: the fifth business day is the 10th, and the days end with it.
        (31, (2026, 3, 4), (2026, 3, 11)),
        (37, (2026, 3, 10), (2026, 3, 11)),  # on the last day, but at 15:00: the day is not over
        (38, (2026, 3, 11), (2026, 3, 11)),
    ],
)
def test_the_first_deadline_that_leaves_the_days(
    world: World, days: int, ends: tuple[int, int, int], extended: tuple[int, int, int]
) -> None:
    """Over the night in which the clocks go forward, it stays at 15:00 in New York."""
    story = begin_at(world, 2026, 3, 3, 10, 0, days=days)
    old, new = (datetime(*day, 15, 0, tzinfo=NEW_YORK) for day in (ends, extended))
    assert story.offering.deadline_at == old
    world.held(story.offering)
    story.publish()
    assert story.now().deadline_at == new
    progress = story.now().progress
    assert progress is not None and progress.accepts_until == new
    moves = world.sql("SELECT old_deadline_at, new_deadline_at, reason FROM deadline_moves")
    assert moves == ([] if old == new else [(old, new, "time_to_answer")])
    assert world.broken_promises() == []


def test_the_message_says_the_old_and_the_new_deadline(world: World) -> None:
    story = begin_at(world, 2026, 3, 3, 10, 0, days=31)
    world.held(story.offering)
    story.publish()
    ((old, new),) = world.sql(
        "SELECT facts->>'old_deadline', facts->>'new_deadline' FROM messages WHERE kind = 'change_to_confirm'"
    )
    assert datetime.fromisoformat(old) == story.offering.deadline_at
    assert datetime.fromisoformat(new) == story.now().deadline_at


def test_who_confirms_may_then_cancel_until_48_hours_before_the_new_deadline(world: World) -> None:
    story = begin_at(world, 2026, 3, 3, 10, 0, days=31)
    pledge = world.held(story.offering)
    change = story.publish()
    deadline = story.now().deadline_at
    assert deadline is not None
    story.confirm(pledge, change)
    assert world.pledge(pledge.id).cancel_until == deadline - timedelta(hours=48)


def test_who_pledged_under_the_new_text_is_told_when_it_is_extended_again(world: World) -> None:
    story = begin_at(world, 2026, 3, 3, 10, 0, days=38)
    world.held(story.offering)
    story.tell(story="Other words.")
    story.decide(story.propose())
    later = world.held(story.offering)
    story.at(datetime(2026, 3, 5, 10, 0, tzinfo=NEW_YORK))
    story.hand_over()
    deadline = story.now().deadline_at
    assert deadline == datetime(2026, 3, 13, 15, 0, tzinfo=NEW_YORK)
    assert world.pledge(later.id).cancel_until == deadline - timedelta(hours=48)
    assert world.sql("SELECT facts->>'ref' FROM messages WHERE kind = 'deadline_moved'") == [(later.ref,)]


def test_a_closing_waits_for_the_last_answer(world: World) -> None:
    """By construction the deadline is after every clock; a late job changes nothing about that."""
    story = begin_at(world, 2026, 3, 3, 10, 0, days=31)
    staying, silent = world.held(story.offering, 300), world.held(story.offering)
    change = story.publish()
    story.confirm(staying, change)
    world.pass_deadline(story.now())
    before = world.contents()
    with pytest.raises(Refused, match="answers_awaited"), world.acting() as tx:
        closings.begin(tx, story.offering.id)
    close_offerings.run(world.platform)
    assert world.contents() == before
    story.jobs()
    world.approve_closing(story.offering)
    world.run_jobs()
    assert (world.pledge(staying.id).status, world.pledge(silent.id).status) == ("settled", "refunded")
    assert world.broken_promises() == []
