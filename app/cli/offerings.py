"""flask offerings import-form-c"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.actor import command_line
from app.errors import Refused
from app.i18n import labels
from app.i18n.locales import ENGLISH
from app.i18n.words import said
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.offerings import actions, queries
from app.offerings.disclosures import checklist, open_tasks
from app.offerings.form_c import LARGEST_BYTES
from app.web.session import platform

group = AppGroup("offerings", help="Offerings.")
#: Recognised, but nothing to do: that is no error.
HARMLESS = ("filing_opens_no_offering", "filing_known")


@group.command("import-form-c")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", help="E-mail of the person who will act for the company.")
def import_form_c(file: Path, owner: str | None) -> None:
    """Make a draft from an SEC Form C file. Exit code 2 when the file cannot be read as one."""
    try:
        with file.open("rb") as opened:
            parsed = actions.read_form_c(opened.read(LARGEST_BYTES + 1))
        with platform().database.transaction(command_line("import-form-c")) as tx:
            person = identity.by_email(tx.session, owner) if owner else None
            if owner and person is None:
                raise click.ClickException(f"there is no account with the address {owner}")
            offering = actions.import_form_c(
                tx, parsed, platform().regime("US-CF"), fee_bps=platform().settings.platform_fee_bps,
                owner_id=person.id if person else None,
            )  # fmt: skip
    except Refused as refused:
        click.echo(labels.refusal(refused, ENGLISH), err=refused.code not in HARMLESS)
        raise SystemExit(0 if refused.code in HARMLESS else 2) from None
    _report(offering.ref, parsed.unreadable)


def _report(ref: str, unreadable: tuple[str, ...]) -> None:
    with platform().database.snapshot() as view:
        offering = queries.by_ref(view.session, ref)
        issuer = issuers.issuer(view.session, offering.issuer_id)
        tasks = checklist(offering, issuer, len(queries.documents(view.session, offering.id)), view.now)
    click.echo(f"Draft {offering.ref} for {issuer.legal_name} ({issuer.ref}).")
    for field in unreadable:
        click.echo(f"  could not be read, kept as filed: {field}")
    waiting = open_tasks(tasks)
    click.echo(f"{len(waiting)} tasks are open on the checklist:")
    for task in waiting:
        click.echo(f"  - {said(ENGLISH, labels.TASKS[task.code])}")
