"""What an officer must look at: taken by one, decided with a reason, never by somebody whom it is about."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Actor, Role
from app.approvals.models import ProposalKind
from app.audit import queries as audit
from app.closings import actions as closings
from app.compliance import actions, queries
from app.compliance.models import CaseKind, CaseOutcome
from app.decisions import queries as decisions
from app.errors import NotFound, Refused
from app.investors import queries as investors
from app.investors.models import ClaimKind, Investor
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.offerings import actions as offerings
from app.pledges import actions as pledges
from tests.builders import World

APPROVE, CHANGES, REFUSE = CaseOutcome.APPROVE, CaseOutcome.REQUEST_CHANGES, CaseOutcome.REFUSE
NOTE = "Please say what the money is for."
SOMEBODY_WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def take(world: World, officer: Actor, ref: str) -> None:
    with world.acting(officer) as tx:
        actions.take_case(tx, ref)


def decide(
    world: World, officer: Actor, ref: str, outcome: CaseOutcome, reasons: list[str] | None = None, note: str = NOTE
) -> None:
    given = ["unclear_terms"] if reasons is None else reasons
    with world.acting(officer) as tx:
        kind = queries.case(tx.session, ref).kind
        if kind == CaseKind.OFFERING:
            actions.resolve_offering(tx, ref, outcome, given, note)
        elif kind == CaseKind.INVESTOR:
            actions.resolve_claim(tx, ref, outcome, given, note)
        else:
            pledges.resolve_referral(tx, ref, outcome, given, note, world.platform.payment_window)


def refused(world: World, act: Callable[[], object]) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        act()
    assert world.contents() == before
    return caught.value


def officer_who_invests(world: World) -> tuple[Actor, Investor]:
    """One person with both roles; their cap is 90,000."""
    investor = world.investor()
    person = world.user(Role.COMPLIANCE_OFFICER, Role.INVESTOR)
    world.sql("UPDATE investors SET user_id = :user WHERE id = :id", user=person.id, id=investor.id)
    with world.looking() as view:
        return world.actor(person), investors.investor(view.session, investor.id)


def case_about_oneself(world: World, kind: CaseKind) -> tuple[Actor, str]:
    """An officer, and a case that they are part of."""
    if kind == CaseKind.OFFERING:
        offering, actor, ref = world.submitted()
        person = world.user(Role.COMPLIANCE_OFFICER)
        with world.acting(actor) as tx:
            # Joined after it was handed in: the case itself does not name them.
            issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), person.id)
        return world.actor(person), ref
    officer, investor = officer_who_invests(world)
    if kind == CaseKind.INVESTOR:
        with world.acting() as tx:
            return officer, actions.claim_status(tx, investor, ClaimKind.ACCREDITED_US, "I am.").ref
    world.pledged(world.live(), shares=12_000, investor=investor)
    return officer, world.queue()[0]


def test_the_queue_shows_the_oldest_first_and_what_was_decided_apart(world: World) -> None:
    refs = [world.submitted()[2] for _ in range(3)]
    assert world.queue() == refs
    officer = world.officer()
    take(world, officer, refs[1])
    assert world.queue() == refs, "a case that somebody has is still to be decided"
    decide(world, officer, refs[1], APPROVE, [], "")
    assert world.queue() == [refs[0], refs[2]]
    with world.looking() as view:
        assert [case.ref for case in queries.decided(view.session, "", 10)] == [refs[1]]
        assert queries.waiting(view.session, queries.Filters(kind="pledge"), 10) == []
        assert len(queries.waiting(view.session, queries.Filters(kind="offering"), 1)) == 1


def test_taking_an_offering_puts_it_in_review(world: World) -> None:
    offering, _, ref = world.submitted()
    officer = world.officer()
    take(world, officer, ref)
    with world.looking() as view:
        case = queries.case(view.session, ref)
        assert (case.status, case.claimed_by, case.claimed_at) == ("claimed", officer.user_id, view.now)
        assert [event.event for event in audit.timeline(view.session, "review_cases", case.id)] == ["refer", "claim"]
    assert world.offering(offering.id).status == "in_review"


def test_one_officer_has_a_case_until_they_put_it_back(world: World) -> None:
    offering, _, ref = world.submitted()
    first, second = world.officer(), world.officer()
    take(world, first, ref)
    assert refused(world, lambda: take(world, second, ref)).code == "illegal_move"
    assert refused(world, lambda: take(world, first, ref)).code == "illegal_move"
    assert refused(world, lambda: decide(world, second, ref, APPROVE, [])).code == "not_your_case"

    def put_back(officer: Actor) -> None:
        with world.acting(officer) as tx:
            actions.put_back(tx, ref)

    assert refused(world, lambda: put_back(second)).code == "not_your_case"
    put_back(first)
    assert refused(world, lambda: decide(world, first, ref, APPROVE, [])).code == "not_your_case"
    take(world, second, ref)
    decide(world, second, ref, APPROVE, [])
    assert world.offering(offering.id).status == "approved"


def test_nobody_decides_a_case_that_nobody_took(world: World) -> None:
    ref, officer = world.submitted()[2], world.officer()
    assert refused(world, lambda: decide(world, officer, ref, APPROVE, [])).code == "not_your_case"


@pytest.mark.parametrize("kind", CaseKind)
def test_nobody_takes_or_decides_their_own_case(world: World, kind: CaseKind) -> None:
    officer, ref = case_about_oneself(world, kind)
    assert refused(world, lambda: take(world, officer, ref)).code == "own_case"
    world.sql(
        "UPDATE review_cases SET status = 'claimed', claimed_by = :id WHERE ref = :ref", id=officer.user_id, ref=ref
    )
    for outcome in (APPROVE, REFUSE):
        assert refused(world, lambda outcome=outcome: decide(world, officer, ref, outcome)).code == "own_case"


@pytest.mark.parametrize("joined", ["before the pledge", "after it was referred", "after they took the case"])
def test_nobody_of_a_company_decides_who_invests_in_it(world: World, joined: str) -> None:
    offering, person = world.live(), world.user(Role.COMPLIANCE_OFFICER)
    officer = world.actor(person)

    def join() -> None:
        with world.acting() as tx:
            issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), person.id)

    if joined == "before the pledge":
        join()
    pledge = world.pledged(offering, shares=12_000)
    ref = world.queue()[0]

    def take_it() -> None:
        with world.acting(officer) as tx:
            pledges.take_referral(tx, ref)

    if joined == "after they took the case":
        take_it()
    if joined != "before the pledge":
        join()
    if joined != "after they took the case":
        assert refused(world, take_it).code == "own_case"
        world.sql(
            "UPDATE review_cases SET status = 'claimed', claimed_by = :id WHERE ref = :ref", id=person.id, ref=ref
        )
    for outcome in (APPROVE, REFUSE):
        said = refused(world, lambda outcome=outcome: decide(world, officer, ref, outcome, ["source_of_funds"]))
        assert said.code == "own_case"
    assert world.pledge(pledge.id).status == "in_review"


def test_the_database_itself_refuses_whoever_was_of_the_company_when_the_pledge_came(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering, shares=12_000)
    ref = world.queue()[0]
    with world.looking() as view:
        (member,) = issuer_queries.members(view.session, offering.issuer_id)
        investor = investors.investor(view.session, pledge.investor_id)
        assert queries.case(view.session, ref).involves == sorted([member, investor.user_id])
    with pytest.raises(IntegrityError, match="never_ones_own"):
        world.force(
            "UPDATE review_cases SET status = 'resolved', outcome = 'approve', resolved_by = :id WHERE ref = :ref",
            id=member, ref=ref,
        )  # fmt: skip


def test_the_database_itself_refuses_ones_own_case(world: World) -> None:
    _, actor, ref = world.submitted()
    before = world.contents()
    with pytest.raises(IntegrityError, match="never_ones_own"):
        world.force(
            "UPDATE review_cases SET status = 'resolved', outcome = 'approve', resolved_by = :id WHERE ref = :ref",
            id=actor.user_id, ref=ref,
        )  # fmt: skip
    assert world.contents() == before


@pytest.mark.parametrize("outcome", [CHANGES, REFUSE])
@pytest.mark.parametrize(
    ("reasons", "note", "code", "field"),
    [
        ([], NOTE, "reason_missing", "reasons"),
        (["unclear_terms"], "", "note_too_short", "note"),
        (["unclear_terms"], "too short" + " " * 40, "note_too_short", "note"),
        (["bad_hair"], NOTE, "reason_unknown", "reasons"),
    ],
)
def test_a_no_needs_a_reason_and_words(
    world: World, outcome: CaseOutcome, reasons: list[str], note: str, code: str, field: str
) -> None:
    ref = world.submitted()[2]
    officer = world.officer()
    take(world, officer, ref)
    said = refused(world, lambda: decide(world, officer, ref, outcome, reasons, note))
    assert (said.code, said.field) == (code, field)


def test_a_yes_needs_neither(world: World) -> None:
    offering, actor, ref = world.submitted()
    officer = world.officer()
    take(world, officer, ref)
    decide(world, officer, ref, APPROVE, [], "")
    assert world.offering(offering.id).status == "approved"
    assert world.sql("SELECT user_id FROM messages WHERE kind = 'offering_decided'") == []
    world.agree(ProposalKind.PUBLISH)
    assert world.sql("SELECT user_id FROM messages WHERE kind = 'offering_decided'") == [(actor.user_id,)]


def test_changes_are_requested_made_handed_in_again_and_approved(world: World) -> None:
    offering, actor, first = world.submitted()
    officer = world.officer()
    take(world, officer, first)
    decide(world, officer, first, CHANGES, ["unclear_terms", "missing_document"], f"  {NOTE} ")
    assert world.offering(offering.id).status == "changes_requested"
    with world.looking() as view:
        case = queries.case(view.session, first)
        assert (case.status, case.outcome, case.note) == ("resolved", "request_changes", NOTE)
        assert case.reasons == ["unclear_terms", "missing_document"]
    (told,) = world.sql("SELECT facts FROM messages WHERE kind = 'offering_decided'")
    assert (told[0]["note"], told[0]["reasons"]) == (NOTE, ["unclear_terms", "missing_document"])

    with world.acting(actor) as tx:
        changed = world.offering(offering.id)
        offerings.save_disclosure(tx, offering.id, changed.version, story="We make it, and this is how.")
    with world.acting(actor) as tx:
        second = actions.submit_offering(tx, offering.id, world.platform.regime("US-CF")).ref
    assert second != first
    take(world, officer, second)
    decide(world, officer, second, APPROVE, [])
    assert world.offering(offering.id).status == "approved"
    with world.looking() as view:
        about = queries.cases_about(view.session, CaseKind.OFFERING, offering.id)
        assert [(case.ref, case.outcome) for case in about] == [(second, "approve"), (first, "request_changes")]
    world.agree(ProposalKind.PUBLISH)
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'offering_decided'") == [(2,)]


def test_a_refused_offering_is_over(world: World) -> None:
    offering, actor, ref = world.submitted()
    officer = world.officer()
    take(world, officer, ref)
    decide(world, officer, ref, REFUSE)
    assert world.offering(offering.id).status == "refused"

    def again() -> None:
        with world.acting(actor) as tx:
            actions.submit_offering(tx, offering.id, world.platform.regime("US-CF"))

    assert refused(world, again).code == "illegal_move"
    assert refused(world, lambda: decide(world, officer, ref, APPROVE)).code == "not_your_case"


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_case_ends_with_the_offering_it_is_about(world: World, is_taken: bool) -> None:
    offering, actor, ref = world.submitted()
    officer = world.officer()
    if is_taken:
        take(world, officer, ref)
    with world.acting(actor) as tx:
        closings.withdraw_offering(tx, offering.id)
    assert world.queue() == []
    code = refused(world, lambda: decide(world, officer, ref, APPROVE, [])).code
    assert code == "not_your_case"
    assert refused(world, lambda: take(world, officer, ref)).code == "illegal_move"


def test_an_officer_who_takes_a_case_and_an_issuer_who_withdraws_wait_for_each_other(world: World) -> None:
    offering, actor, ref = world.submitted()
    officer = world.officer()

    with ThreadPoolExecutor(1) as thread:
        with world.acting(actor) as tx:
            offerings.lock(tx, offering.id)
            taking = thread.submit(take, world, officer, ref)
            while not world.sql(SOMEBODY_WAITS):
                assert not taking.done()
            closings.withdraw_offering(tx, offering.id)
        with pytest.raises(Refused, match="illegal_move"):
            taking.result()
    assert world.offering(offering.id).status == "withdrawn"
    assert world.queue() == []


def test_an_unknown_case_is_not_found(world: World) -> None:
    with world.looking() as view, pytest.raises(NotFound):
        queries.case(view.session, "R-NOTHERE2")


# Claimed statuses


def claim(world: World, investor: Investor, kind: ClaimKind = ClaimKind.ACCREDITED_US) -> str:
    with world.acting(Actor(f"user:{investor.user_id}", investor.user_id)) as tx:
        case = actions.claim_status(tx, investor, kind, " I have it in writing. ")
    world.prove(case.subject_id)
    return case.ref


def status(world: World, investor: Investor) -> list[str]:
    with world.looking() as view:
        return [claim.status for claim in investors.claims(view.session, investor.id)]


def test_a_claim_counts_when_an_officer_has_verified_it(world: World) -> None:
    investor, officer = world.investor(), world.officer()
    ref = claim(world, investor)
    assert status(world, investor) == ["claimed"]
    take(world, officer, ref)
    decide(world, officer, ref, APPROVE, [], "")
    assert status(world, investor) == ["verified"]
    assert world.sql("SELECT user_id FROM messages WHERE kind = 'claim_decided'") == [(investor.user_id,)]
    assert refused(world, lambda: claim(world, investor)).code == "already_claimed"


def test_a_rejected_claim_may_be_made_again(world: World) -> None:
    investor, officer = world.investor(), world.officer()
    ref = claim(world, investor)
    assert refused(world, lambda: claim(world, investor)).code == "already_claimed"
    take(world, officer, ref)
    assert refused(world, lambda: decide(world, officer, ref, CHANGES)).code == "outcome_not_offered"
    decide(world, officer, ref, REFUSE, ["evidence_insufficient"])
    assert status(world, investor) == ["rejected"]
    claim(world, investor)
    assert status(world, investor) == ["claimed", "rejected"]


def test_one_kind_of_status_does_not_stand_in_for_another(world: World) -> None:
    investor, officer = world.investor(), world.officer()
    ref = claim(world, investor, ClaimKind.CERTIFIED_CN)
    take(world, officer, ref)
    decide(world, officer, ref, APPROVE, [])
    with world.looking() as view:
        known = decisions.profile(view.session, investor, world.platform.regime("US-CF"), view.now.date())
    assert (known.accredited, known.certified) == (False, True)


# Guards


@pytest.mark.parametrize("statement", ["UPDATE decisions SET outcome = 'allow'", "DELETE FROM decisions"])
def test_a_stored_decision_stays_as_it_is(world: World, statement: str) -> None:
    world.place(world.investor(), world.live(), 100)
    before = world.contents()
    with pytest.raises(IntegrityError, match="append-only") as caught:
        world.sql(statement)
    assert isinstance(caught.value.orig, psycopg.errors.CheckViolation)
    assert world.contents() == before
