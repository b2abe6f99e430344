"""An open offering whose company wants to change something."""

from __future__ import annotations

import pytest

from tests.builders import World
from tests.changes.story import Story


@pytest.fixture
def story(world: World) -> Story:
    return Story.of(world, world.live(target="500"))
