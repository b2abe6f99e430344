"""Every life is a table; what is not in it cannot happen."""

from __future__ import annotations

import pytest

from app.closings.lifecycle import CLOSING
from app.compliance.lifecycle import REVIEW_CASE
from app.errors import Refused
from app.investors.lifecycle import CLAIM
from app.offerings.lifecycle import OFFERING
from app.payments.lifecycle import INSTRUCTION
from app.pledges.lifecycle import PLEDGE
from app.state_machine import Move, StateMachine

#: An end that a bank may open again: it sends back what it had been paid.
UNLESS_IT_COMES_BACK = {"closing": "done", "pledge": "refunded"}
MACHINES = (OFFERING, PLEDGE, INSTRUCTION, CLOSING, REVIEW_CASE, CLAIM)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_the_full_table_of_status_and_event(machine: StateMachine) -> None:
    events = {move.event for move in machine.moves}
    for status in machine.statuses:
        for event in events:
            expected = [move.target for move in machine.moves if move.event == event and status in move.sources]
            if expected:
                assert machine.next(status, event) == expected[0]
            else:
                with pytest.raises(Refused) as caught:
                    machine.next(status, event)
                assert caught.value.code == "illegal_move"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_status_can_be_reached_and_an_end_can_be_reached_from_it(machine: StateMachine) -> None:
    reached, frontier = set(machine.initial), list(machine.initial)
    while frontier:
        status = frontier.pop()
        for event in machine.events_from(status):
            target = machine.next(status, event)
            if target not in reached:
                reached.add(target)
                frontier.append(target)
    assert reached == set(machine.statuses)
    assert machine.terminal
    for status in machine.statuses:
        seen, frontier = {status}, [status]
        while frontier:
            one = frontier.pop()
            targets = {machine.next(one, event) for event in machine.events_from(one)} - seen
            seen |= targets
            frontier += targets
        assert seen & {*machine.terminal, UNLESS_IT_COMES_BACK.get(machine.name)}


def test_the_ends_of_a_pledge() -> None:
    assert PLEDGE.terminal == {"settled", "returned", "cancelled", "failed", "refused"}
    assert [move.event for move in PLEDGE.moves if "refunded" in move.sources] == ["bounce"]


def test_success_at_the_gateway_is_final() -> None:
    assert INSTRUCTION.events_from("succeeded") == ()


def test_one_event_from_one_status_leads_to_one_place() -> None:
    with pytest.raises(ValueError):
        StateMachine("bad", ("a",), [Move("go", ("a",), "b"), Move("go", ("a",), "c")])
