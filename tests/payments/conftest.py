"""One world for the tests of a module that leave nothing unfinished behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.wiring import build
from tests import worlds
from tests.builders import World
from tests.conftest import Begin, settings
from tests.payments.sandbox.cards import Cards
from tests.servers import Server


@pytest.fixture(scope="module")
def module_world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with worlds.shared(server, tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def shared_world(module_world: World) -> World:
    worlds.stop_clock(module_world)
    return module_world


@pytest.fixture
def cards(shared_world: World) -> Iterator[Cards]:
    """The cards persona alone, begun anew for each test."""
    cards = Cards.alone(shared_world.platform.database.url)
    yield cards
    cards.provider.remove()
    cards.provider.close()


@pytest.fixture
def cards_world(database_url: str, tmp_path: Path, beginning: Begin) -> Iterator[World]:
    """A platform of its own with both sandboxes: the second collects only, the first also holds. For `Cards.of`."""
    platform = build(settings(database_url, tmp_path, GATEWAYS="sandbox,sandbox_cards", REGIMES="US-CF,US-REGA"))
    world = World(platform)
    worlds.stop_clock(world)
    yield beginning(world, "cards_world")
    platform.close()


@pytest.fixture
def story(request: pytest.FixtureRequest, cards_world: World) -> Any:
    """The `Story` of the module: its own, or the one that it imports."""
    return request.module.Story(cards_world)


@pytest.fixture
def clean_at_the_end(cards_world: World) -> Iterator[None]:
    """Whatever happened, the books are whole when everything has been done."""
    yield
    cards_world.run_jobs()
    assert cards_world.broken_promises() == []
