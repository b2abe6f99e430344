"""flask db upgrade | downgrade | check"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app import schema
from app.web.session import platform
from app.wiring import keep_editions

group = AppGroup("db", help="The schema of the database.")


@group.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Apply every migration that is missing."""
    schema.upgrade(platform().database, revision)
    for far_side in platform().far_sides.values():
        far_side.install()
    if revision == "head":
        keep_editions(platform())
    click.echo("The schema is up to date.")


@group.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Go back to an earlier revision."""
    schema.downgrade(platform().database, revision)


@group.command("check")
def check() -> None:
    """Fail when the tables and the models of the code do not agree."""
    with platform().database.engine.connect() as connection:
        differences = schema.differences(connection)
        current = schema.is_current(connection)
    for difference in differences:
        click.echo(difference)
    if not current:
        click.echo("The database is not at the newest revision.")
    raise SystemExit(bool(differences) or not current)
