"""The life of an offering in the database: every legal move with its trail, every illegal one without a trace."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.actor import Actor
from app.audit import queries as audit
from app.compliance import actions as compliance
from app.errors import NotFound, Refused
from app.offerings import actions, queries
from app.offerings.lifecycle import APPROVED, EDITABLE, OFFERING, PUBLIC
from app.offerings.models import Offering
from tests.builders import World

EVENTS = sorted({move.event for move in OFFERING.moves})


def approved(world: World, **terms: object) -> Offering:
    """A complete offering that two officers have approved."""
    offering, _ = world.draft(**terms)
    offering = placed(world, offering, APPROVED)
    world.seal(offering)
    return offering


def placed(world: World, offering: Offering, status: str) -> Offering:
    world.force("UPDATE offerings SET status = :status WHERE id = :id", status=status, id=offering.id)
    return world.offering(offering.id)


def open_it(world: World, offering: Offering, *, qualified: bool = True) -> None:
    regime = world.platform.regime(offering.regime)
    with world.acting() as tx:
        actions.open_offering(tx, offering.id, regime, gateway="sandbox", custodian_is_qualified=qualified, seats=None)


def refused_to_open(world: World, offering: Offering, *, qualified: bool = True) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        open_it(world, offering, qualified=qualified)
    assert world.contents() == before
    return caught.value


@pytest.mark.parametrize("status", OFFERING.statuses)
def test_from_every_status_only_the_moves_of_the_table_are_possible(world: World, status: str) -> None:
    offering, _ = world.draft()
    for event in EVENTS:
        placed(world, offering, status)
        if event == "open":
            world.seal(offering)  # the database asks for it
        before = world.contents()
        if OFFERING.allows(status, event):
            with world.acting(Actor("somebody", None)) as tx:
                actions.move(tx, actions.lock(tx, offering.id), event, why="test")
            target = OFFERING.next(status, event)
            assert world.offering(offering.id).status == target
            with world.looking() as view:
                last = audit.timeline(view.session, "offerings", offering.id)[-1]
            assert (last.event, last.from_status, last.to_status) == (event, status, target)
            assert (last.actor, last.facts) == ("somebody", {"why": "test"})
        else:
            with pytest.raises(Refused) as caught, world.acting() as tx:
                actions.move(tx, actions.lock(tx, offering.id), event)
            assert caught.value.facts == {"machine": "offering", "status": status, "event": event}
            assert world.contents() == before


def test_only_an_approved_offering_opens(world: World) -> None:
    offering, _ = world.draft()
    for status in OFFERING.statuses:
        if status != APPROVED:
            said = refused_to_open(world, placed(world, offering, status))
            assert (said.code, said.facts["status"]) == ("illegal_move", status)


def test_an_empty_draft_is_refused_and_no_crash(world: World) -> None:
    issuer, actor = world.issuer()
    with world.acting(actor) as tx:
        offering = actions.create_draft(tx, issuer, world.platform.regime("US-CF"), name="Empty", fee_bps=500)
    assert refused_to_open(world, offering).code == "illegal_move"


def test_opening_makes_it_public_and_lets_pledges_in(world: World) -> None:
    offering = approved(world)
    with world.looking() as view, pytest.raises(NotFound):
        queries.by_slug(view.session, offering.slug)
    open_it(world, offering)
    with world.looking() as view:
        live = queries.by_slug(view.session, offering.slug)
        progress = queries.progress(view.session, offering.id)
        assert (live.status, live.gateway, live.opened_at) == ("live", "sandbox", view.now)
        assert (progress.accepting, progress.accepts_until) == (True, offering.deadline_at)
        assert (progress.maximum_shares, progress.taken_shares, progress.held_minor) == (40_000, 0, 0)


def test_the_money_must_lie_with_a_qualified_third_party(world: World) -> None:
    offering = approved(world)
    assert refused_to_open(world, offering, qualified=False).code == "custodian_not_qualified"


@pytest.mark.parametrize(("days", "opens"), [(20, False), (21, True)])
def test_the_law_wants_an_offering_open_for_21_days(world: World, days: int, opens: bool) -> None:
    offering = approved(world, days=22)
    world.move_clock(days=22 - days)  # the review took so long
    if opens:
        open_it(world, offering)
        return
    said = refused_to_open(world, offering)
    assert (said.code, said.facts) == ("deadline_too_early", {"earliest": date(2026, 3, 5) + timedelta(days=21)})


def test_what_cannot_open_any_more_is_taken_back_mended_and_reviewed_anew(world: World) -> None:
    offering = approved(world, days=22)
    world.move_clock(days=2)
    assert refused_to_open(world, offering).code == "deadline_too_early"
    with world.acting() as tx:
        actions.revise(tx, offering.id)
    regime = world.platform.regime(offering.regime)
    with pytest.raises(Refused, match="tasks_open"), world.acting() as tx:
        compliance.submit_offering(tx, offering.id, regime)
    with world.acting() as tx:
        version = world.offering(offering.id).version
        actions.save_deadline(tx, offering.id, version, datetime(2026, 4, 30, 17, 0), "America/New_York", regime)
    assert refused_to_open(world, offering).code == "illegal_move"  # not before an officer has read it again
    with world.acting() as tx:
        case = compliance.submit_offering(tx, offering.id, regime)
    world.approve(case.ref)
    open_it(world, offering)


def test_a_deadline_that_has_passed_meanwhile_keeps_it_closed(world: World) -> None:
    offering = approved(world, days=30)
    world.move_clock(days=31)
    assert refused_to_open(world, offering).code == "deadline_past"


def test_whatever_may_be_changed_is_not_public() -> None:
    assert not set(EDITABLE) & set(PUBLIC)
    assert OFFERING.terminal == {"settled", "refunded", "refused", "withdrawn"}
