"""flask books check | reconcile | dormant | bill-paid | claim-loss | freeze | thaw"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from flask.cli import AppGroup

from app import invariants
from app.actor import SYSTEM
from app.custody import bills
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.locales import LANGUAGES
from app.jobs import reconcile as job
from app.money import Money
from app.offerings import queries as offerings
from app.reconciliation import actions, queries, tables
from app.reconciliation.dormant import dormant as find_dormant
from app.regimes import platform_policy
from app.switches import actions as switches
from app.web.session import platform

group = AppGroup("books", help="The books and what they promise.")


@group.command("check")
def check() -> None:
    """Run every invariant: name, rows that break it, verdict. Exit code 1 if one fails."""
    with platform().database.snapshot() as view:
        findings = invariants.check(view.session)
    for finding in findings:
        verdict = "holds" if finding.holds else f"BROKEN: {', '.join(finding.examples)}"
        click.echo(f"{finding.name:<75} {finding.rows:>5}  {verdict}")
    raise SystemExit(any(not finding.holds for finding in findings))


@group.command("reconcile")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day to compare; today if not given.")
@click.option("--ask/--no-ask", default=True, help="Read the gateways' own lines first.")
def reconcile(day: datetime | None, ask: bool) -> None:
    """Compare books, gateways and banks on a day, and print it with its breaks as CSV.

    Exit code 1: an account differs or a hard break is open. Exit code 2: a gateway could not be read.
    """
    silent = False
    if ask:
        try:
            job.run(platform())
        except ExceptionGroup as group:
            silent = True
            for failure in group.exceptions:
                click.echo(f"not read: {type(failure).__name__}", err=True)
    else:
        with platform().database.transaction(SYSTEM, "books reconcile") as tx:
            actions.reconcile(tx, platform().environment)
    with platform().database.transaction(SYSTEM, "books reconcile") as tx:
        asked = day.date() if day else platform_policy.PACK.day_of(tx.now)
        differing = actions.compare_day(tx, asked)
    with platform().database.snapshot() as view:
        accounts, breaks = queries.compared(view.session, asked), queries.breaks_of(view.session, asked)
        hard = queries.hard_breaks(view.session, asked)
    click.echo(tables.as_csv((tables.DAY, tables.days(accounts)), (tables.BREAKS, tables.breaks(breaks))), nl=False)
    click.echo(f"{asked}: {len(accounts)} accounts, {differing} differ, {hard} hard breaks open", err=True)
    raise SystemExit(2 if silent else int(bool(differing or hard)))


@group.command("dormant")
def dormant() -> None:
    """Print clients' money that nobody touches, with the reason, as CSV. Exit code 1 if there is any."""
    with platform().database.snapshot() as view:
        found = find_dormant(view)
    click.echo(tables.as_csv((tables.DORMANT, tables.dormant(found))), nl=False)
    raise SystemExit(bool(found))


@group.command("bill-paid")
@click.argument("offering")
@click.argument("line")
def bill_paid(offering: str, line: str) -> None:
    """Book LINE (gateway:id, of money in the platform's own account) as the company's payment of a bill. Exit code 2: it is not."""
    with _refusals_told(offering), platform().database.transaction(SYSTEM, "books bill-paid") as tx:
        found = offerings.by_ref(tx.session, offering)
        left = bills.pay(tx, found.id, line)
    click.echo(f"booked; {left} of the bills of {offering} is owed still")


@group.command("claim-loss")
@click.argument("offering")
@click.argument("amount")
def claim_loss(offering: str, amount: str) -> None:
    """Bill the company, as it agreed, AMOUNT of what the platform lost on the offering's pledges. Exit code 2: it was not that much."""
    with _refusals_told(offering), platform().database.transaction(SYSTEM, "books claim-loss") as tx:
        found = offerings.by_ref(tx.session, offering)
        try:
            claimed = Money.of(amount, found.currency)
        except (ValueError, ArithmeticError):
            raise click.UsageError(f"{amount} is no amount") from None
        ref = bills.claim_loss(tx, found.id, claimed)
    click.echo(f"billed as {ref}")


@contextmanager
def _refusals_told(offering: str) -> Iterator[None]:
    """What is refused about an offering is said, and ends with exit code 2."""
    try:
        yield
    except NotFound:
        click.echo(f"there is no offering {offering}", err=True)
        raise SystemExit(2) from None
    except Refused as refused:
        click.echo(labels.refusal(refused, LANGUAGES["en"]), err=True)
        raise SystemExit(2) from None


@group.command("freeze")
@click.option("--why", required=True, help="The reason, for the trail.")
def freeze(why: str) -> None:
    """Send nothing to any gateway: to be said right after a backup was restored, before any worker starts."""
    try:
        with platform().database.transaction(SYSTEM, "books freeze") as tx:
            made = switches.freeze(tx, why)
    except Refused as refused:
        raise click.ClickException(labels.refusal(refused, LANGUAGES["en"])) from None
    click.echo(f"frozen by {made.ref}")


@group.command("thaw")
@click.option("--why", required=True, help="The reason, for the trail.")
def thaw(why: str) -> None:
    """Read every gateway, book what is missing, and send again; refused while anything that they did is not booked."""
    try:
        job.run(platform())
        with platform().database.transaction(SYSTEM, "books thaw") as tx:
            ended = actions.thaw(tx, platform().environment, list(platform().gateways), why)
    except ExceptionGroup as group:
        raise click.ClickException(f"a gateway could not be read: {type(group.exceptions[0]).__name__}") from None
    except Refused as refused:
        raise click.ClickException(labels.refusal(refused, LANGUAGES["en"])) from None
    click.echo(f"thawed, {ended.ref} is lifted")
