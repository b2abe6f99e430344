"""Each investor's clock: from the day on which our mail was handed over, in business days of the regime's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.jobs import ask_investors, send_notifications
from tests.builders import World
from tests.changes.story import Story

NEW_YORK = ZoneInfo("America/New_York")
LAST = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999_999}


def begin_at(world: World, *moment: int, days: int = 60) -> Story:
    """A story whose offering opened thirty days before this moment in New York, at 10:00; it is now this moment.

    It ends at 15:00 in New York, or at 14:00 when it opened in summer.
    """
    at = datetime(*moment, tzinfo=NEW_YORK)  # type: ignore[arg-type]
    with world.acting() as tx:
        clock.freeze(tx.session, at.replace(hour=10, minute=0) - timedelta(days=30))
    story = Story.of(world, world.live(target="500", days=days))
    story.at(at)
    return story


@pytest.mark.parametrize(
    ("told", "last"),
    [
        ((2026, 3, 2, 10, 0), (2026, 3, 9)),  # the clocks go forward in between
        ((2026, 3, 6, 23, 59), (2026, 3, 13)),
        ((2026, 3, 7, 0, 0), (2026, 3, 13)),  # on a Saturday
        ((2026, 3, 8, 23, 59), (2026, 3, 13)),  # on a Sunday
        ((2026, 3, 9, 0, 0), (2026, 3, 16)),
        ((2026, 10, 28, 12, 0), (2026, 11, 4)),  # the clocks go back in between
        ((2026, 6, 11, 12, 0), (2026, 6, 18)),  # the day before Juneteenth is the last
        ((2026, 6, 12, 12, 0), (2026, 6, 22)),  # Juneteenth, a Friday, is no business day
        ((2026, 11, 18, 12, 0), (2026, 11, 25)),  # the day before Thanksgiving is the last
        ((2026, 11, 19, 12, 0), (2026, 11, 27)),  # Thanksgiving is no business day, the Friday after it is one
        ((2026, 11, 20, 18, 0), (2026, 11, 30)),
    ],
)
def test_five_business_days_after_the_day_of_receipt(
    world: World, told: tuple[int, ...], last: tuple[int, int, int]
) -> None:
    story = begin_at(world, *told)
    pledge = world.held(story.offering)
    answer = story.answer(pledge, story.publish())
    assert answer.received_at == datetime(*told, tzinfo=NEW_YORK)  # type: ignore[arg-type]
    assert answer.confirm_by == datetime(*last, **LAST, tzinfo=NEW_YORK)  # type: ignore[arg-type]


def test_the_clock_does_not_run_before_the_mail_is_handed_over(story: Story) -> None:
    world = story.world
    pledge = world.held(story.offering)
    story.tell(story="Other words.")
    change = story.decide(story.propose())
    world.move_clock(days=3)
    ask_investors.run(world.platform)
    assert story.answer(pledge, change).confirm_by is None
    while send_notifications.run(world.platform):
        pass
    ask_investors.run(world.platform)
    assert story.answer(pledge, change).received_at == world.now()


def test_mail_that_comes_late_extends_the_offering_again(world: World) -> None:
    """Nobody's days are cut because our mail stood still."""
    story = begin_at(world, 2026, 3, 3, 10, 0, days=40)  # it ends on 13 March
    pledge, old = world.held(story.offering), story.offering.deadline_at
    story.tell(story="Other words.")
    change = story.decide(story.propose())
    assert story.now().deadline_at == old
    story.at(datetime(2026, 3, 9, 10, 0, tzinfo=NEW_YORK))
    story.hand_over()
    assert story.answer(pledge, change).confirm_by == datetime(2026, 3, 16, **LAST, tzinfo=NEW_YORK)  # type: ignore[arg-type]
    assert story.now().deadline_at == datetime(2026, 3, 17, 15, 0, tzinfo=NEW_YORK)
    assert world.sql("SELECT reason FROM deadline_moves") == [("time_to_answer",)]
    assert world.broken_promises() == []


def test_mail_that_nobody_takes_counts_as_told_after_five_business_days_on_the_site(story: Story) -> None:
    """Otherwise one dead address would hold everybody's money."""
    world = story.world
    pledge = world.held(story.offering)
    story.tell(story="Other words.")
    change = story.decide(story.propose())  # on a Tuesday
    last = datetime(2026, 3, 10, **LAST, tzinfo=NEW_YORK)  # type: ignore[arg-type]
    story.at(last)
    ask_investors.run(world.platform)
    assert story.answer(pledge, change).received_at is None
    story.at(last + timedelta(microseconds=1))
    ask_investors.run(world.platform)
    assert story.answer(pledge, change).confirm_by == datetime(2026, 3, 18, **LAST, tzinfo=NEW_YORK)  # type: ignore[arg-type]


def test_who_reads_the_page_before_the_mail_is_there_may_answer_at_once(story: Story) -> None:
    pledge = story.world.held(story.offering)
    story.tell(story="Other words.")
    change = story.decide(story.propose())
    story.confirm(pledge, change)
    answer = story.answer(pledge, change)
    assert (answer.status, answer.received_at, answer.confirm_by) == ("confirmed", None, None)


def test_the_newest_change_has_the_clock_and_older_words_do_not_count_for_it(story: Story) -> None:
    world = story.world
    quick, slow = world.held(story.offering, 300), world.held(story.offering, 100)
    first = story.publish()
    story.confirm(quick, first)
    world.move_clock(days=2)
    second = story.publish(story="Yet other words.")
    assert (story.answer(quick, first).status, story.answer(slow, first).status) == ("confirmed", "overtaken")
    assert {story.answer(pledge, second).status for pledge in (quick, slow)} == {"awaited"}
    latest = story.answer(slow, second).confirm_by
    assert latest is not None and latest == datetime(2026, 3, 12, **LAST, tzinfo=NEW_YORK)  # type: ignore[arg-type]
    story.confirm(slow, second)
    story.at(latest + timedelta(microseconds=1))
    story.jobs()
    assert (world.pledge(quick.id).status, world.pledge(slow.id).status) == ("refunded", "held")
    assert world.broken_promises() == []


def test_every_live_pledge_is_asked_and_no_other(story: Story) -> None:
    world = story.world
    held, reserved = world.held(story.offering), world.pledged(story.offering)
    referred = world.pledged(story.offering, 10_000)
    left = world.held(story.offering)
    world.cancel(left)
    change = story.publish()
    later = world.held(story.offering)
    asked = {pledge_id for (pledge_id,) in world.sql("SELECT pledge_id FROM change_answers")}
    assert asked == {held.id, reserved.id, referred.id}
    assert later.offering_version == change.version and later.cancel_until is not None
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'change_to_confirm'") == [(3,)]


def test_silence_ends_every_kind_of_pledge_and_gives_everything_back(story: Story) -> None:
    world = story.world
    held, reserved = world.held(story.offering), world.pledged(story.offering)
    referred = world.pledged(story.offering, 10_000)
    change = story.publish()
    story.at(datetime(2026, 3, 11, 12, 0, tzinfo=UTC))
    story.jobs()
    world.let_backoffs_pass()
    story.jobs()
    found = {world.pledge(one.id).status for one in (held, reserved, referred)}
    assert found == {"refunded", "cancelled"}
    assert story.answer(held, change).status == "silent"
    assert world.queue() == []
    assert story.now().progress.taken_minor == 0  # type: ignore[union-attr]
    assert world.sql("SELECT facts->>'stop_reason' FROM messages WHERE kind = 'refund_due'") == [("not_reconfirmed",)]
    assert world.broken_promises() == []


@pytest.mark.parametrize("hours", [47, 1])
def test_while_an_answer_is_awaited_the_investor_may_cancel_in_the_last_hours_too(world: World, hours: int) -> None:
    story = begin_at(world, 2026, 3, 3, 10, 0, days=40)
    pledge = world.held(story.offering)
    change = story.publish()
    deadline = story.now().deadline_at
    assert deadline is not None and world.pledge(pledge.id).cancel_until is None
    story.at(deadline - timedelta(hours=hours))
    # The job has not run: whoever has not answered may still leave.
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert story.answer(pledge, change).status == "awaited"
    assert world.broken_promises() == []


def test_a_confirmed_pledge_has_its_right_to_cancel_back(story: Story) -> None:
    pledge = story.world.held(story.offering)
    story.confirm(pledge, story.publish())
    after = story.world.pledge(pledge.id)
    assert after.cancel_until == pledge.cancel_until
    (consent,) = story.world.sql("SELECT statement, text_sha256 FROM pledge_consents WHERE statement LIKE 'change:%'")
    assert consent == tuple(story.world.sql("SELECT 'change:' || ref, text_sha256 FROM changes")[0])
