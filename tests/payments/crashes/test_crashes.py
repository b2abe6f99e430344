"""kill -9 at every point: nothing acknowledged is lost, nothing is charged or paid twice, and it goes on within 30 seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import worlds
from tests.payments.crashes.rounds import LONGEST_RECOVERY_S, POINTS, Arena
from tests.servers import Server


@pytest.fixture(scope="module")
def arena(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with worlds.shared(server, tmp_path_factory.mktemp("world")) as world:
        yield Arena(world)


@pytest.mark.processes
@pytest.mark.filterwarnings(
    "ignore:.*use of fork:DeprecationWarning"
)  # pytest-xdist's thread has no part in what follows
@pytest.mark.parametrize("point", POINTS)
def test_a_process_that_dies_changes_nothing_about_the_end(arena: Arena, point: str) -> None:
    result = arena.play(point)
    assert result.died is not POINTS[point].sleeps
    assert (result.lost, result.doubles, result.wrong) == (0, 0, [])
    assert result.waited_s <= LONGEST_RECOVERY_S
