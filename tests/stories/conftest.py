"""One running site for the stories of a module: real processes, real HTTP, a real database, the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock, invariants
from app.actor import SYSTEM
from app.wiring import Platform, build
from config import Settings
from tests import processes
from tests.builders import World
from tests.conftest import NOW, TEMPLATE, environment
from tests.processes import Site
from tests.servers import ROOT, Server


@pytest.fixture(scope="module")
def env(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the site's processes are told. Some stories hold hundreds of places at once, so unpaid ones last a day."""
    name = server.create(TEMPLATE)
    port = processes.free_port()
    yield environment(
        server.url(name), tmp_path_factory.mktemp("data"),
        PORT=str(port), PUBLIC_URL=f"http://127.0.0.1:{port}", PAYMENT_WINDOW_MINUTES="1440",
    )  # fmt: skip
    server.drop(name)


@pytest.fixture(scope="module")
def platform(env: dict[str, str]) -> Iterator[Platform]:
    made = build(Settings.from_environment(env, ROOT))
    with made.database.transaction(SYSTEM) as tx:
        clock.freeze(tx.session, NOW)
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(env: dict[str, str], platform: Platform) -> Iterator[Site]:
    with processes.running(env, int(env["PORT"]), Path(env["DATA_DIR"])) as found:
        yield found


@pytest.fixture(scope="module")
def people(platform: Platform, site: Site) -> World:
    """The same builder as elsewhere; what happens by itself is done by the site's workers."""
    return World(platform)


@pytest.fixture
def world(people: World) -> Iterator[World]:
    """Every story ends in order."""
    yield people
    with people.looking() as view:
        assert [finding for finding in invariants.check(view.session) if not finding.holds] == []
