"""What an officer has on the desk: kept by working on it, lost by leaving it alone, due within the office's hours."""

from __future__ import annotations

from datetime import timedelta

from app.actor import Actor
from app.compliance import actions, desk, queries
from app.compliance.models import ReviewCase
from app.jobs import release_cases
from app.regimes import platform_policy
from tests.builders import World


def case(world: World, ref: str) -> ReviewCase:
    with world.looking() as view:
        return queries.case(view.session, ref)


def taken(world: World) -> tuple[Actor, str]:
    officer, ref = world.officer(), world.submitted()[2]
    with world.acting(officer) as tx:
        actions.take_case(tx, ref)
    return officer, ref


def leave_alone(world: World, minutes: int) -> None:
    """The true time passes: leases do not go by the clock that a demo can move."""
    world.sql(
        "UPDATE review_cases SET claimed_until = claimed_until - make_interval(mins => :minutes)", minutes=minutes
    )


def test_a_case_is_due_by_the_hours_of_its_kind(world: World) -> None:
    found = case(world, world.submitted()[2])
    assert found.due_at == platform_policy.due("offering", found.opened_at) > found.opened_at


def test_a_case_that_is_left_alone_goes_back_to_the_queue(world: World) -> None:
    officer, ref = taken(world)
    leave_alone(world, 14)
    assert release_cases.run(world.platform) == 0
    leave_alone(world, 2)
    assert release_cases.run(world.platform) == 1
    found = case(world, ref)
    assert (found.status, found.claimed_by, found.claimed_until) == ("open", None, None)
    ((facts,),) = world.sql("SELECT facts FROM audit_events WHERE event = 'release'")
    assert facts == {"why": "left_alone", "officer": officer.user_id}
    assert release_cases.run(world.platform) == 0


def test_who_works_on_a_case_keeps_it(world: World) -> None:
    officer, ref = taken(world)
    leave_alone(world, 14)
    with world.acting(officer) as tx:
        desk.keep(tx, ref)
    leave_alone(world, 14)
    assert release_cases.run(world.platform) == 0
    assert case(world, ref).claimed_by == officer.user_id


def test_somebody_elses_look_keeps_nothing(world: World) -> None:
    _, ref = taken(world)
    leave_alone(world, 14)
    before = case(world, ref).claimed_until
    with world.acting(world.officer()) as tx:
        desk.keep(tx, ref)
    assert case(world, ref).claimed_until == before


def test_looking_again_and_again_writes_once_a_minute(world: World) -> None:
    officer, ref = taken(world)
    before = case(world, ref).claimed_until
    with world.acting(officer) as tx:
        desk.keep(tx, ref)
    assert case(world, ref).claimed_until == before


def test_cases_that_name_somebody_are_not_offered_to_them(world: World) -> None:
    _, issuer, ref = world.submitted()
    other = world.submitted()[2]
    assert issuer.user_id is not None
    with world.looking() as view:
        assert [one.ref for one in queries.offered(view.session, issuer.user_id, 10)] == [other]
        assert [one.ref for one in queries.offered(view.session, 0, 10)] == [ref, other]


def test_a_saved_view_is_replaced_by_its_name_and_forgotten(world: World) -> None:
    officer = world.officer()
    assert officer.user_id is not None
    for query in ("kind=pledge", "owner=mine"):
        with world.acting(officer) as tx:
            desk.save_filter(tx, "Mine", query)
    with world.acting(world.officer()) as tx:
        desk.drop_filter(tx, "Mine")
    with world.looking() as view:
        assert [(one.name, one.query) for one in queries.saved_filters(view.session, officer.user_id)] == [
            ("Mine", "owner=mine")
        ]
    with world.acting(officer) as tx:
        desk.drop_filter(tx, "Mine")
    with world.looking() as view:
        assert queries.saved_filters(view.session, officer.user_id) == []


def test_what_is_overdue_is_counted_and_found(world: World) -> None:
    early, _ = world.submitted()[2], world.move_clock(days=10)
    late = world.submitted()[2]
    with world.looking() as view:
        counts = queries.counts(view.session, view.now)
        overdue = queries.waiting(view.session, queries.Filters(overdue_at=view.now), 10)
        assert (counts.open, counts.overdue) == (2, 1)
        assert counts.oldest is not None and view.now - counts.oldest >= timedelta(days=10)
        assert [one.ref for one in overdue] == [early] != [late]
