"""What is switched off is asked for by nobody and sent by nobody, and goes on when two people lift it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app import four_eyes
from app.actor import Role
from app.approvals.models import ProposalKind
from app.errors import NotFound, Refused
from app.jobs import send_payments
from app.payments import actions as payments
from app.payments import lines
from app.pledges.models import Pledge
from app.switches import actions, queries
from app.switches.models import Direction, Switch
from tests.builders import World

WHY = "The custodian's bank is down."
#: What covers a collection of this pledge at the sandbox, each way that there is.
COVERING: dict[str, Callable[[Pledge], dict[str, Any]]] = {
    "gateway": lambda pledge: {"gateway": "sandbox"},
    "direction": lambda pledge: {"direction": Direction.IN},
    "offering": lambda pledge: {"offering_id": pledge.offering_id},
    "pledge": lambda pledge: {"pledge_id": pledge.id},
    "gateway and direction": lambda pledge: {"gateway": "sandbox", "direction": Direction.IN},
    "read-only": lambda pledge: {},
}
#: What does not.
BESIDE: dict[str, dict[str, Any]] = {
    "another gateway": {"gateway": "cards"},
    "the other direction": {"direction": Direction.OUT},
    "this gateway, the other direction": {"gateway": "sandbox", "direction": Direction.OUT},
}


def switch_off(world: World, **what: Any) -> Switch:
    with world.acting(world.actor(world.user(Role.OPERATOR))) as tx:
        return actions.set_off(tx, WHY, **what)


@pytest.mark.parametrize("how", COVERING)
def test_what_is_switched_off_is_not_handed_out_and_goes_on_afterwards(world: World, how: str) -> None:
    pledge = world.pledged(world.live())
    switch = switch_off(world, **COVERING[how](pledge))
    before = world.contents()
    with world.acting() as tx:
        assert payments.lease(tx, 20) == []
    send_payments.run(world.platform)
    assert world.contents() == before
    with world.acting() as tx:
        actions.lift(tx, switch.ref, "The bank is back.")
    world.pay(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "held"


@pytest.mark.parametrize("how", BESIDE)
def test_a_switch_stops_nothing_beside_what_it_names(world: World, how: str) -> None:
    pledge = world.pledged(world.live())
    switch_off(world, **BESIDE[how])
    with world.acting() as tx:
        assert [due.pledge_id for due in payments.lease(tx, 20)] == [pledge.id]


def test_with_money_in_switched_off_payers_are_still_stopped_and_refunds_still_go(world: World) -> None:
    offering = world.live()
    unpaid, held = world.pledged(offering), world.held(offering)
    send_payments.run(world.platform)
    switch_off(world, direction=Direction.IN)
    world.cancel(unpaid)
    world.cancel(held)
    world.run_jobs()
    assert (world.pledge(unpaid.id).status, world.pledge(held.id).status) == ("cancelled", "refunded")


@pytest.mark.parametrize("how", ["direction", "read-only", "offering"])
def test_a_pledge_is_refused_in_words_and_nothing_is_changed(world: World, how: str) -> None:
    offering, investor = world.live(), world.investor()
    what = {"direction": {"direction": Direction.IN}, "read-only": {}, "offering": {"offering_id": offering.id}}[how]
    switch_off(world, **what)
    before = world.contents()
    with pytest.raises(Refused, match="switched_off"):
        world.place(investor, offering, 100)
    assert world.contents() == before


def test_a_way_to_pay_at_a_gateway_that_is_off_is_refused_and_nothing_is_changed(world: World) -> None:
    offering, investor = world.live(), world.investor()
    switch_off(world, gateway="sandbox", direction=Direction.IN)
    before = world.contents()
    with pytest.raises(Refused, match="switched_off"):
        world.place(investor, offering, 100)  # the only way is chosen with the pledge
    assert world.contents() == before


def test_another_offering_takes_pledges_as_before(world: World) -> None:
    switch_off(world, offering_id=world.live().id)
    assert world.pledged(world.live()).status == "reserved"


def test_an_investor_may_leave_while_the_site_is_read_only_and_is_paid_afterwards(world: World) -> None:
    pledge = world.held(world.live())
    switch = switch_off(world)
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refund_due"
    with world.acting() as tx:
        actions.lift(tx, switch.ref, "It is over now.")
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert world.broken_promises() == []


def test_a_gateway_that_was_not_read_for_hours_gets_nothing_to_do(world: World) -> None:
    pledge = world.pledged(world.live())
    with world.acting() as tx:
        lines.note_reading(tx, "sandbox", read_until=tx.now)
    world.sql("UPDATE gateway_readings SET read_at = read_at - interval '7 hours'")
    with world.acting() as tx:
        assert payments.lease(tx, 20) == []
    world.sql("UPDATE gateway_readings SET read_at = clock_timestamp()")
    with world.acting() as tx:
        assert [due.pledge_id for due in payments.lease(tx, 20)] == [pledge.id]


# Setting and lifting


def test_the_same_thing_is_switched_off_once(world: World) -> None:
    assert switch_off(world, gateway="sandbox").ref == switch_off(world, gateway="sandbox").ref
    assert switch_off(world).ref != switch_off(world, gateway="sandbox").ref


def test_one_operator_sets_a_switch_and_a_second_person_lifts_it(world: World) -> None:
    switch = switch_off(world, gateway="sandbox")
    officer, operator = world.officer(), world.actor(world.user(Role.OPERATOR))
    with world.acting(operator) as tx:
        proposal = four_eyes.lift_switch(tx, switch.ref, "The bank is back.")
    assert proposal is not None
    with pytest.raises(Refused, match="own_proposal"), world.acting(operator) as tx:
        four_eyes.approve(tx, proposal.ref, proposal.sha256)
    with world.looking() as view:
        assert len(queries.all_set(view.session)) == 1
    world.agree(ProposalKind.SWITCH, officer)
    with world.looking() as view:
        assert queries.all_set(view.session) == []
        assert queries.history(view.session, 9)[0].lifted_why == "The bank is back."
    events = world.sql("SELECT event FROM audit_events WHERE subject_type = 'switches' ORDER BY id")
    assert events == [("switch_off",), ("switch_on",)]


def test_where_nobody_could_agree_it_is_lifted_at_once(world: World) -> None:
    switch = switch_off(world)
    with world.acting(world.actor(world.user(Role.OPERATOR))) as tx:
        assert four_eyes.lift_switch(tx, switch.ref, "The bank is back.") is None
    with world.looking() as view:
        assert queries.all_set(view.session) == []


@pytest.mark.parametrize(("why", "code"), [("", "reason_too_short"), ("         short ", "reason_too_short")])
def test_a_switch_is_neither_set_nor_lifted_without_a_reason(world: World, why: str, code: str) -> None:
    switch = switch_off(world)
    before = world.contents()
    with pytest.raises(Refused, match=code), world.acting() as tx:
        actions.set_off(tx, why, gateway="sandbox")
    with pytest.raises(Refused, match=code), world.acting() as tx:
        actions.lift(tx, switch.ref, why)
    assert world.contents() == before


def test_a_switch_is_lifted_once_and_an_unknown_one_never(world: World) -> None:
    switch = switch_off(world)
    with world.acting() as tx:
        actions.lift(tx, switch.ref, "It is over now.")
    with pytest.raises(Refused, match="switch_lifted"), world.acting() as tx:
        actions.lift(tx, switch.ref, "It is over now.")
    with pytest.raises(NotFound), world.acting() as tx:
        actions.lift(tx, "K-NOTHING", "It is over now.")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM switches", "TRUNCATE switches", "UPDATE switches SET why = 'another reason'",
        "UPDATE switches SET gateway = NULL, lifted_at = now(), lifted_by = 'x', lifted_why = 'y'",
        "UPDATE switches SET lifted_at = now()",
        "INSERT INTO switches (ref, gateway, why, set_at, set_by) VALUES ('K-TWICE', 'sandbox', 'w', now(), 'x')",
        "INSERT INTO switches (ref, gateway, frozen, why, set_at, set_by) VALUES ('K-ICE', 'sandbox', true, 'w', now(), 'x')",
    ],
)  # fmt: skip
def test_the_database_keeps_the_history_of_switches(world: World, statement: str) -> None:
    switch_off(world, gateway="sandbox")
    before = world.contents()
    with pytest.raises(IntegrityError):
        world.sql(statement)
    assert world.contents() == before
