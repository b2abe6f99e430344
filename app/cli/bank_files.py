"""flask payments import-statement | lines | match"""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.payments import group
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.locales import LANGUAGES
from app.money import Money
from app.payments.escrow_files.adapter import FileGateway
from app.web.session import platform


def _by_files(name: str) -> FileGateway:
    gateway = platform().gateway_named(name)
    if not isinstance(gateway, FileGateway):
        raise Refused("gateway_takes_no_files", gateway=name)
    return gateway


def _stop(refused: Refused) -> click.exceptions.Exit:
    click.echo(labels.refusal(refused, LANGUAGES["en"]), err=True)
    return click.exceptions.Exit(2)


@group.command("import-statement")
@click.argument("gateway")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--opening", help="The opening balance, for a bank whose files have none.")
@click.option("--closing", help="The closing balance, likewise.")
def import_statement(gateway: str, file: Path, opening: str | None, closing: str | None) -> None:
    """Take in a bank statement, as a whole or not at all. Exit code 2 names what is wrong."""
    if (opening is None) != (closing is None):
        raise click.UsageError("--opening and --closing are given together.")
    typed = None if opening is None or closing is None else (opening, closing)
    try:
        taken = _by_files(gateway).import_statement(file.read_bytes(), typed)
    except Refused as refused:
        raise _stop(refused) from None
    click.echo(f"{file.name}: {taken.new} new lines, {taken.unmatched} for a person to look at.")


@group.command("lines")
@click.argument("gateway")
def lines(gateway: str) -> None:
    """List the lines that wait for a person: doubled, or in answer to nothing that was asked."""
    try:
        waiting = _by_files(gateway).desk.waiting()
    except Refused as refused:
        raise _stop(refused) from None
    for line in waiting:
        mark = " (doubled)" if line.doubled else ""
        amount = Money(line.amount_minor, line.currency)
        click.echo(f"{line.line_id}  {line.booked_on.isoformat()}  {amount}  {line.text}{mark}")


@group.command("match")
@click.argument("gateway")
@click.argument("line")
@click.argument("reference", required=False)
@click.option("--by", required=True, help="Who says so.")
def match(gateway: str, line: str, reference: str | None, by: str) -> None:
    """Say what a line is for, by our reference or the payer's; without one, a doubled line only counts."""
    try:
        _by_files(gateway).desk.match(line, reference, by)
    except Refused as refused:
        raise _stop(refused) from None
    except NotFound:
        click.echo("There is no such line, or no such reference.", err=True)
        raise click.exceptions.Exit(2) from None
    click.echo(f"{line} is matched.")
