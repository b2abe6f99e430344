"""Two at once, over real connections: one of them is first, and both of them are told what is true."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.changes import actions as changes
from app.changes import proposals
from app.compliance.models import CaseOutcome
from app.database import Transaction
from app.errors import Refused
from app.investors.models import Investor
from app.jobs import ask_investors, close_offerings
from app.pledges import actions as pledges
from app.pledges.actions import Placement
from tests.builders import World
from tests.changes.story import Story
from tests.racing import came_of, crowded

SOMEBODY_WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def second() -> Iterator[ThreadPoolExecutor]:
    """Somebody else, at the same time."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def crowd(story: Story) -> Iterator[Story]:
    """The same story with a connection for everybody."""
    with crowded(story.world) as world:
        yield Story(world, story.offering, story.issuer)


def run_into(world: World, second: ThreadPoolExecutor, act: Callable[[], object]) -> Future[object]:
    """Let the other one start, and go on as soon as it waits for us."""
    going = second.submit(act)
    for _ in range(20_000):
        if going.done() or world.sql(SOMEBODY_WAITS):
            return going
    raise AssertionError("neither done nor waiting")


def read(story: Story, investor: Investor) -> dict[str, str]:
    """Everything that an investor must have read and ticked before a pledge."""
    return {**story.world.ticks(), **story.world.open_documents(investor, story.offering)}


def place(tx: Transaction, story: Story, investor: Investor, ticked: dict[str, str]) -> Placement:
    """A pledge by who has read the text as it was in the beginning."""
    return pledges.place(
        tx, investor_id=investor.id, offering_id=story.offering.id, shares=10, form_key=uuid.uuid4(),
        said=story.world.said(story.offering, ticked), law=story.world.platform.law, payment_window=story.world.platform.payment_window,
        seen_version=story.offering.version,
    )  # fmt: skip


def placing(story: Story, investor: Investor) -> Callable[[], object]:
    """Somebody who has read everything, and is about to pledge."""
    ticked = read(story, investor)

    def act() -> object:
        with story.world.acting() as tx:
            return place(tx, story, investor, ticked)

    return act


def publishing(story: Story) -> Callable[[], object]:
    """An officer who has read a change and is about to publish it."""
    story.tell(story="Other words.")
    ref, officer = story.propose(), story.world.officer()
    seen = story.seen(ref)
    with story.world.acting(officer) as tx:
        changes.take_case(tx, ref)

    def publish() -> None:
        with story.world.acting(officer) as tx:
            changes.decide(
                tx, ref, CaseOutcome.APPROVE, [], "", material=True, seen_sha256=seen, law=story.world.platform.law
            )

    return publish


def test_a_pledge_that_came_first_is_asked(story: Story, second: ThreadPoolExecutor) -> None:
    """It has read the old text, and is stored before the new one is."""
    world, publish = story.world, publishing(story)
    investor = world.investor()
    ticked = read(story, investor)
    with world.acting() as tx:
        placed = place(tx, story, investor, ticked)
        other = run_into(world, second, publish)
        assert not other.done()
    other.result()
    assert placed.pledge is not None and placed.pledge.offering_version == story.offering.version
    assert world.sql("SELECT pledge_id, status FROM change_answers") == [(placed.pledge.id, "awaited")]
    assert world.broken_promises() == []


def test_a_pledge_that_came_second_reads_the_new_text_first(story: Story, second: ThreadPoolExecutor) -> None:
    """It has sent its form, and waits while the change is being published."""
    world = story.world
    story.tell(story="Other words.")
    ref, officer = story.propose(), world.officer()
    seen, pledging = story.seen(ref), placing(story, world.investor())
    with world.acting(officer) as tx:
        changes.take_case(tx, ref)
    with world.acting(officer) as tx:
        changes.decide(
            tx, ref, CaseOutcome.APPROVE, [], "", material=True, seen_sha256=seen, law=story.world.platform.law
        )
        other = run_into(world, second, pledging)
        assert not other.done()
    with pytest.raises(Refused, match="text_changed"):
        other.result()
    assert world.sql("SELECT count(*) FROM pledges") == [(0,)]
    assert world.sql("SELECT count(*) FROM decisions") == [(0,)]
    assert world.broken_promises() == []


def test_pledges_and_a_publication_at_once_leave_nobody_unasked(crowd: Story) -> None:
    """Twenty people with the old page open while the change is published: each is asked, or reads the new page."""
    world, publish = crowd.world, publishing(crowd)
    people = [world.investor() for _ in range(20)]
    came = came_of([publish, *(placing(crowd, person) for person in people)])
    assert came[0] == "done"
    counted = Counter(came[1:])
    assert set(counted) <= {"done", "text_changed"}
    assert world.sql("SELECT count(*) FROM change_answers") == [(counted["done"],)]
    assert world.broken_promises() == []


@pytest.mark.parametrize("late", [False, True])
def test_a_word_and_the_end_of_the_time_at_once(crowd: Story, late: bool) -> None:
    """Whoever is first, the clock decides: in time it is confirmed, late it is refunded, never both."""
    world = crowd.world
    staying = [world.held(crowd.offering, 10) for _ in range(6)]
    change = crowd.publish()
    confirm_by = crowd.answer(staying[0], change).confirm_by
    assert confirm_by is not None
    crowd.at(confirm_by + MICROSECOND if late else confirm_by)
    acts: list[Callable[[], object]] = [lambda one=one: crowd.confirm(one, change) for one in staying]  # type: ignore[misc]
    came = came_of([*acts, lambda: ask_investors.run(world.platform), lambda: ask_investors.run(world.platform)])
    world.run_jobs()
    if late:
        assert set(came[:6]) <= {"too_late_to_confirm", "nothing_to_confirm"}
        assert {world.pledge(one.id).status for one in staying} == {"refunded"}
    else:
        assert came[:6] == ["done"] * 6
        assert {world.pledge(one.id).status for one in staying} == {"held"}
    assert world.broken_promises() == []


def test_a_cancellation_and_the_end_of_the_time_at_once_refund_once(crowd: Story) -> None:
    world = crowd.world
    leaving = [world.held(crowd.offering, 10) for _ in range(6)]
    change = crowd.publish()
    confirm_by = crowd.answer(leaving[0], change).confirm_by
    assert confirm_by is not None
    crowd.at(confirm_by + MICROSECOND)
    acts: list[Callable[[], object]] = [lambda one=one: world.cancel(one) for one in leaving]  # type: ignore[misc]
    came = came_of([*acts, lambda: ask_investors.run(world.platform)])
    world.run_jobs()
    assert set(came) <= {"done", "not_cancellable"}
    assert {world.pledge(one.id).status for one in leaving} == {"refunded"}
    refunds = [one for one in world.at_the_gateway(crowd.offering) if one[0] == "refund"]
    assert refunds == [("refund", "succeeded", 2_500)] * 6
    assert world.broken_promises() == []


def test_a_word_and_a_cancellation_at_once(crowd: Story) -> None:
    """The same investor in two windows: both are heard, and the cancellation is the last of them."""
    world = crowd.world
    pledge = world.held(crowd.offering, 10)
    change = crowd.publish()
    came = came_of([lambda: crowd.confirm(pledge, change), lambda: world.cancel(pledge)])
    world.run_jobs()
    assert came[1] == "done" and came[0] in ("done", "nothing_to_confirm")
    assert world.pledge(pledge.id).status == "refunded"
    assert world.broken_promises() == []


def test_two_officers_and_an_edit_at_once_publish_once_what_was_read(crowd: Story) -> None:
    publish = publishing(crowd)
    revision = crowd.revision()

    def edit() -> None:
        with crowd.world.acting(crowd.issuer) as tx:
            proposals.save_disclosure(tx, crowd.offering.id, revision, story="Words that nobody read.")

    came = came_of([publish, publish, edit])
    text = crowd.now().disclosure["story"]
    if came[2] == "done":  # the edit was first: nobody publishes what they have not read
        assert came[:2] == ["change_edited"] * 2 and text == "We make it."
    else:
        assert Counter(came[:2])["done"] == 1 and text == "Other words."
    assert crowd.world.broken_promises() == []


def test_a_closing_and_a_change_at_the_deadline(crowd: Story) -> None:
    """One of them is first: a change that asks somebody holds the closing up, a closing ends the change."""
    world = crowd.world
    staying = world.held(crowd.offering, 300)
    publish = publishing(crowd)
    world.pass_deadline(crowd.offering)
    came = came_of([publish, lambda: close_offerings.run(world.platform)])
    offering = crowd.now()
    if came[0] == "done":
        assert offering.status == "live" and offering.version == crowd.offering.version + 1
    else:
        assert offering.status == "closing" and world.pledge(staying.id).status == "held"
    assert world.broken_promises() == []
