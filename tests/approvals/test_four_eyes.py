"""What one person proposes only another one can make happen, and only as both of them saw it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app import four_eyes
from app.actor import Actor, Role, command_line
from app.approvals import actions as approvals
from app.approvals import queries
from app.approvals.actions import Answer
from app.approvals.models import Proposal, ProposalKind
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.errors import Refused
from app.identity import queries as identity_queries
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.jobs import apply_proposals
from app.offerings import actions as offerings
from app.offerings.models import Offering
from tests.builders import World

NOTE = "This is not what the papers say at all."


def latest(world: World) -> Proposal:
    with world.looking() as view:
        ((ref,),) = world.sql("SELECT ref FROM proposals ORDER BY id DESC LIMIT 1")
        return queries.by_ref(view.session, ref)


def agree(world: World, who: Actor, seen: str | None = None) -> Answer:
    proposal = latest(world)
    with world.acting(who) as tx:
        return four_eyes.approve(tx, proposal.ref, proposal.sha256 if seen is None else seen)


def refused(world: World, who: Actor) -> str:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        agree(world, who)
    assert world.contents() == before
    return caught.value.code


def reviewed(world: World) -> tuple[Offering, Actor, Actor]:
    """An offering that one officer approved: it, its company's person, and the officer."""
    offering, actor, case = world.submitted()
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case)
    with world.acting(officer) as tx:
        compliance.resolve_offering(tx, case, CaseOutcome.APPROVE, [], "")
    return world.offering(offering.id), actor, officer


def open_it(world: World, offering: Offering, actor: Actor) -> None:
    with world.acting(actor) as tx:
        compliance.open_offering(
            tx, offering.id, world.platform.regime("US-CF"), gateway="sandbox", custodian_is_qualified=True, seats=None
        )


def told(world: World, kind: str) -> list[str]:
    rows = world.sql("SELECT facts->>'outcome' FROM messages WHERE kind = :kind ORDER BY id", kind=kind)
    return [outcome for (outcome,) in rows]


# Publishing


def test_an_offering_opens_after_a_second_officer_agreed(world: World) -> None:
    offering, actor, officer = reviewed(world)
    before = world.contents()
    with pytest.raises(Refused, match="second_person_missing"):
        open_it(world, offering, actor)
    assert world.contents() == before and told(world, "offering_decided") == []
    assert refused(world, officer) == "own_proposal"
    assert agree(world, world.officer()) is Answer.APPROVED
    assert told(world, "offering_decided") == ["approve"]
    open_it(world, offering, actor)
    assert world.offering(offering.id).status == "live" and latest(world).status == "done"


def test_nobody_of_the_company_agrees_not_even_who_joined_it_later(world: World) -> None:
    offering, actor, _ = reviewed(world)
    late = world.user(Role.COMPLIANCE_OFFICER)
    with world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), late.id)
    assert refused(world, actor) == "own_proposal"
    assert refused(world, world.actor(late)) == "own_proposal"
    assert refused(world, world.actor(world.user(Role.OPERATOR))) == "not_a_checker"


def test_the_second_officers_no_asks_the_company_for_changes(world: World) -> None:
    offering, _, _ = reviewed(world)
    with world.acting(world.officer()) as tx:
        four_eyes.reject(tx, latest(world).ref, NOTE)
    assert world.offering(offering.id).status == "changes_requested" and latest(world).status == "rejected"
    assert told(world, "offering_decided") == ["request_changes"]


def test_what_its_company_takes_back_is_proposed_no_longer(world: World) -> None:
    offering, actor, _ = reviewed(world)
    with world.acting(actor) as tx:
        offerings.revise(tx, offering.id)
    assert latest(world).status == "withdrawn"
    assert refused(world, world.officer()) == "proposal_finished"


def test_what_changed_since_it_was_proposed_must_be_looked_at_again(world: World) -> None:
    offering, actor, _ = reviewed(world)
    assert agree(world, world.officer(), seen="0" * 64) is Answer.CHANGED
    assert latest(world).status == "proposed"
    world.sql("UPDATE offerings SET tagline = 'Twice as good' WHERE id = :id", id=offering.id)
    assert agree(world, world.officer()) is Answer.CHANGED
    assert latest(world).status == "stale"
    with pytest.raises(Refused, match="second_person_missing"):
        open_it(world, offering, actor)


def test_what_changed_after_it_was_agreed_to_does_not_open(world: World) -> None:
    offering, actor, _ = reviewed(world)
    agree(world, world.officer())
    world.sql("UPDATE offerings SET target_minor = target_minor - 250 WHERE id = :id", id=offering.id)
    with pytest.raises(Refused, match="second_person_missing"):
        open_it(world, offering, actor)
    assert world.offering(offering.id).status == "approved"


def test_two_who_agree_at_once_are_one_approval(world: World) -> None:
    reviewed(world)
    officers = [world.officer(), world.officer()]

    def attempt(officer: Actor) -> object:
        try:
            return agree(world, officer)
        except Refused as no:
            return no.code

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(attempt, officers))
    assert answers == {Answer.APPROVED, "proposal_finished"}
    assert world.sql("SELECT count(*) FROM proposal_approvals") == [(1,)]


# A company's account


def proposed_payee(world: World) -> tuple[int, Actor, Actor]:
    """A company of two people of whom one named another account: its id, who did, and the other."""
    issuer, actor = world.issuer()
    other = world.user(Role.ISSUER)
    with world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, issuer.id), other.id)
    with world.acting(actor) as tx:
        company = issuer_queries.issuer(tx.session, issuer.id)
        issuers.set_payout_account(tx, company, holder="H", account="US00 9999", vault=world.platform.vault)
    return issuer.id, actor, world.actor(other)


def hint(world: World, issuer_id: int) -> str | None:
    with world.looking() as view:
        return issuer_queries.issuer(view.session, issuer_id).payout_hint


def test_another_account_needs_another_person_and_its_day(world: World) -> None:
    issuer_id, actor, other = proposed_payee(world)
    assert hint(world, issuer_id) == "2222" and refused(world, actor) == "own_proposal"
    assert refused(world, world.actor(world.user(Role.ISSUER))) == "not_a_checker"
    assert agree(world, other) is Answer.APPROVED
    assert apply_proposals.run(world.platform) == 0 and hint(world, issuer_id) == "2222"
    world.move_clock(hours=24)
    assert apply_proposals.run(world.platform) == 1 and hint(world, issuer_id) == "9999"
    stages = world.sql(
        "SELECT facts->>'stage', count(*) FROM messages WHERE kind = 'payee_change' GROUP BY 1 ORDER BY 1"
    )
    assert stages == [("approved", 2), ("done", 2), ("proposed", 2)]
    assert "9999" not in str(world.sql("SELECT facts FROM audit_events WHERE event = 'propose'"))


def test_what_is_agreed_to_after_its_day_is_in_force_at_once(world: World) -> None:
    issuer_id, _, _ = proposed_payee(world)
    world.move_clock(days=3)
    agree(world, world.officer())
    assert hint(world, issuer_id) == "9999" and latest(world).status == "done"


def test_it_can_be_stopped_until_its_day(world: World) -> None:
    issuer_id, actor, other = proposed_payee(world)
    agree(world, world.officer())
    with world.acting(other) as tx:
        four_eyes.reject(tx, latest(world).ref, NOTE)
    world.move_clock(days=3)
    assert apply_proposals.run(world.platform) == 0 and hint(world, issuer_id) == "2222"
    with world.acting(actor) as tx:  # and proposed again
        company = issuer_queries.issuer(tx.session, issuer_id)
        issuers.set_payout_account(tx, company, holder="H", account="US00 9999", vault=world.platform.vault)
    with world.acting(actor) as tx:
        four_eyes.reject(tx, latest(world).ref, "")
    assert latest(world).status == "withdrawn"


def test_one_change_waits_at_a_time(world: World) -> None:
    issuer_id, actor, _ = proposed_payee(world)
    with world.looking() as view:
        company = issuer_queries.issuer(view.session, issuer_id)
    before = world.contents()
    with pytest.raises(Refused, match="proposal_waits"), world.acting(actor) as tx:
        issuers.set_payout_account(tx, company, holder="H", account="US00 7777", vault=world.platform.vault)
    assert world.contents() == before


# Roles of the staff


def grant(world: World, role: Role, by: Actor) -> Proposal | None:
    person = world.user(Role.INVESTOR)
    with world.acting(by) as tx:
        return four_eyes.grant(tx, identity_queries.user(tx.session, person.id), role)


def staff(world: World) -> int:
    return int(world.sql("SELECT count(*) FROM role_grants WHERE role IN ('operator', 'compliance_officer')")[0][0])


def test_the_first_people_are_let_in_and_the_next_need_two(world: World) -> None:
    shell = command_line("users grant")
    for role in (Role.OPERATOR, Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_OFFICER):
        assert grant(world, role, shell) is None
    proposal = grant(world, Role.OPERATOR, shell)
    assert proposal is not None and proposal.approvals_needed == 2 and staff(world) == 3
    first, second = (world.officer() for _ in range(2))
    assert agree(world, first) is Answer.COUNTED and refused(world, first) == "already_approved"
    assert agree(world, second) is Answer.APPROVED
    assert world.sql("SELECT role FROM role_grants WHERE user_id = :id AND role = 'operator'", id=proposal.subject_id)


def test_who_proposes_a_role_and_who_gets_it_do_not_agree_to_it(world: World) -> None:
    operator, officer = world.actor(world.user(Role.OPERATOR)), world.officer()
    world.officer()
    person = world.user(Role.COMPLIANCE_OFFICER)
    with world.acting(operator) as tx:
        four_eyes.grant(tx, identity_queries.user(tx.session, person.id), Role.OPERATOR)
    assert refused(world, world.actor(person)) == "own_proposal"
    assert refused(world, operator) == "own_proposal"
    assert agree(world, officer) is Answer.APPROVED


def test_other_roles_need_nobody_else(world: World) -> None:
    world.officer(), world.officer()
    assert grant(world, Role.ISSUER, command_line("users grant")) is None


# Giving everything back


@pytest.mark.parametrize("closing", [False, True], ids=["open", "closing"])
def test_everything_is_given_back_when_two_officers_say_so(world: World, closing: bool) -> None:
    offering = world.live(days=25, target="250")
    pledges = [world.held(offering) for _ in range(3)]
    if closing:
        world.pass_deadline(offering)
        world.run_jobs()
    first, second = world.officer(), world.officer()
    with world.acting(first) as tx:
        four_eyes.propose_refund(tx, offering.id, NOTE)
    assert refused(world, first) == "own_proposal"
    assert {world.pledge(one.id).status for one in pledges} == {"held"}
    assert agree(world, second) is Answer.APPROVED
    world.run_jobs()
    assert {world.pledge(one.id).status for one in pledges} == {"refunded"}
    assert {world.pledge(one.id).stop_reason for one in pledges} == {"platform_ended"}
    assert world.offering(offering.id).status == ("refunded" if closing else "withdrawn")
    ended = "SELECT subject_type, facts ->> 'why' FROM audit_events WHERE event IN ('withdraw', 'abort', 'fail') ORDER BY id"
    assert world.sql(ended) == [(one, "platform") for one in (["closings"] if closing else []) + ["offerings"]]
    assert world.broken_promises() == []


def test_money_that_left_escrow_is_not_given_back(world: World) -> None:
    offering = world.live(days=25, target="250")
    world.held(offering)
    world.settled(offering)
    officer, before = world.officer(), world.contents()
    with pytest.raises(Refused, match="nothing_to_refund"), world.acting(officer) as tx:
        four_eyes.propose_refund(tx, offering.id, NOTE)
    assert world.contents() == before


def test_what_was_proposed_of_an_open_offering_is_not_done_to_one_that_closes(world: World) -> None:
    offering = world.live(days=25, target="250")
    pledge = world.held(offering)
    with world.acting(world.officer()) as tx:
        four_eyes.propose_refund(tx, offering.id, NOTE)
    world.pass_deadline(offering)
    world.run_jobs()
    assert agree(world, world.officer()) is Answer.CHANGED
    assert latest(world).status == "stale" and world.pledge(pledge.id).status == "held"


# For others to build on


def test_what_was_agreed_to_is_done_once_and_not_before_its_day(world: World) -> None:
    kind, subject = ProposalKind.PACK, "pack:XX"
    with (
        pytest.raises(Refused, match="second_person_missing"),
        world.acting() as tx,
        approvals.carrying_out(tx, kind, subject),
    ):
        pytest.fail("nobody agreed")
    with world.acting(world.officer()) as tx:
        approvals.propose(tx, kind, subject, {"sha256": "ab"}, not_before=tx.now + timedelta(days=1))
    proposal = latest(world)
    with world.acting(world.officer()) as tx:
        assert approvals.approve(tx, proposal.ref, proposal.sha256, "") is Answer.APPROVED
    with (
        pytest.raises(Refused, match="second_person_missing"),
        world.acting() as tx,
        approvals.carrying_out(tx, kind, subject),
    ):
        pytest.fail("too early")
    world.move_clock(days=1)
    with world.acting() as tx, approvals.carrying_out(tx, kind, subject) as proposal:
        assert proposal.payload == {"sha256": "ab"}
    with (
        pytest.raises(Refused, match="second_person_missing"),
        world.acting() as tx,
        approvals.carrying_out(tx, kind, subject),
    ):
        pytest.fail("used up")
