"""kill -9 on the way to the custodian: nothing is carried twice, nothing is left behind, and it goes on within 30 seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import worlds
from tests.payments.crashes.carrying import BOTH, CarryingArena, at_once
from tests.payments.crashes.rounds import LONGEST_RECOVERY_S
from tests.servers import Server


@pytest.fixture(scope="module")
def arena(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarryingArena]:
    with worlds.shared(server, tmp_path_factory.mktemp("world"), **BOTH) as world, at_once():
        yield CarryingArena(world)


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.parametrize("point", CarryingArena.points)
def test_a_process_that_dies_changes_nothing_about_where_the_money_ends(arena: CarryingArena, point: str) -> None:
    result = arena.play(point)
    assert result.died is not CarryingArena.points[point].sleeps
    assert (result.lost, result.doubles, result.wrong) == (0, 0, [])
    assert result.waited_s <= LONGEST_RECOVERY_S
