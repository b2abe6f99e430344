"""Brings a database to the schema of this code, and says how far it is from it.

Our own tables come from Alembic (`migrations/`), the job library's from the library. Alembic brings SQLAlchemy's words for
every database there is, nine megabytes of them: it is loaded by who changes a schema, not by every web process.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from procrastinate.schema import SchemaManager
from sqlalchemy import URL, Connection, create_engine, inspect, text

from app.database import Database
from app.models import metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parents[1] / "migrations"
#: One upgrade at a time, however many processes start together.
UPGRADE_LOCK = 7_421_001


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration that is missing."""
    from alembic import command

    with database.engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
        connection.commit()
        command.upgrade(_config(connection), revision)
        connection.commit()
        _upgrade_job_library(connection)
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": UPGRADE_LOCK})
        connection.commit()


@contextmanager
def spare(url: URL) -> Iterator[URL]:
    """A database beside this one with the newest schema and nothing else in it, until the block ends.

    Raises sqlalchemy's ProgrammingError where its user may not create databases.
    """
    name = f"{url.database}_spare_{secrets.token_hex(4)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1)
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        try:
            database = Database(url.set(database=name))
            upgrade(database)
            database.close()
            yield database.url
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        server.dispose()


def downgrade(database: Database, revision: str) -> None:
    """Go back to an earlier revision."""
    from alembic import command

    with database.engine.connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def head() -> str:
    """The newest revision of this code: migrations are numbered, and the number begins their file's name."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest revision."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [head()]


def differences(connection: Connection) -> list[str]:
    """What the tables of the database and the models of the code do not agree on."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_object": lambda obj, name, type_, reflected, other: (
                not (type_ == "table" and str(name).startswith("procrastinate_"))
            ),
        },
    )
    return [str(difference) for difference in compare_metadata(context, metadata)]


def _upgrade_job_library(connection: Connection) -> None:
    """Install the job library's tables, or apply its own migrations since the version noted on its table."""
    installed = version("procrastinate")
    noted = connection.execute(
        text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")
    ).scalar_one_or_none()
    exists = connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar_one() is not None
    if noted == installed:
        return
    if exists:
        since = _numbers(str(noted))
        files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
        for file in files:
            if since < _numbers(file.name.split("_")[0]) <= _numbers(installed):
                connection.exec_driver_sql(file.read_text().replace("%", "%%"))
    else:
        connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{installed}'")


def _numbers(dotted: str) -> tuple[int, ...]:
    return tuple(int(part) for part in dotted.split("."))
