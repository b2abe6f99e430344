"""flask payments conform NAME | pay-back PLEDGE; see also `bank_files` and `events`"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import click
from flask.cli import AppGroup
from sqlalchemy import URL
from sqlalchemy.exc import ProgrammingError

from app import schema
from app.actor import command_line
from app.errors import NotFound
from app.payments.conformance import kit
from app.pledges import actions as pledges
from app.pledges import queries, refunds
from app.web.session import platform
from app.wiring import bench, needs_own_database
from config import ConfigurationError

group = AppGroup("payments", help="The gateways: what proves them, and what is handed to them by file.")


@group.command("conform")
@click.argument("name")
@click.option("--bench", "offered_at", default="", metavar="MODULE:FUNCTION", help="What makes its bench.")
def conform(name: str, offered_at: str) -> None:
    """Run every check of the conformance kit on a gateway's bench: a line each. Exit code 1 names what is broken.

    Exit code 2: the gateway has no bench, or would move real money; or the database is not that of this code, or its user
    may not create the one that a custodian by files is proved on. See docs/gateways.md.
    """
    with platform().database.engine.connect() as connection:
        if not schema.is_current(connection):
            raise _unable("The database is not at the newest revision: see `db upgrade`.")
    with _database(name, offered_at) as url:
        try:
            made = bench(name, platform().settings, url, offered_at)
        except ConfigurationError as error:
            raise _unable(str(error)) from None
        with closing(made):
            try:
                verdicts = [_told(verdict) for verdict in kit.run(made)]
            except kit.RealMoney:
                raise _unable(f"{name} would move real money: nothing was asked of it") from None
    count = Counter(verdict.result for verdict in verdicts)
    click.echo(f"{name}: {count['holds']} hold, {count['broken']} broken, {count['not asked']} not asked")
    broken = [verdict.name for verdict in verdicts if verdict.result == "broken"]
    if broken:
        click.echo(f"broken: {', '.join(broken)}", err=True)
        raise SystemExit(1)


@contextmanager
def _database(name: str, offered_at: str) -> Iterator[URL]:
    """Where its bench stands: beside our own tables, or in a database that is thrown away again."""
    url = platform().database.url
    if offered_at or not needs_own_database(name):
        yield url
        return
    with ExitStack() as stack:
        try:
            own = stack.enter_context(schema.spare(url))
        except ProgrammingError:
            raise _unable(
                f"{name} is proved on a database of its own, and this one's user may not create any."
            ) from None
        yield own


def _unable(why: str) -> SystemExit:
    click.echo(why, err=True)
    return SystemExit(2)


def _told(verdict: kit.Verdict) -> kit.Verdict:
    result = verdict.result.upper() if verdict.result == "broken" else verdict.result
    click.echo(f"{verdict.name:<55} {result:<9} {verdict.note}".rstrip())
    return verdict


@group.command("pay-back")
@click.argument("pledge")
def pay_back(pledge: str) -> None:
    """Pay what is owed back for PLEDGE to its investor's own bank account, where the gateway refuses its refund for good.

    Look at the gateway first: a refund that it refuses because of a dispute would go out twice. Exit code 2: nothing was
    changed; nothing is owed, a refund is on its way, or there is no bank account that did not refuse it before.
    """
    with platform().database.transaction(command_line("pay-back")) as tx:
        try:
            found = pledges.take(tx, queries.by_ref(tx.session, pledge).id)
        except NotFound:
            raise click.UsageError(f"there is no pledge {pledge}") from None
        if not refunds.pay_back(tx, found, refused_too=True):
            click.echo(
                "Nothing was changed: nothing is owed, or it is on its way, or no bank account is known.", err=True
            )
            raise SystemExit(2)
    click.echo(f"What is owed for {pledge} goes to a bank account.")
