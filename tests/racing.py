"""Many at once, each over a connection of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier
from typing import TypeVar

from app.database import Database
from app.errors import Refused
from tests.builders import World

Answer = TypeVar("Answer")


@contextmanager
def crowded(world: World) -> Iterator[World]:
    """The same world with a connection for everybody."""
    database = Database(world.platform.database.url, pool_size=40)
    crowd = World(replace(world.platform, database=database))
    crowd._numbers = world._numbers  # people are named on
    yield crowd
    database.close()


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer | str]:
    """Do all of this in the same moment; what each answered, or the code with which it was refused."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer | str:
        start.wait()
        try:
            return act()
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def came_of(acts: Sequence[Callable[[], object]]) -> list[str]:
    """Do all of this in the same moment; what came of each: "done", or the code with which it was refused."""

    def doing(act: Callable[[], object]) -> Callable[[], str]:
        def run() -> str:
            act()
            return "done"

        return run

    return at_once([doing(act) for act in acts])
