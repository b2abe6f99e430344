"""Who proposed something may take it back until it is carried out, and nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app import four_eyes
from app.actor import Actor, Role
from app.approvals.actions import Answer
from app.errors import NotFound, Refused
from app.identity import queries as identity_queries
from app.switches import actions as switches
from tests.approvals.test_four_eyes import NOTE, agree, latest, refused
from tests.builders import World


def proposed_lift(world: World) -> Actor:
    """An operator who proposed that what was switched off goes on; it is the latest proposal while nobody gets a role."""
    operator = world.actor(world.user(Role.OPERATOR))
    with world.acting(operator) as tx:
        ref = switches.set_off(tx, "Looking into it").ref
    with world.acting(operator) as tx:
        four_eyes.lift_switch(tx, ref, NOTE)
    return operator


def taken_back(world: World, who: Actor) -> str | None:
    """What is refused, with nothing changed; None: it is taken back."""
    before = world.contents()
    try:
        with world.acting(who) as tx:
            four_eyes.take_back(tx, latest(world).ref)
    except (Refused, NotFound) as refused:
        assert world.contents() == before
        return refused.code if isinstance(refused, Refused) else "not_found"
    return None


def test_who_made_a_proposal_takes_it_back_and_nobody_else(world: World) -> None:
    officer, others = world.officer(), world.actor(world.user(Role.OPERATOR))
    operator = proposed_lift(world)
    for other in (others, officer):
        assert taken_back(world, other) == "not_found"
    assert taken_back(world, operator) is None
    assert latest(world).status == "withdrawn"
    trail = world.sql(
        "SELECT event, actor FROM audit_events WHERE subject_type = 'proposals' AND subject_id = :id ORDER BY id",
        id=latest(world).id,
    )
    assert trail == [("propose", operator.name), ("withdraw", operator.name)]
    assert taken_back(world, operator) == "proposal_finished"
    assert refused(world, officer) == "proposal_finished"
    assert world.sql("SELECT count(*) FROM switches WHERE lifted_at IS NULL") == [(1,)]
    with world.acting(operator) as tx:  # and it can be proposed again
        assert four_eyes.lift_switch(tx, world.sql("SELECT ref FROM switches")[0][0], NOTE) is not None


def test_what_was_carried_out_is_not_taken_back(world: World) -> None:
    officer = world.officer()
    operator = proposed_lift(world)
    assert agree(world, officer) is Answer.APPROVED
    assert taken_back(world, operator) == "proposal_finished"
    assert latest(world).status == "done"


def test_what_nobody_made_nobody_takes_back(world: World) -> None:
    officers = [world.officer() for _ in range(2)]
    person = world.user(Role.INVESTOR)
    with world.acting() as tx:
        assert four_eyes.grant(tx, identity_queries.user(tx.session, person.id), Role.OPERATOR) is not None
    assert [taken_back(world, one) for one in officers] == ["not_found"] * 2
    with world.acting() as tx, pytest.raises(NotFound):
        four_eyes.take_back(tx, latest(world).ref)


def test_taken_back_and_agreed_to_at_once_is_one_of_both(world: World) -> None:
    officer = world.officer()
    operator = proposed_lift(world)
    proposal = latest(world)

    def act(who: Actor) -> str:
        try:
            with world.acting(who) as tx:
                if who is operator:
                    four_eyes.take_back(tx, proposal.ref)
                    return "withdrawn"
                return "done" if four_eyes.approve(tx, proposal.ref, proposal.sha256) is Answer.APPROVED else ""
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(act, (operator, officer)))
    assert sorted(answers) in (["done", "proposal_finished"], ["proposal_finished", "withdrawn"])
    assert latest(world).status in answers
    assert world.sql("SELECT lifted_at IS NOT NULL FROM switches") == [("done" in answers,)]
