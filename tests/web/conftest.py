"""A site of one's own for tests that change things, and one market that is only looked at or refused to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import World
from tests.conftest import TEMPLATE, Begin, settings
from tests.servers import Server
from tests.web.browser import Site
from tests.web.market import Market


@pytest.fixture
def site(database_url: str, tmp_path: Path, beginning: Begin) -> Iterator[Site]:
    made = Site(settings(database_url, tmp_path))
    beginning(made.world, "site")
    yield made
    made.close()


@pytest.fixture
def world(site: Site) -> World:
    """The world that the site shows."""
    return site.world


@pytest.fixture(scope="module")
def shared_site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for the tests of a module that do not mind each other."""
    name = server.create(TEMPLATE)
    made = Site(settings(server.url(name), tmp_path_factory.mktemp("data")))
    yield made
    made.close()
    server.drop(name)


@pytest.fixture(scope="session")
def market(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Everything that a page can show, made once. Who uses it changes nothing in it."""
    name = server.create(TEMPLATE)
    site = Site(settings(server.url(name), tmp_path_factory.mktemp("data")))
    yield Market(site)
    site.close()
    server.drop(name)
