"""An officer asks the person for more: the case waits with its clock stopped, and comes back to who asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.actor import Actor
from app.compliance import actions, desk, queries
from app.compliance.models import CaseOutcome, ReviewCase
from app.errors import NotFound, Refused
from app.investors.models import ClaimKind
from app.jobs import release_cases
from app.offerings import actions as offerings
from app.regimes import platform_policy
from tests.builders import World

NOTE = "Which year is the second page about?"


def case(world: World, ref: str) -> ReviewCase:
    with world.looking() as view:
        return queries.case(view.session, ref)


def asked(world: World) -> tuple[str, Actor, Actor]:
    """A claim about which an officer asked: the case, the officer, the investor."""
    investor, officer = world.investor(), world.officer()
    with world.acting() as tx:
        ref = actions.claim_status(tx, investor, ClaimKind.ACCREDITED_US, "I am.").ref
    with world.acting(officer) as tx:
        actions.take_case(tx, ref)
    with world.acting(officer) as tx:
        desk.ask(tx, ref, investor.user_id, ["evidence_insufficient"], NOTE)
    return ref, officer, Actor(f"user:{investor.user_id}", investor.user_id)


def test_the_case_waits_and_its_clock_stands(world: World) -> None:
    ref, _, _ = asked(world)
    found = case(world, ref)
    assert found.status == "waiting" and found.left_s == 16 * 3600
    world.move_clock(days=30)
    with world.looking() as view:
        counts = queries.counts(view.session, view.now)
    assert (counts.open, counts.overdue) == (1, 0)
    assert release_cases.run(world.platform) == 0


def test_the_answer_gives_it_back_to_who_asked_with_the_time_that_was_left(world: World) -> None:
    ref, officer, investor = asked(world)
    world.move_clock(days=30)
    with world.acting(investor) as tx:
        desk.answer(tx, ref, "About last year.")
    found, now = case(world, ref), world.now()
    assert (found.status, found.claimed_by, found.left_s) == ("claimed", officer.user_id, None)
    left = platform_policy.office(now).open_between(now, found.due_at)
    assert timedelta(hours=15, minutes=59) <= left <= timedelta(hours=16)
    told = world.sql("SELECT user_id, kind FROM messages WHERE kind LIKE 'case_%' ORDER BY id")
    assert told == [(investor.user_id, "case_question"), (officer.user_id, "case_answered")]
    with world.acting(officer) as tx:
        actions.resolve_claim(tx, ref, CaseOutcome.REFUSE, ["evidence_insufficient"], NOTE)


def test_only_who_was_asked_answers_and_once(world: World) -> None:
    ref, officer, investor = asked(world)
    stranger = world.officer()
    before = world.contents()
    for who in (officer, stranger):
        with pytest.raises(NotFound), world.acting(who) as tx:
            desk.answer(tx, ref, "I know.")
    with pytest.raises(Refused, match="field_missing"), world.acting(investor) as tx:
        desk.answer(tx, ref, "  ")
    assert world.contents() == before
    with world.acting(investor) as tx:
        desk.answer(tx, ref, "Yes.")
    before = world.contents()
    with pytest.raises(NotFound), world.acting(investor) as tx:
        desk.answer(tx, ref, "No.")
    assert world.contents() == before


def test_asking_needs_a_reason_and_words(world: World) -> None:
    ref, officer, investor = asked(world)
    with world.acting(investor) as tx:
        desk.answer(tx, ref, "Yes.")
    assert investor.user_id is not None
    before = world.contents()
    for reasons, note in (([], NOTE), (["other"], "Short")):
        with pytest.raises(Refused), world.acting(officer) as tx:
            desk.ask(tx, ref, investor.user_id, reasons, note)
    assert world.contents() == before


def test_an_answer_that_nobody_comes_for_goes_to_the_queue_after_a_day(world: World) -> None:
    ref, _, investor = asked(world)
    with world.acting(investor) as tx:
        desk.answer(tx, ref, "Yes.")
    world.sql("UPDATE review_cases SET claimed_until = claimed_until - interval '23 hours'")
    assert release_cases.run(world.platform) == 0
    world.sql("UPDATE review_cases SET claimed_until = claimed_until - interval '2 hours'")
    assert release_cases.run(world.platform) == 1
    assert case(world, ref).status == "open"


# What a company is asked to change


def changes_asked(world: World, sections: list[str]) -> tuple[int, int, Actor]:
    offering, actor, ref = world.submitted()
    officer = world.officer()
    with world.acting(officer) as tx:
        actions.take_case(tx, ref)
    with world.acting(officer) as tx:
        actions.resolve_offering(tx, ref, CaseOutcome.REQUEST_CHANGES, ["unclear_terms"], NOTE, sections)
    return offering.id, offering.version, actor


def test_only_the_sections_that_were_asked_for_are_unlocked(world: World) -> None:
    offering_id, version, actor = changes_asked(world, ["risks"])
    before = world.contents()
    with pytest.raises(Refused, match="section_locked"), world.acting(actor) as tx:
        offerings.save_disclosure(tx, offering_id, version, story="We make it better.")
    with pytest.raises(Refused, match="section_locked"), world.acting(actor) as tx:
        offerings.save_disclosure(tx, offering_id, version, name="Another")
    with pytest.raises(Refused, match="section_locked"), world.acting(actor) as tx:
        offerings.add_document(tx, offering_id, version, title="More", filename="a.pdf", content=b"%PDF-1.4")
    assert world.contents() == before
    with world.acting(actor) as tx:
        offerings.save_disclosure(tx, offering_id, version, risks=["a", "b", "c"])


def test_a_deadline_may_always_be_moved_on_and_no_list_unlocks_all(world: World) -> None:
    offering_id, version, actor = changes_asked(world, ["risks"])
    regime = world.platform.regime("US-CF")
    local = (world.now() + timedelta(days=70)).replace(tzinfo=None)
    with world.acting(actor) as tx:
        offerings.save_deadline(tx, offering_id, version, local, "America/New_York", regime)
    offering_id, version, actor = changes_asked(world, [])
    with world.acting(actor) as tx:
        offerings.save_disclosure(tx, offering_id, version, story="We make it better.")


def test_what_was_asked_for_is_over_when_it_is_decided_again(world: World) -> None:
    offering_id, _, actor = changes_asked(world, ["risks"])
    with world.acting(actor) as tx:
        ref = actions.submit_offering(tx, offering_id, world.platform.regime("US-CF")).ref
    world.approve(ref)
    with world.acting(actor) as tx:
        offerings.revise(tx, offering_id)
    assert world.offering(offering_id).asked_sections is None
