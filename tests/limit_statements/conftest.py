"""The two installations of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import World
from tests.limit_statements.installations import NORTH, NORTH_SECRET, installation
from tests.servers import Server


@pytest.fixture
def north(server: Server, tmp_path: Path) -> Iterator[World]:
    """Another installation."""
    with installation(server, tmp_path / "north", SECRET_KEY=NORTH_SECRET) as world:
        yield world


@pytest.fixture
def here(server: Server, tmp_path: Path) -> Iterator[World]:
    """Ours, which trusts the other one."""
    with installation(server, tmp_path / "here", TRUSTED_INSTALLATIONS=f"North={NORTH.public_hex()}") as world:
        yield world
