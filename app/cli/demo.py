"""flask demo seed | advance | accounts"""

from __future__ import annotations

import json
import re
from datetime import timedelta

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app import clock, schema
from app.demo import story
from app.demo.people import PEOPLE
from app.demo.stage import Stage
from app.identity.models import User
from app.web.session import platform
from app.wiring import Platform

group = AppGroup("demo", help="The demo market.")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def _require_no_production(made: Platform) -> None:
    if made.settings.is_production:
        raise click.ClickException("the demo is refused in production")


def seed_if_empty(made: Platform) -> bool:
    """Tell the story into an empty database; one with people in it is left alone.

    A story that was broken off (its people are there, and its clock stands still) is taken down and told anew.
    """
    _require_no_production(made)
    with made.database.snapshot() as view:
        people = set(view.session.scalars(select(User.email)))
        unfinished = clock.is_stopped(view.session) and people <= {person.email for person in PEOPLE}
    if people and not unfinished:
        return False
    if people:
        schema.downgrade(made.database, "base")
        schema.upgrade(made.database)
        for far_side in made.far_sides.values():
            far_side.forget_everything()
    story.tell(made)
    return True


@group.command("seed")
def seed() -> None:
    """Make the demo market, once."""
    if seed_if_empty(platform()):
        click.echo("The demo market is open. `flask demo accounts` shows who can sign in.")
    else:
        click.echo("There are people in this database already; nothing was changed.")


@group.command("advance")
@click.argument("by")
def advance(by: str) -> None:
    """Move the platform's clock on, such as 30d, 12h or 45m, and let happen what then happens."""
    _require_no_production(platform())
    found = re.fullmatch(r"([0-9]{1,4})([dhm])", by)
    if found is None:
        raise click.BadParameter("give a number and a unit, such as 30d, 12h or 45m")
    stage = Stage(platform())
    stage.pass_time(timedelta(**{_UNITS[found[2]]: int(found[1])}))
    click.echo(f"The platform's clock shows {stage.now():%Y-%m-%d %H:%M} UTC.")


@group.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="A list for programs.")
def accounts(as_json: bool) -> None:
    """Show the sign-ins of this installation's demo market."""
    _require_no_production(platform())
    key = platform().settings.secret_key
    rows = [
        {
            "role": person.role.value,
            "email": person.email,
            "password": person.password(key),
            "totp_secret": person.totp_secret(key),
        }
        for person in PEOPLE
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['role']:<20} {row['email']:<24} {row['password']}  {row['totp_secret'] or ''}")
