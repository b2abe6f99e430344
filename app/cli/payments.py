"""flask payments conform NAME"""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import click
from flask.cli import AppGroup

from app import schema
from app.payments.conformance import kit
from app.web.session import platform
from app.wiring import bench
from config import ConfigurationError

group = AppGroup("payments", help="The gateways: what proves them, and what is handed to them by file.")


@group.command("conform")
@click.argument("name")
def conform(name: str) -> None:
    """Run every check of the conformance kit on a gateway's bench: a line each. Exit code 1 names what is broken.

    Exit code 2: the gateway has no bench, or would move real money; or the database is not that of this code. See
    docs/gateways.md.
    """
    with platform().database.engine.connect() as connection:
        if not schema.is_current(connection):
            click.echo("The database is not at the newest revision: see `db upgrade`.", err=True)
            raise SystemExit(2)
    try:
        made = bench(name, platform().settings, platform().database.url)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    with closing(made):
        try:
            verdicts = [_told(verdict) for verdict in kit.run(made)]
        except kit.RealMoney:
            click.echo(f"{name} would move real money: nothing was asked of it", err=True)
            raise SystemExit(2) from None
    count = Counter(verdict.result for verdict in verdicts)
    click.echo(f"{name}: {count['holds']} hold, {count['broken']} broken, {count['not asked']} not asked")
    broken = [verdict.name for verdict in verdicts if verdict.result == "broken"]
    if broken:
        click.echo(f"broken: {', '.join(broken)}", err=True)
        raise SystemExit(1)


def _told(verdict: kit.Verdict) -> kit.Verdict:
    result = verdict.result.upper() if verdict.result == "broken" else verdict.result
    click.echo(f"{verdict.name:<55} {result:<9} {verdict.note}".rstrip())
    return verdict
