"""flask payments events | replay: what could not be handled is listed, and handled once more by number or range."""

from __future__ import annotations

import pytest

from app.jobs import process_inbox
from tests.cli.conftest import Terminal
from tests.payments.test_events import about, tell


def told(terminal: Terminal, count: int) -> list[int]:
    for number in range(count):
        tell(terminal.world, f"evt_{number}", about("payment", f"pay_{number}"))
    process_inbox.run(terminal.world.platform)
    return [number for (number,) in terminal.world.sql("SELECT id FROM gateway_events ORDER BY event_id")]


def test_there_is_nothing_to_list(terminal: Terminal) -> None:
    result = terminal("payments", "events")
    assert (result.exit_code, result.stdout) == (0, "")


def test_each_event_is_a_line(terminal: Terminal) -> None:
    first, _ = told(terminal, 2)
    result = terminal("payments", "events")
    assert result.exit_code == 1
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert len(lines) == 2
    assert lines[0][:4] == [str(first), "sandbox", "evt_0", "payment.succeeded"]
    assert lines[0][5:] == ["new", "1 tries", "object_unknown", "payment/pay_0", "not known whether money moved"]


def test_events_are_handled_once_more_by_number_and_by_range(terminal: Terminal) -> None:
    events = told(terminal, 4)
    result = terminal("payments", "replay", events[0], f"{events[2]}-{events[3]}")
    assert (result.exit_code, result.stdout) == (0, "3 events are handled once more.\n")
    waiting = terminal.world.sql("SELECT id FROM gateway_events WHERE attempts = 0 ORDER BY id")
    assert waiting == [(events[0],), (events[2],), (events[3],)]
    assert process_inbox.run(terminal.world.platform) == 3


@pytest.mark.parametrize("wrong", ["evt_0", "4-", "-4", "0", "999", "998-999", "９"])
def test_what_is_no_event_changes_nothing(terminal: Terminal, wrong: str) -> None:
    events = told(terminal, 1)
    terminal.refused("payments", "replay", "--", events[0], wrong, code=2)
