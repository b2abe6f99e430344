"""Room that becomes free goes to who waited first, is kept until one stated minute, and goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.closings import actions as closings
from app.errors import Refused
from app.jobs import offer_room
from app.regimes import platform_policy
from app.waitlist import actions as waitlist
from tests.builders import World
from tests.waitlist.standing_in_line import TERMS, entry, full, join, leave, offers, place, room, told


def test_who_is_refused_for_lack_of_room_can_wait_for_it(world: World) -> None:
    offering, _ = full(world)
    investor = world.investor()
    with pytest.raises(Refused, match="offering_full"):
        world.pledged(offering, 4, investor)
    joined = join(world, offering, 4, investor)
    assert (joined.status, joined.shares, place(world, joined)) == ("waiting", 4, 1)
    assert room(world, offering) == (40, 0, 1)
    assert world.sql("SELECT count(*) FROM decisions WHERE investor_id = :id", id=investor.id) == [(0,)]
    assert world.broken_promises() == []


def test_free_room_is_offered_in_order_wholly_or_in_part_with_one_clock_each(world: World) -> None:
    offering, pledges = full(world, 10)
    first, second, third = join(world, offering, 6), join(world, offering, 8), join(world, offering, 4)
    assert [place(world, one) for one in (first, second, third)] == [1, 2, 3]
    world.cancel(pledges[0])
    world.run_jobs()
    assert offers(world, first, second, third) == [("offered", 6), ("offered", 4), ("waiting", None)]
    assert place(world, third) == 1
    assert room(world, offering) == (30, 10, 1)
    until = entry(world, first).offered_until
    assert until == entry(world, second).offered_until == world.now() + timedelta(hours=24)
    assert until is not None and (until.second, until.microsecond) == (0, 0)
    assert told(world, "waitlist_offered") == 2
    offer_room.run(world.platform)  # again: nothing more, and no second clock
    assert entry(world, first).offered_until == until and told(world, "waitlist_offered") == 2
    assert world.broken_promises() == []


def test_kept_room_is_nobody_elses(world: World) -> None:
    offering, pledges = full(world, 10)
    join(world, offering, 10)
    world.cancel(pledges[0])
    with pytest.raises(Refused, match="others_wait"):  # before the job has seen it, too
        world.pledged(offering, 4)
    world.run_jobs()
    with pytest.raises(Refused, match="offering_full") as caught:
        world.pledged(offering, 4)
    assert caught.value.facts == {"left_shares": 0}
    assert room(world, offering) == (30, 10, 0)


def test_accepting_is_the_ordinary_pledge_into_the_kept_room(world: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor()
    joined = join(world, offering, 6, investor)
    world.cancel(pledges[0])
    world.run_jobs()
    pledge = world.held(offering, 6, investor)
    after = entry(world, joined)
    assert (after.status, after.pledge_id, pledge.status) == ("accepted", pledge.id, "held")
    assert room(world, offering) == (36, 0, 0)
    assert world.broken_promises() == []


def test_the_same_form_again_uses_no_later_offer(world: World) -> None:
    offering, pledges = full(world, 10, 10)
    investor = world.investor()
    join(world, offering, 10, investor)
    world.cancel(pledges[0])
    world.run_jobs()
    pledge = world.pledged(offering, 10, investor)
    later = join(world, offering, 10, investor)
    world.cancel(pledges[1])
    world.run_jobs()
    again = world.place(investor, offering, 10, form_key=pledge.form_key)
    assert again.pledge is not None and again.pledge.id == pledge.id
    assert offers(world, later) == [("offered", 10)]
    assert world.broken_promises() == []


def test_who_takes_fewer_gives_the_rest_to_the_next(world: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor()
    first, second = join(world, offering, 10, investor), join(world, offering, 10)
    world.cancel(pledges[0])
    world.run_jobs()
    world.pledged(offering, 4, investor)
    world.run_jobs()
    assert offers(world, first, second) == [("accepted", 10), ("offered", 6)]
    assert room(world, offering) == (34, 6, 0)
    assert world.broken_promises() == []


def test_who_wants_more_than_is_kept_does_not_overtake_who_waits(world: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor()
    first, second = join(world, offering, 6, investor), join(world, offering, 10)
    world.cancel(pledges[0])
    world.run_jobs()
    world.open_documents(investor, offering)
    before = world.contents()
    with pytest.raises(Refused, match="offering_full"):
        world.pledged(offering, 8, investor)  # four are kept for the second
    assert world.contents() == before
    assert offers(world, first, second) == [("offered", 6), ("offered", 4)]


def test_when_the_clock_ends_the_room_goes_to_the_next(world: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor()
    first, second = join(world, offering, 10, investor), join(world, offering, 10)
    world.cancel(pledges[0])
    world.run_jobs()
    until = entry(world, first).offered_until
    assert until is not None
    world.move_clock(seconds=(until - world.now()).total_seconds())
    with pytest.raises(Refused, match="offer_over") as caught:
        world.pledged(offering, 10, investor)
    assert caught.value.facts["until"] == until
    assert offer_room.run(world.platform) == 2
    assert offers(world, first, second) == [("lapsed", 10), ("offered", 10)]
    assert told(world, "waitlist_lapsed") == 1
    late = entry(world, second).offered_until
    assert late is not None and late > until
    again = join(world, offering, 10, investor)
    assert place(world, again) == 1  # at the end of the line, where only an offer is before it
    assert world.broken_promises() == []


def test_a_second_before_its_end_the_clock_still_counts(world: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor()
    join(world, offering, 10, investor)
    world.cancel(pledges[0])
    world.run_jobs()
    world.move_clock(hours=23, minutes=59, seconds=59)
    offer_room.run(world.platform)
    assert world.pledged(offering, 10, investor).status == "reserved"


def test_a_refusal_of_the_law_leaves_the_room_kept(world: World) -> None:
    offering, pledges = full(world, 10)
    investor = world.investor(income="100", net_worth="100", other="2500")
    joined = join(world, offering, 10, investor)
    world.cancel(pledges[0])
    world.run_jobs()
    assert world.place(investor, offering, 10).pledge is None
    assert offers(world, joined) == [("offered", 10)]
    assert room(world, offering) == (30, 10, 0)
    assert world.broken_promises() == []


def test_less_than_the_smallest_pledge_is_offered_to_nobody(world: World) -> None:
    offering, pledges = full(world, 3, 2)
    first, second = join(world, offering, 2), join(world, offering, 5)
    world.cancel(pledges[0])
    world.run_jobs()
    assert offers(world, first, second) == [("offered", 2), ("waiting", None)]  # one share is left, two are the least
    world.cancel(pledges[1])
    world.run_jobs()
    assert offers(world, second) == [("offered", 3)]


def test_leaving_frees_the_place_and_what_is_kept(world: World) -> None:
    offering, pledges = full(world, 10)
    first, second, third = (join(world, offering, 10) for _ in range(3))
    world.cancel(pledges[0])
    world.run_jobs()
    leave(world, first)
    leave(world, second)
    leave(world, second)  # who has left is let be
    world.run_jobs()
    assert offers(world, first, second, third) == [("left", 10), ("left", None), ("offered", 10)]
    assert room(world, offering) == (30, 10, 0)
    assert world.broken_promises() == []


@pytest.mark.parametrize("how", ["deadline", "withdrawn"])
def test_the_line_ends_with_the_offering(world: World, how: str) -> None:
    offering, pledges = full(world, 10)
    first, second = join(world, offering, 10), join(world, offering, 10)
    world.cancel(pledges[0])
    world.run_jobs()
    if how == "deadline":
        world.move_clock(days=59, hours=23)  # the first clock ends, the second is cut at the deadline
        world.run_jobs()
        assert entry(world, second).offered_until == world.offering(offering.id).deadline_at
        world.pass_deadline(offering)
        world.run_jobs()
    else:
        with world.acting() as tx:
            closings.withdraw_offering(tx, offering.id)
    ended = [status for status, _ in offers(world, first, second)]
    assert ended == (["lapsed", "ended"] if how == "deadline" else ["ended", "ended"])
    assert room(world, offering)[1:] == (0, 0)
    assert told(world, "waitlist_ended") == ended.count("ended")
    assert world.broken_promises() == []


def test_who_may_not_join_changes_nothing(world: World) -> None:
    offering, _ = full(world)
    roomy = world.live(**TERMS)
    investor = world.investor()
    join(world, offering, 4, investor)
    before = world.contents()
    assert join(world, offering, 4, investor).status == "waiting"  # the same wish is the same place
    for wanted, shares, code in (
        (offering, 5, "in_line_already"), (roomy, 4, "room_left"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=code):
            join(world, wanted, shares, investor)
    assert world.contents() == before
    other = world.investor()
    before = world.contents()
    for shares, code in ((1, "below_minimum"), (41, "more_than_offered")):
        with pytest.raises(Refused, match=code):
            join(world, offering, shares, other)
    assert world.contents() == before
    world.pass_deadline(offering)
    with pytest.raises(Refused, match="not_open"):
        join(world, offering, 4, other)


def test_a_company_waits_for_nothing_of_its_own(world: World) -> None:
    offering, _ = full(world)
    investor = world.investor()
    world.force(
        "INSERT INTO issuer_members (issuer_id, user_id, since) VALUES (:issuer, :user, now())",
        issuer=offering.issuer_id, user=investor.user_id,
    )  # fmt: skip
    with pytest.raises(Refused, match="own_offering"):
        join(world, offering, 4, investor)


def test_a_lower_maximum_leaves_what_is_kept(world: World) -> None:
    """The database refuses it behind everybody's back, too."""
    offering, pledges = full(world, 10)
    join(world, offering, 10)
    world.cancel(pledges[0])
    world.run_jobs()
    with pytest.raises(Exception, match="never_oversold"):
        world.sql(
            "UPDATE offering_progress SET maximum_shares = 39, book_shares = 39 WHERE offering_id = :id", id=offering.id
        )


def test_who_lacks_a_seat_is_passed_over_until_one_is_free(world: World) -> None:
    offering, pledges = full(world, 10, 10)  # three people
    world.force("UPDATE offering_progress SET seats = 3 WHERE offering_id = :id", id=offering.id)
    with world.looking() as view:
        inside = view.session.get_one(type(world.investor()), pledges[2].investor_id)
    stranger, known = join(world, offering, 4), join(world, offering, 4, inside)
    world.pay(pledges[0])
    world.run_jobs()
    assert offers(world, stranger, known) == [("waiting", None), ("waiting", None)]
    world.force(
        "UPDATE offering_progress SET maximum_shares = 44, maximum_minor = 110000, book_shares = 44, book_minor = 110000"
        " WHERE offering_id = :id",
        id=offering.id,
    )
    world.force("UPDATE offerings SET maximum_minor = 110000 WHERE id = :id", id=offering.id)
    world.run_jobs()
    assert offers(world, stranger, known) == [("waiting", None), ("offered", 4)]
    world.cancel(pledges[1])
    world.run_jobs()
    assert offers(world, stranger) == [("offered", 4)]
    assert world.sql("SELECT kept_seats FROM offering_progress") == [(1,)]
    with pytest.raises(Refused, match="no_seat_left"):
        world.pledged(offering, 4)
    with world.looking() as view:
        waiting = view.session.get_one(type(inside), stranger.investor_id)
    assert world.pledged(offering, 4, waiting).status == "reserved"
    assert world.broken_promises() == []


def test_the_trail_tells_the_whole_story(world: World) -> None:
    offering, pledges = full(world, 10)
    joined = join(world, offering, 6)
    world.cancel(pledges[0])
    world.run_jobs()
    with world.acting() as tx:
        waitlist.leave(tx, investor_id=joined.investor_id, offering_id=offering.id)
    told = world.sql("SELECT event, facts FROM audit_events WHERE subject_type = 'waitlist_entries' ORDER BY id")
    assert [event for event, _ in told] == ["join", "offer", "leave"]
    assert told[1][1]["shares"] == 6


def test_the_clock_is_a_whole_minute_and_never_beyond_the_deadline(world: World) -> None:
    now = world.now()
    odd = now + timedelta(seconds=1)
    assert platform_policy.room_kept_until(now, now + timedelta(days=9)) == now + timedelta(hours=24)
    assert platform_policy.room_kept_until(odd, now + timedelta(days=9)) == now + timedelta(hours=24, minutes=1)
    assert platform_policy.room_kept_until(odd, now + timedelta(hours=3)) == now + timedelta(hours=3)
