"""A real PostgreSQL for every test: one server a run, one database a test, cloned from a migrated template."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import URL, Engine, create_engine
from werkzeug.routing import Rule

from app import clock, database, schema
from app.actor import SYSTEM
from app.wiring import Platform, build, keep_editions
from config import Settings
from tests import emptying, scenarios
from tests.builders import World
from tests.emptying import SharedDatabase
from tests.keeping import Beginning
from tests.servers import ROOT, Server, running

#: The instant at which every test begins, unless it says otherwise: a Tuesday.
NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
TEMPLATE = "template_openraise"
#: The database of the test that runs now.
NAME = "openraise_test"
USUAL_POOL = 8
Begin = Callable[..., World]
#: Modules that take the longest: begun first, so that no worker is left alone with one of them at the end.
FIRST = (
    "tests/stories/", "tests/cli/test_demo.py", "tests/payments/machine/", "tests/payments/crashes/",
    "tests/payments/scenarios/", "tests/payments/test_after_the_payment.py", "tests/closings/", "tests/screening/",
)  # fmt: skip


def pytest_collection_finish() -> None:
    """What was imported stays for good: no collection of garbage needs to look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    if isinstance(item, pytest.Function):
        scenarios.require_whole_books(item)
    return result


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as found:
        if not os.environ.get("TEST_TEMPLATE_IS_MADE"):  # who runs pytest thousands of times makes it once
            make_template(found)
        yield found


def make_template(server: Server) -> None:
    server.drop(TEMPLATE)
    server.execute(f"CREATE DATABASE {TEMPLATE}")
    platform = build(settings(server.url(TEMPLATE), Path(tempfile.gettempdir()), GATEWAYS="sandbox,sandbox_cards"))
    schema.upgrade(platform.database)
    for far_side in platform.far_sides.values():
        far_side.install()
    keep_editions(platform)
    platform.close()
    with psycopg.connect(server.url(TEMPLATE)) as connection:
        connection.execute(emptying.INSTALL)


def environment(database_url: str, data_dir: Path, **others: str) -> dict[str, str]:
    """What an operator would set, for a test."""
    return {
        "OPENRAISE_ENV": "test",
        "SECRET_KEY": "a test key that is long enough to be one",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "PUBLIC_URL": "http://localhost",
        **others,
    }


def settings(database_url: str, data_dir: Path, **others: str) -> Settings:
    return Settings.from_environment(environment(database_url, data_dir, **others), ROOT)


@pytest.fixture(scope="session")
def shared_database(server: Server) -> Iterator[SharedDatabase]:
    shared = SharedDatabase(server, TEMPLATE, NAME)
    yield shared
    shared.end()


@pytest.fixture
def database_url(shared_database: SharedDatabase, one_engine: KeptEngine, request: pytest.FixtureRequest) -> str:
    """A database with the newest schema and nothing but what that comes with."""
    if shared_database.begin(str(request.path)):
        one_engine.disconnect()
    return shared_database.url


class KeptEngine:
    """One engine for the shared database: what was compiled, planned and connected for one test serves the next."""

    def __init__(self) -> None:
        self.engine: Engine | None = None

    def create(self, url: URL, **options: Any) -> Engine:
        if url.database != NAME or options["pool_size"] != USUAL_POOL:
            return create_engine(url, **options)
        if self.engine is None:
            # No server goes away in between: each use of a connection asks one question less.
            self.engine = create_engine(url, **{**options, "pool_pre_ping": False})
            self.engine.dispose = self.leave  # type: ignore[method-assign]
        return self.engine

    def leave(self, close: bool = True) -> None:
        """Who is done with it leaves its connections to the next; only a process that was forked must not use them."""
        if not close and self.engine is not None:
            Engine.dispose(self.engine, close=False)

    def disconnect(self) -> None:
        if self.engine is not None:
            Engine.dispose(self.engine)


@pytest.fixture(scope="session", autouse=True)
def one_engine() -> Iterator[KeptEngine]:
    kept = KeptEngine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", kept.create)
        yield kept
        kept.disconnect()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile each template once, though every test that needs a site makes its own."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": cache})
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_addresses() -> Iterator[None]:
    """Every site has the same two hundred addresses: what builds them is compiled once, too."""
    kept: dict[tuple[str, str, bool], Any] = {}
    compiled = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, str(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    """The whole platform on a database of its own, its clock stopped at `NOW`."""
    made = build(settings(database_url, tmp_path))
    with made.database.transaction(SYSTEM) as tx:
        clock.freeze(tx.session, NOW)
    yield made
    made.close()


@pytest.fixture
def beginning(shared_database: SharedDatabase, request: pytest.FixtureRequest) -> Begin:
    """Let a world on the database of this test begin as others of the file did."""

    def begin(world: World, *begun: str) -> World:
        if "monkeypatch" not in request.fixturenames:
            world.beginning = Beginning(shared_database, begun, shared_database.moment())
        return world

    return begin


@pytest.fixture
def world(platform: Platform, beginning: Begin) -> World:
    """Builds people, companies, offerings and pledges through the platform's own actions."""
    return beginning(World(platform), "world")
