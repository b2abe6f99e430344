"""flask statements key | verify"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.errors import Refused
from app.i18n import labels
from app.i18n.locales import LANGUAGES
from app.limit_statements import document
from app.money import Money
from app.web.session import platform

group = AppGroup("statements", help="Limit statements between installations.")


@group.command("key")
def key() -> None:
    """Print the public key, as another installation's TRUSTED_INSTALLATIONS takes it, and in PEM."""
    signer = platform().statement_signer
    click.echo(signer.public_hex())
    click.echo(signer.public_key().decode(), nl=False)


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Say whether a statement would be taken in today, whoever it is about. Exit code 2 names what is wrong."""
    own = platform().statement_signer.public_hex()
    names = {**platform().settings.trusted_installations, own: "this installation"}
    with platform().database.snapshot() as view:
        now = view.now
    try:
        found = document.read(file.read_bytes(), names, now)
    except Refused as refused:
        click.echo(f"{file.name}: {labels.refusal(refused, LANGUAGES['en'])}", err=True)
        raise click.exceptions.Exit(2) from None
    sums = ", ".join(str(Money(minor, currency)) for currency, minor in found.totals.items()) or "nothing"
    click.echo(f"{file.name} is signed by {names[found.key]} and good until {found.expires_at.isoformat()}.")
    click.echo(f"{found.since} to {found.until}: {len(found.lines)} purchases, {sums}.")
