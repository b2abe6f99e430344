"""The cards persona on a database that the tests of a module share, begun anew for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import World
from tests.payments.sandbox.cards import SECRET, Cards


@pytest.fixture
def cards(shared_world: World) -> Iterator[Cards]:
    cards = Cards(shared_world.platform.database.url, SECRET)
    yield cards
    cards.provider.remove()
    cards.provider.close()
