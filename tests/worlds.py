"""A world that the tests of one module share: quicker, where no test minds what the others left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app import clock
from app.wiring import build
from tests.builders import World
from tests.conftest import NOW, TEMPLATE, settings
from tests.servers import Server


@contextmanager
def shared(server: Server, folder: Path, **others: str) -> Iterator[World]:
    """A world on a database of its own, its clock stopped at `NOW`."""
    name = server.create(TEMPLATE)
    platform = build(settings(server.url(name), folder, **others))
    if platform.sandbox_cards is not None:
        platform.sandbox_cards.install()
    world = World(platform)
    stop_clock(world)
    yield world
    platform.close()
    server.drop(name)


def stop_clock(world: World) -> None:
    """Back to the instant at which every test begins."""
    with world.acting() as tx:
        clock.freeze(tx.session, NOW)
