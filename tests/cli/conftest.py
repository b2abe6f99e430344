"""The commands of the site, run in this process on a database of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app import clock, create_app
from app.actor import SYSTEM
from app.web.session import platform_of
from tests.builders import World
from tests.conftest import NOW, Begin, settings


@dataclass(frozen=True)
class Terminal:
    """Somebody at a terminal of the host."""

    app: Flask
    world: World

    def __call__(self, *words: object, typed: str | None = None) -> Result:
        result = self.app.test_cli_runner().invoke(args=[str(word) for word in words], input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def refused(self, *words: object, code: int, typed: str | None = None) -> str:
        """A command that must fail with this exit code and change nothing; what it says about it."""
        before = self.world.contents()
        result = self(*words, typed=typed)
        assert (result.exit_code, result.stdout) == (code, "")
        assert self.world.contents() == before
        return result.stderr


@pytest.fixture
def terminal(database_url: str, tmp_path: Path, beginning: Begin) -> Iterator[Terminal]:
    app = create_app(settings(database_url, tmp_path))
    made = platform_of(app)
    with made.database.transaction(SYSTEM) as tx:
        clock.freeze(tx.session, NOW)
    yield Terminal(app, beginning(World(made), "terminal"))
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
