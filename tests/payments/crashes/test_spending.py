"""kill -9 while a failed raise is given back or cash is spent: nothing goes out twice, and it goes on within 30 seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import worlds
from tests.payments.crashes.rounds import LONGEST_RECOVERY_S
from tests.payments.crashes.spending import SpendingArena
from tests.servers import Server


@pytest.fixture(scope="module")
def arena(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpendingArena]:
    with worlds.shared(server, tmp_path_factory.mktemp("world")) as world:
        yield SpendingArena(world)


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.parametrize("point", SpendingArena.points)
def test_a_process_that_dies_changes_nothing_about_where_the_money_ends(arena: SpendingArena, point: str) -> None:
    result = arena.play(point)
    assert result.died
    assert (result.lost, result.doubles, result.wrong) == (0, 0, [])
    assert result.waited_s <= LONGEST_RECOVERY_S
