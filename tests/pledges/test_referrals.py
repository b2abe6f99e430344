"""Large pledges are looked at by an officer before any money is collected (PLATFORM-REVIEW)."""

from __future__ import annotations

import pytest

from app.actor import Actor
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.errors import Refused
from app.jobs import send_payments
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World

#: 25,000.00 USD at 2.50 a share.
THRESHOLD = 10_000
NOTE = "The money comes from an account that we cannot place."


def referred(world: World, shares: int = THRESHOLD) -> tuple[Pledge, str]:
    pledge = world.pledged(world.live(), shares)
    (case_ref,) = world.queue()
    return pledge, case_ref


def taken(world: World, case_ref: str) -> Actor:
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case_ref)
    return officer


def decide(world: World, officer: Actor, case_ref: str, outcome: CaseOutcome) -> None:
    with world.acting(officer) as tx:
        pledges.resolve_referral(tx, case_ref, outcome, ["source_of_funds"], NOTE, world.platform.payment_window)


def messages(world: World) -> list[str]:
    rows = world.sql("SELECT kind FROM messages WHERE kind LIKE 'pledge%' OR kind LIKE 'refund%' ORDER BY id")
    return [kind for (kind,) in rows]


def test_from_the_threshold_on_an_officer_looks_first(world: World) -> None:
    offering = world.live()
    below, at = world.pledged(offering, THRESHOLD - 1), world.pledged(offering, THRESHOLD)
    assert (below.status, at.status) == ("reserved", "in_review")
    assert at.pay_until is None
    assert len(world.queue()) == 1
    world.run_jobs()
    assert world.sql("SELECT pledge_id FROM instructions") == [(below.id,)]
    # Its place is taken, and it uses the cap, as any other does.
    progress = world.offering(offering.id).progress
    assert (progress.taken_shares, progress.held_minor) == (2 * THRESHOLD - 1, 0)
    assert world.broken_promises() == []


def test_an_approved_pledge_is_collected(world: World) -> None:
    pledge, case_ref = referred(world)
    officer = taken(world, case_ref)
    world.move_clock(days=2)
    decide(world, officer, case_ref, CaseOutcome.APPROVE)
    accepted = world.pledge(pledge.id)
    assert (accepted.status, accepted.pay_until) == ("reserved", world.now() + world.platform.payment_window)

    world.pay(accepted)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "held"
    assert messages(world) == ["pledge_referred", "pledge_placed", "pledge_held"]
    assert world.broken_promises() == []


def test_a_refused_pledge_frees_its_place_and_nobody_was_charged(world: World) -> None:
    pledge, case_ref = referred(world)
    decide(world, taken(world, case_ref), case_ref, CaseOutcome.REFUSE)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refused"
    assert world.offering(pledge.offering_id).progress.taken_minor == 0
    assert world.at_the_gateway(world.offering(pledge.offering_id)) == []
    assert messages(world) == ["pledge_referred", "pledge_refused"]
    assert world.broken_promises() == []
    with pytest.raises(Refused, match="not_cancellable"):
        world.cancel(pledge)


def test_a_pledge_withdrawn_by_its_investor_takes_its_case_with_it(world: World) -> None:
    pledge, case_ref = referred(world)
    officer = taken(world, case_ref)
    world.cancel(pledge)
    assert world.pledge(pledge.id).status == "cancelled"
    assert world.queue() == []
    before = world.contents()
    for outcome in (CaseOutcome.APPROVE, CaseOutcome.REFUSE):
        with pytest.raises(Refused, match="not_your_case"):
            decide(world, officer, case_ref, outcome)
    assert world.contents() == before
    assert messages(world) == ["pledge_referred", "pledge_cancelled"]
    assert world.broken_promises() == []


def test_a_pledge_cannot_be_sent_back_for_changes(world: World) -> None:
    _, case_ref = referred(world)
    officer = taken(world, case_ref)
    before = world.contents()
    with pytest.raises(Refused, match="outcome_not_offered"):
        decide(world, officer, case_ref, CaseOutcome.REQUEST_CHANGES)
    assert world.contents() == before


def test_an_officer_does_not_decide_about_their_own_pledge(world: World) -> None:
    pledge, case_ref = referred(world)
    (user_id,) = world.sql("SELECT user_id FROM investors WHERE id = :id", id=pledge.investor_id)[0]
    before = world.contents()
    with pytest.raises(Refused, match="own_case"), world.acting(Actor("user", user_id)) as tx:
        compliance.take_case(tx, case_ref)
    assert world.contents() == before


def test_what_nobody_decided_by_the_deadline_is_cancelled_and_its_case_withdrawn(world: World) -> None:
    pledge, case_ref = referred(world)
    officer = taken(world, case_ref)
    world.pass_deadline(world.offering(pledge.offering_id))
    world.run_jobs()
    ended = world.pledge(pledge.id)
    assert (ended.status, ended.stop_reason) == ("cancelled", "offering_ended")
    assert world.queue() == []
    with pytest.raises(Refused, match="not_your_case"):
        decide(world, officer, case_ref, CaseOutcome.APPROVE)
    assert world.offering(pledge.offering_id).status == "refunded"
    assert world.broken_promises() == []


def test_a_pledge_accepted_after_the_deadline_but_before_the_closing_ends_with_the_offering(world: World) -> None:
    pledge, case_ref = referred(world)
    officer = taken(world, case_ref)
    world.pass_deadline(world.offering(pledge.offering_id))
    decide(world, officer, case_ref, CaseOutcome.APPROVE)
    send_payments.run(world.platform)
    for _ in range(2):
        world.run_jobs()
        world.let_backoffs_pass()
    assert world.pledge(pledge.id).status == "cancelled"
    assert world.offering(pledge.offering_id).status == "refunded"
    assert world.broken_promises() == []
