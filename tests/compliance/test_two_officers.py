"""Where the risk is high two officers decide, neither knowing what the other said, on the very same facts."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Actor
from app.compliance import actions, desk, queries
from app.compliance.models import CaseOutcome, ReviewCase
from app.errors import Refused
from app.investors.models import ClaimKind
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World

APPROVE, REFUSE = CaseOutcome.APPROVE, CaseOutcome.REFUSE
FACTS, OTHERS = "a" * 64, "b" * 64
NOTE = "Nobody knows where the money is from."


@pytest.fixture
def large(world: World) -> tuple[str, Pledge]:
    """A pledge that two officers decide, and the reference of its case."""
    investor = world.investor()
    world.certify(investor, ClaimKind.ACCREDITED_US)
    pledge = world.pledged(world.live(maximum="1000000"), shares=100_000, investor=investor)
    return world.queue()[0], pledge


def case(world: World, ref: str) -> ReviewCase:
    with world.looking() as view:
        return queries.case(view.session, ref)


def say(
    world: World, ref: str, outcome: CaseOutcome, officer: Actor | None = None, facts: str = FACTS, *, take: bool = True
) -> bool:
    """An officer takes the case, unless it is theirs, and says what they think; when that decides it, it is done."""
    officer = officer or world.officer()
    reasons, note = ([], "") if outcome is APPROVE else (["source_of_funds"], NOTE)
    if take:
        with world.acting(officer) as tx:
            pledges.take_referral(tx, ref)
    with world.acting(officer) as tx:
        agreed = desk.give_opinion(tx, ref, facts, outcome, reasons, note)
        if agreed:
            pledges.resolve_referral(tx, ref, outcome, reasons, note, world.platform.payment_window)
    return agreed


def test_the_second_officer_who_says_the_same_decides(world: World, large: tuple[str, Pledge]) -> None:
    ref, pledge = large
    assert case(world, ref).officers_needed == 2
    assert say(world, ref, APPROVE) is False
    found = case(world, ref)
    assert (found.status, found.claimed_by, world.pledge(pledge.id).status) == ("open", None, "in_review")
    assert say(world, ref, APPROVE) is True
    assert (case(world, ref).status, world.pledge(pledge.id).status) == ("resolved", "reserved")


def test_when_two_disagree_a_third_decides(world: World, large: tuple[str, Pledge]) -> None:
    ref, pledge = large
    assert not say(world, ref, APPROVE)
    assert not say(world, ref, REFUSE)
    assert say(world, ref, REFUSE)
    assert world.pledge(pledge.id).status == "refused" and len(world.sql("SELECT 1 FROM case_opinions")) == 3


def test_nobody_says_it_twice(world: World, large: tuple[str, Pledge]) -> None:
    ref, _ = large
    officer = world.officer()
    say(world, ref, APPROVE, officer)
    before = world.contents()
    with pytest.raises(Refused, match="opinion_given"), world.acting(officer) as tx:
        actions.take_case(tx, ref)
    assert world.contents() == before


def test_opinions_of_other_facts_do_not_count_together(world: World, large: tuple[str, Pledge]) -> None:
    ref, _ = large
    first = world.officer()
    assert not say(world, ref, APPROVE, first)
    assert not say(world, ref, APPROVE, facts=OTHERS)
    assert say(world, ref, APPROVE, first, facts=OTHERS)  # who looked again


def test_one_officer_alone_decides_nothing(world: World, large: tuple[str, Pledge]) -> None:
    ref, _ = large
    officer = world.officer()
    with world.acting(officer) as tx:
        actions.take_case(tx, ref)
    before = world.contents()
    with pytest.raises(Refused, match="second_opinion_missing"), world.acting(officer) as tx:
        pledges.resolve_referral(tx, ref, APPROVE, [], "", world.platform.payment_window)
    assert world.contents() == before


def test_an_opinion_of_who_is_no_officer_any_more_counts_no_longer(world: World, large: tuple[str, Pledge]) -> None:
    ref, _ = large
    gone = world.officer()
    say(world, ref, APPROVE, gone)
    world.sql("UPDATE users SET suspended_at = now() WHERE id = :id", id=gone.user_id)
    assert not say(world, ref, APPROVE)
    assert say(world, ref, APPROVE)


def test_a_smaller_pledge_needs_one_officer(world: World) -> None:
    world.pledged(world.live(), shares=12_000)
    assert say(world, world.queue()[0], APPROVE) is True


def refused_by_the_database(world: World, statement: str, **values: object) -> None:
    before = world.contents()
    with pytest.raises(IntegrityError):
        world.sql(statement, **values)
    assert world.contents() == before


def test_the_database_counts_the_officers_too(world: World, large: tuple[str, Pledge]) -> None:
    ref, _ = large
    first, second = world.officer(), world.officer()
    say(world, ref, APPROVE, first)
    with world.acting(second) as tx:
        actions.take_case(tx, ref)
    resolved = (
        "UPDATE review_cases SET status = 'resolved', outcome = 'approve', resolved_by = :id, resolved_at = now()"
    )
    refused_by_the_database(world, f"{resolved} WHERE ref = :ref", ref=ref, id=second.user_id)
    refused_by_the_database(world, "UPDATE review_cases SET officers_needed = 1 WHERE ref = :ref", ref=ref)
    opinion = (
        "INSERT INTO case_opinions (case_id, user_id, facts_sha256, outcome, reasons, note, given_at)"
        " SELECT id, :who, :facts, 'approve', '[]', '', now() FROM review_cases WHERE ref = :ref"
    )
    refused_by_the_database(world, opinion, who=world.investor().user_id, facts=FACTS, ref=ref)
    refused_by_the_database(world, opinion, who=first.user_id, facts=OTHERS, ref=ref)  # it is not theirs now
    refused_by_the_database(world, "UPDATE case_opinions SET outcome = 'refuse'")
