"""flask books check and flask db: the exit code tells a program what the lines tell a person."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory

from app import schema
from app.invariants import INVARIANTS
from tests.cli.conftest import Terminal


def test_sound_books_are_exit_code_0_with_a_line_for_every_promise(terminal: Terminal) -> None:
    terminal.world.held(terminal.world.live(), shares=4_000)
    result = terminal("books", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.rstrip().rsplit("0  holds", 1)[0].strip() for line in lines] == list(INVARIANTS)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ("UPDATE offering_progress SET held_minor = held_minor - 1", "P1"),
        ("UPDATE offering_progress SET taken_shares = taken_shares + 1", "P3"),
    ],
)
def test_a_fault_in_the_books_is_exit_code_1_and_named(terminal: Terminal, fault: str, promise: str) -> None:
    offering = terminal.world.live()
    terminal.world.held(offering, shares=4_000)
    terminal.world.sql(fault)
    result = terminal("books", "check")
    assert result.exit_code == 1
    broken = [line for line in result.stdout.splitlines() if "BROKEN" in line]
    assert [line.split()[0] for line in broken] == [promise]
    assert broken[0].endswith(f"1  BROKEN: {offering.id}")


def test_a_database_in_step_is_exit_code_0(terminal: Terminal) -> None:
    result = terminal("db", "check")
    assert (result.exit_code, result.output) == (0, "")


def test_a_column_that_nobody_migrated_is_exit_code_1(terminal: Terminal) -> None:
    terminal.world.sql("ALTER TABLE offerings ADD COLUMN mood text")
    result = terminal("db", "check")
    assert result.exit_code == 1 and "mood" in result.stdout


def test_a_database_behind_is_exit_code_1_until_it_is_upgraded(terminal: Terminal) -> None:
    assert terminal("db", "downgrade", "0006").exit_code == 0
    behind = terminal("db", "check")
    assert behind.exit_code == 1 and "not at the newest revision" in behind.stdout
    assert terminal("db", "upgrade").exit_code == 0
    assert terminal("db", "check").exit_code == 0
    with terminal.world.platform.database.engine.connect() as connection:
        assert schema.is_current(connection)


def test_the_newest_migration_has_the_highest_number() -> None:
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_heads() == [schema.head()]


def test_a_database_without_any_table_is_not_current(terminal: Terminal) -> None:
    with terminal.world.platform.database.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        assert not schema.is_current(connection)


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(terminal: Terminal) -> None:
    before = terminal.world.contents()
    assert terminal("db", "upgrade").exit_code == 0
    assert terminal.world.contents() == before
