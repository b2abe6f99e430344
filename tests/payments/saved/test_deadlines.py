"""When a deadline moves, it is asked again what each way to pay is good for."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.changes import deadlines, proposals
from app.jobs import charge_saved, return_in_time
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.builders import World
from tests.changes.story import Story
from tests.payments.saved.story import BEFORE, Saved

NEW_YORK = ZoneInfo("America/New_York")
MINOR = 25_000
#: How long money may lie at the cards sandbox, and the policy's days of settling.
LIES, GRACE = timedelta(days=90), timedelta(days=10)


def extended(saved: Saved, days: int) -> datetime:
    """The company moves the deadline by so many days, and every investor who is asked confirms."""
    story = Story.of(saved.world, saved.now())
    local = (saved.deadline + timedelta(days=days)).astimezone(NEW_YORK).replace(tzinfo=None)
    with saved.world.acting(story.issuer) as tx:
        proposals.save_deadline(tx, story.offering.id, story.revision(), local, "America/New_York", story.law)
    change = story.decide(story.propose(), material=True)
    story.hand_over()
    for pledge in saved.world.pledges_of(saved.offering):
        if pledge.status in ("authorised", "processing", "held"):
            story.confirm(pledge, change)
    return saved.deadline


def closed_early(saved: Saved, deadline: datetime) -> None:
    story = Story.of(saved.world, saved.now())
    with saved.world.acting(story.issuer) as tx:
        deadlines.close_early(tx, saved.offering.id, deadline, saved.world.platform.law)


def moved(saved: Saved, fact: str) -> list[str | None]:
    rows = saved.world.sql(f"SELECT facts->>'{fact}' FROM messages WHERE kind = 'deadline_moved' ORDER BY id")
    return [found for (found,) in rows]


def held_at_once(saved: Saved, token: Token = Token.OK) -> Pledge:
    """Of a short offering: paid by card when it was pledged."""
    pledge = saved.world.pledged(saved.offering)
    saved.cards.pays(saved.cards.chosen(pledge), token)
    return saved.after_jobs(pledge)


@pytest.fixture
def short(cards_world: World) -> Saved:
    """Open for 60 days: what is charged at once can lie for 90."""
    return Saved(cards_world, days=60)


def test_the_day_of_the_charge_follows_the_deadline(saved: Saved) -> None:
    pledge = saved.promised()
    until = extended(saved, 20)
    assert saved.world.pledge(pledge.id).charge_at == until - BEFORE
    saved.at(until - timedelta(days=30))
    assert saved.after_jobs(pledge).status == "authorised" and saved.payments() == []
    assert saved.when_due(pledge).status == "authorised"  # as it was read before: the day is another by now
    assert saved.when_due(saved.world.pledge(pledge.id)).status == "held"
    assert saved.world.broken_promises() == []


def test_an_early_close_brings_the_charge_forward_and_says_so(saved: Saved) -> None:
    pledge = saved.promised()
    saved.world.held(saved.offering, 100)  # the target, from the other sandbox
    saved.at(saved.world.now() + timedelta(days=5))
    early = saved.world.now() + timedelta(days=40)
    closed_early(saved, early)
    assert saved.world.pledge(pledge.id).charge_at == early - BEFORE
    assert (early - BEFORE).isoformat() in [str(one) for one in moved(saved, "charge_at")]


def test_where_that_day_is_past_it_is_charged_at_once(saved: Saved) -> None:
    pledge = saved.promised()
    saved.world.held(saved.offering, 100)
    saved.at(saved.world.now() + timedelta(days=5))
    closed_early(saved, saved.world.now() + timedelta(days=9))
    assert saved.after_jobs(pledge).status == "held"
    assert saved.payments() == [("succeeded", MINOR)]
    assert saved.world.broken_promises() == []


def test_a_try_that_is_to_come_stays_where_it_is(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_DECLINE))
    before = pledge.charge_at
    extended(saved, 20)
    assert saved.world.pledge(pledge.id).charge_at == before


def test_nothing_is_charged_while_its_investor_is_asked_about_a_change(saved: Saved) -> None:
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE - timedelta(days=1))
    story = Story.of(saved.world, saved.now())
    change = story.publish()
    assert saved.when_due(pledge).status == "authorised" and saved.payments() == []
    assert charge_saved._charge(saved.world.platform, pledge.id, "USD") == 0  # it was found due just before
    story.confirm(pledge, change)
    assert saved.after_jobs(pledge).status == "held"


def test_who_says_nothing_about_a_change_is_not_charged(saved: Saved) -> None:
    pledge = saved.promised()
    story = Story.of(saved.world, saved.now())
    story.publish()
    saved.world.move_clock(days=15)
    story.jobs()
    pledge = saved.world.pledge(pledge.id)
    assert (pledge.status, pledge.stop_reason) == ("cancelled", "not_reconfirmed")
    assert saved.payments() == [] and saved.in_the_book(pledge) == 0
    assert saved.world.broken_promises() == []


def test_how_long_money_can_be_given_back_is_kept_with_it(short: Saved) -> None:
    asked_at = short.world.now()
    pledge = held_at_once(short)
    assert (pledge.status, pledge.refundable_until) == ("held", asked_at + LIES)
    assert short.world.held(short.offering).refundable_until is None  # of the other sandbox: without end


def test_money_that_could_not_wait_for_a_later_end_goes_back_in_time(short: Saved) -> None:
    pledge = held_at_once(short)
    staying = short.world.held(short.offering)
    extended(short, 40)
    assert pledge.refundable_until is not None
    last = pledge.refundable_until - GRACE
    short.at(last - timedelta(seconds=1))
    assert short.after_jobs(pledge).status == "held"
    assert short.world.broken_promises() == []
    short.at(last)
    pledge = short.after_jobs(pledge)
    assert (pledge.status, pledge.stop_reason) == ("refunded", "refund_time_ends")
    assert short.told(pledge)[-2:] == ["refund_due", "refund_paid"]
    assert short.world.pledge(staying.id).status == "held"
    assert short.counters() == (MINOR, 0, MINOR)
    assert short.world.broken_promises() == []


def test_money_that_can_wait_is_left_alone(short: Saved) -> None:
    pledge = held_at_once(short)
    short.at(short.deadline - timedelta(minutes=1))
    assert return_in_time.run(short.world.platform) == 0
    assert short.after_jobs(pledge).status == "held"


def test_money_that_cannot_wait_and_was_not_given_back_is_a_broken_promise(short: Saved) -> None:
    pledge = held_at_once(short)
    assert pledge.refundable_until is not None
    short.at(pledge.refundable_until - GRACE + timedelta(seconds=1))
    assert [name.split()[0] for name in short.world.broken_promises()] == ["I24"]


def test_money_of_a_closing_that_officers_leave_lying_is_with_the_custodian_and_can_go_back(short: Saved) -> None:
    pledge = held_at_once(short)
    short.at(short.deadline)
    for _ in range(5):
        short.world.run_jobs()
        short.cards.days(1)
    short.world.run_jobs()
    assert short.world.sql("SELECT status FROM closings") == [("proposed",)]
    assert pledge.refundable_until is not None
    short.at(pledge.refundable_until + timedelta(days=1))
    short.world.run_jobs()
    assert (short.world.pledge(pledge.id).status, short.world.broken_promises()) == ("held", [])


def test_its_owner_is_told_of_that_day_when_the_deadline_moves(cards_world: World) -> None:
    """An early close that lost its target goes on to the deadline that it had: nobody is asked about that move."""
    short = Saved(cards_world, days=60, target="500")
    pledge = held_at_once(short)
    other = short.world.held(short.offering)
    extended(short, 40)
    late = short.deadline
    short.at(short.world.now() + timedelta(days=1))
    early = short.world.now() + timedelta(days=45)
    closed_early(short, early)
    short.world.cancel(other)
    assert moved(short, "returned_on")[-1] is None
    short.at(early)
    short.world.run_jobs()
    assert short.deadline == late
    assert pledge.refundable_until is not None
    assert moved(short, "returned_on")[-1] == (pledge.refundable_until - GRACE).isoformat()


@pytest.mark.parametrize(
    ("promise", "fault"),
    [
        ("I25", "UPDATE pledges SET status = 'reserved' WHERE status = 'authorised'"),
        ("I25", "UPDATE pledges SET amount_minor = amount_minor + 1 WHERE status = 'authorised'"),
        ("P5", "UPDATE offering_progress SET promised_minor = promised_minor - 1 WHERE promised_minor > 0"),
        ("P3", "UPDATE offering_progress SET taken_minor = taken_minor + 1 WHERE promised_minor > 0"),
        ("I17", "UPDATE offerings SET target_minor = 1, maximum_minor = 2"),
        ("P4", "UPDATE offering_progress SET seats = 1"),
    ],
)
def test_a_promise_that_the_numbers_do_not_keep_is_found(saved: Saved, promise: str, fault: str) -> None:
    saved.promised()
    saved.promised()
    assert saved.world.broken_promises() == []
    saved.world.force(fault)
    assert promise in {name.split()[0] for name in saved.world.broken_promises()}
