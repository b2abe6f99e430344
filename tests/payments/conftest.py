"""One world for the tests of a module that leave nothing unfinished behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import worlds
from tests.builders import World
from tests.servers import Server


@pytest.fixture(scope="module")
def module_world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with worlds.shared(server, tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def shared_world(module_world: World) -> World:
    worlds.stop_clock(module_world)
    return module_world
