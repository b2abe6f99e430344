"""flask cash dormant | days"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.cash import queries
from app.money import Money
from app.web.session import platform

group = AppGroup("cash", help="Investors' cash accounts.")

DAYS = 30


@group.command("dormant")
def dormant() -> None:
    """List free cash that has not moved for as long as the policy says: investor, amount, when it last moved."""
    with platform().database.snapshot() as view:
        found = queries.dormant(view.session, view.now)
    for one in found:
        click.echo(
            f"investor-{one.investor_id:<10} {Money(one.minor, one.currency)!s:>24}  {one.since.date().isoformat()}"
        )


@group.command("days")
def days() -> None:
    """List the last comparisons with the custodian, the newest first. Exit code 1 if the newest of one differs."""
    with platform().database.snapshot() as view:
        found = queries.days(view.session, DAYS)
    newest: dict[tuple[str, str], int] = {}
    for one in found:
        newest.setdefault((one.gateway, one.currency), one.difference_minor)
        told = [Money(minor, one.currency) for minor in (one.ledger_minor, one.custodian_minor, one.difference_minor)]
        click.echo(f"{one.day.isoformat()}  {one.gateway:<16}" + "".join(f"{amount!s:>24}" for amount in told))
    raise SystemExit(any(newest.values()))
