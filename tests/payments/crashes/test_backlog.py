"""Events that waited are drained by several workers at once, and each of them counts once."""

from __future__ import annotations

import pytest

from tests.builders import World
from tests.payments.crashes import backlog

EVENTS = 200


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_two_workers_drain_a_heap_and_apply_each_event_once(world: World) -> None:
    backlog.heap(world, EVENTS)
    backlog.drain(world, processes=2)
    assert backlog.applied(world) == (EVENTS, EVENTS, EVENTS)
    assert world.broken_promises() == []
