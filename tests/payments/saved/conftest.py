"""One such offering for each test."""

from __future__ import annotations

import pytest

from tests.builders import World
from tests.payments.saved.story import Saved


@pytest.fixture
def saved(cards_world: World) -> Saved:
    return Saved(cards_world)
