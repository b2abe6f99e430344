"""What a transaction and a snapshot are, whatever becomes of them: asked of the database itself."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError, ProgrammingError

from app.actor import SYSTEM
from app.database import Database
from app.switches import actions as switches
from tests.builders import World

PID = text("SELECT pg_backend_pid()")


@pytest.fixture
def one(world: World) -> Iterator[Database]:
    """With a single connection: what one left behind the next would meet."""
    database = Database(world.platform.database.url, pool_size=1)
    world.sql("CREATE TABLE kept (number int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    yield database
    database.close()
    world.sql("DROP TABLE kept")


def kept(world: World) -> list[int]:
    return [number for (number,) in world.sql("SELECT number FROM kept ORDER BY 1")]


def is_left_clean(world: World, database: Database) -> bool:
    """Nobody is left in a transaction, and the next one writes."""
    idle = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    )
    assert world.sql(idle) == [(0,)]
    with database.transaction(SYSTEM) as tx:
        tx.session.execute(text("INSERT INTO kept VALUES (99)"))
    assert kept(world)[-1] == 99
    return True


def test_a_snapshot_writes_nothing(one: Database, world: World) -> None:
    for statement in (
        "INSERT INTO kept VALUES (1)",
        "SELECT nextval('audit_events_id_seq')",
        "CREATE TABLE other (a int)",
    ):
        with pytest.raises(DBAPIError, match="read-only"), one.snapshot() as view:
            view.session.execute(text(statement))
    assert kept(world) == [] and is_left_clean(world, one)


def test_a_snapshot_sees_one_instant(one: Database, world: World) -> None:
    """From its beginning, not only from its first question."""
    with one.snapshot() as view:
        world.sql("INSERT INTO kept VALUES (1)")
        assert view.session.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0
        world.sql("INSERT INTO kept VALUES (2)")
        assert view.session.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0
        assert view.session.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
    with one.transaction(SYSTEM) as tx:  # over the same connection
        assert tx.session.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
        assert tx.session.execute(text("SHOW transaction_read_only")).scalar_one() == "off"
        assert tx.session.execute(text("SELECT count(*) FROM kept")).scalar_one() == 2
        world.sql("INSERT INTO kept VALUES (3)")
        assert tx.session.execute(text("SELECT count(*) FROM kept")).scalar_one() == 3


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_fails_leaves_nothing(one: Database, world: World, failure: type[BaseException]) -> None:
    def act() -> None:
        with one.transaction(SYSTEM) as tx:
            tx.session.execute(text("INSERT INTO kept VALUES (1)"))
            raise failure

    with pytest.raises(failure):
        act()
    assert kept(world) == [] and is_left_clean(world, one)


def test_a_savepoint_takes_back_its_own_part_alone(one: Database, world: World) -> None:
    with one.transaction(SYSTEM) as tx:
        tx.session.execute(text("INSERT INTO kept VALUES (1)"))
        with suppress(RuntimeError), tx.session.begin_nested():
            tx.session.execute(text("INSERT INTO kept VALUES (2)"))
            raise RuntimeError
        with tx.session.begin_nested():
            tx.session.execute(text("INSERT INTO kept VALUES (3)"))
        assert kept(world) == []
    assert kept(world) == [1, 3] and is_left_clean(world, one)


@pytest.mark.parametrize("fails", [False, True])
def test_a_rehearsal_leaves_nothing(one: Database, world: World, fails: bool) -> None:
    try:
        with one.rehearsal(SYSTEM) as tx:
            switches.set_off(tx, "Only to see what it would do.")
            tx.session.execute(text("INSERT INTO kept VALUES (1)"))
            if fails:
                raise RuntimeError
    except RuntimeError:
        assert fails
    assert kept(world) == [] and world.sql("SELECT count(*) FROM switches") == [(0,)]
    assert is_left_clean(world, one)


def test_what_the_commit_refuses_is_said(one: Database, world: World) -> None:
    with pytest.raises(DBAPIError, match="kept_pkey"), one.transaction(SYSTEM) as tx:
        tx.session.execute(text("INSERT INTO kept VALUES (1), (1)"))
    assert kept(world) == [] and is_left_clean(world, one)


def test_after_a_lost_connection_nothing_of_it_is_written_by_another(one: Database, world: World) -> None:
    def act() -> None:
        with one.transaction(SYSTEM) as tx:
            tx.session.execute(text("INSERT INTO kept VALUES (1)"))
            lost = tx.session.execute(PID).scalar_one()
            world.sql(f"SELECT pg_terminate_backend({lost}, 5000)")
            with pytest.raises(OperationalError):
                tx.session.execute(text("INSERT INTO kept VALUES (2)"))
            with pytest.raises(PendingRollbackError):
                tx.session.execute(text("INSERT INTO kept VALUES (3)"))

    with pytest.raises(PendingRollbackError):
        act()
    assert kept(world) == [] and is_left_clean(world, one)


def test_a_connection_that_was_lost_while_nobody_used_it_is_replaced(one: Database, world: World) -> None:
    for begin in (one.snapshot, lambda: one.transaction(SYSTEM)):
        with begin() as view:
            lost = view.session.execute(PID).scalar_one()
        world.sql(f"SELECT pg_terminate_backend({lost}, 5000)")
        with begin() as view:
            assert view.session.execute(PID).scalar_one() != lost
    assert is_left_clean(world, one)


@contextmanager
def clock_of(world: World, body: str) -> Iterator[None]:
    """The platform's clock does something else meanwhile."""
    world.sql("ALTER FUNCTION platform_now() RENAME TO platform_now_before")
    if body:
        world.sql(f"CREATE FUNCTION platform_now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    try:
        yield
    finally:
        world.sql("DROP FUNCTION IF EXISTS platform_now()")
        world.sql("ALTER FUNCTION platform_now_before() RENAME TO platform_now")


def begin_both(database: Database, failure: type[BaseException]) -> None:
    for begin in (database.snapshot, lambda: database.transaction(SYSTEM), lambda: database.rehearsal(SYSTEM)):
        with pytest.raises(failure), begin():
            raise AssertionError("it began")


def test_a_beginning_that_is_refused_leaves_nobody_in_a_transaction(one: Database, world: World) -> None:
    with clock_of(world, ""):
        begin_both(one, ProgrammingError)
    assert is_left_clean(world, one)


def test_a_beginning_during_which_the_connection_is_lost_leaves_nobody_in_a_transaction(
    one: Database, world: World
) -> None:
    with clock_of(world, "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5);"):
        begin_both(one, OperationalError)
    assert is_left_clean(world, one)


def test_a_beginning_that_takes_too_long_leaves_nobody_in_a_transaction(one: Database, world: World) -> None:
    with clock_of(
        world, "PERFORM set_config('statement_timeout', '10', true); PERFORM pg_sleep(0.01); RAISE query_canceled;"
    ):
        begin_both(one, OperationalError)
    assert is_left_clean(world, one)


def test_a_beginning_that_is_interrupted_leaves_nobody_in_a_transaction(one: Database, world: World) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with clock_of(world, "PERFORM pg_sleep(20); RETURN now();"):
            for begin in (one.snapshot, lambda: one.transaction(SYSTEM)):
                signal.setitimer(signal.ITIMER_REAL, 0.3)
                with pytest.raises(KeyboardInterrupt), begin():
                    raise AssertionError("it began")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert is_left_clean(world, one)
