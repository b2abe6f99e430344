"""flask screening import | check | rescreen"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from app.actor import command_line
from app.alerts.models import SubjectType
from app.jobs import rescreen as job
from app.regimes import platform_policy
from app.screening import lists, queries
from app.screening.lists import BadList
from app.screening.models import Named
from app.web.session import platform

group = AppGroup("screening", help="Names and the lists they are compared with.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--list", "list_name", default="targets", show_default=True, help="Which list this is a version of.")
def import_list(file: Path, list_name: str) -> None:
    """Take in a list in OpenSanctions' simple CSV form, all of it or nothing. Exit code 2 when it is no such file."""
    try:
        with platform().database.transaction(command_line("screening import")) as tx:
            made = lists.take_in(tx, file, list_name)
    except BadList as error:
        click.echo(f"{file.name}: {error}", err=True)
        raise SystemExit(2) from None
    click.echo(f"{list_name}: {made.entries} entries; {made.added} new, {made.changed} changed, {made.gone} gone")
    click.echo(f"version {made.id}, SHA-256 {made.sha256}")


@group.command("check")
@click.argument("name")
@click.option("--born", type=click.DateTime(["%Y-%m-%d"]), help="Birth date.")
@click.option("--country", default="", help="ISO 3166, two letters.")
@click.option("--company", is_flag=True, help="The name of a company.")
def check(name: str, born: datetime | None, country: str, company: bool) -> None:
    """Show which listings a name would match; nothing is stored."""
    with platform().database.snapshot() as view:
        person = Named(
            SubjectType.INVESTOR, 0, name, country, born.date() if born else None, is_company=company
        )  # fmt: skip
        found = queries.matches(view.session, person, platform_policy.PACK.day_of(view.now))
    for match in found:
        listing = match.listing
        told = ", ".join(one for one in (*listing.births, *listing.countries) if one)
        click.echo(f"{match.score:3}  {listing.list_name}/{listing.entry_id}  {listing.name}  {told}".rstrip())
    click.echo(f"{len(found)} matches")


@group.command("rescreen")
def rescreen() -> None:
    """Compare everybody with the lists that came since they were compared last."""
    done = 0
    while compared := job.run(platform()):
        done += compared
    click.echo(f"{done} compared")
