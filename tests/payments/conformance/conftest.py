"""A bench for the sandbox: its own schema in a database that the tests of a module share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app import wiring
from app.database import normalised
from app.payments.conformance.bench import Bench
from tests.conftest import TEMPLATE, settings
from tests.servers import Server


@pytest.fixture(scope="module")
def make_bench(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Bench]]:
    name = server.create(TEMPLATE)
    made: list[Bench] = []
    used = settings(server.url(name), tmp_path_factory.mktemp("bench"))

    def make(gateway: str) -> Bench:
        made.append(wiring.bench(gateway, used, normalised(used.database_url)))
        return made[-1]

    yield make
    for bench in made:
        bench.close()
    server.drop(name)
