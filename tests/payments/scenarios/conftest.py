"""One world with both sandboxes for the scenarios of a module. Its clock only goes on; every scenario ends with clean books."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import TEMPLATE, settings
from tests.payments.sandbox.cards import Cards
from tests.payments.scenarios.scene import Scene
from tests.servers import Server
from tests.web.browser import Site


@pytest.fixture(scope="module")
def module_site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    name = server.create(TEMPLATE)
    folder = tmp_path_factory.mktemp("site")
    site = Site(
        settings(server.url(name), folder, GATEWAYS="sandbox,sandbox_cards", REGIMES="US-CF,US-REGA,JP-ECF,KR-ECF")
    )
    Cards.of(site.world)
    yield site
    site.close()
    server.drop(name)


@pytest.fixture
def scene(module_site: Site) -> Iterator[Scene]:
    """Whatever went wrong meanwhile, at the end every promise holds."""
    scene = Scene(module_site)
    yield scene
    scene.nothing_goes_wrong_any_more()
    scene.until_quiet(rounds=1)
    assert scene.world.broken_promises() == []
