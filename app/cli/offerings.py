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
from app.offerings import filings, form_c, queries
from app.offerings.disclosures import checklist, open_tasks
from app.offerings.filings import Outcome
from app.offerings.form_c import LARGEST_BYTES
from app.offerings.models import Offering
from app.web.session import platform

group = AppGroup("offerings", help="Offerings.")
#: The file was taken in before: that is no error.
HARMLESS = ("filing_known", "filing_known_alone")


@group.command("import-form-c")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", help="E-mail of the person who will act for the company.")
def import_form_c(file: Path, owner: str | None) -> None:
    """Make or amend a draft from an SEC Form C file, or keep the filing. Exit code 2 when it cannot be read as one."""
    try:
        with file.open("rb") as opened:
            parsed = form_c.read(opened.read(LARGEST_BYTES + 1))
        with platform().database.transaction(command_line("import-form-c")) as tx:
            person = identity.by_email(tx.session, owner) if owner else None
            if owner and person is None:
                raise click.ClickException(f"there is no account with the address {owner}")
            imported = filings.import_form_c(
                tx, parsed, platform().regime_in_use("US-CF"), fee_bps=platform().settings.platform_fee_bps,
                owner_id=person.id if person else None,
            )  # fmt: skip
    except Refused as refused:
        click.echo(labels.refusal(refused, ENGLISH), err=refused.code not in HARMLESS)
        if refused.code == "filing_known":
            _say_how_to_give(refused.facts["offering"])
        raise SystemExit(0 if refused.code in HARMLESS else 2) from None
    if imported.outcome is not Outcome.DRAFTED:
        click.echo(labels.filing(imported, parsed, ENGLISH))
    if imported.offering is not None and imported.outcome in (Outcome.DRAFTED, Outcome.AMENDED):
        _report(imported.offering, parsed.unreadable)
    if imported.offering is not None:
        _say_how_to_give(imported.offering.ref)


def _report(offering: Offering, unreadable: tuple[str, ...]) -> None:
    with platform().database.snapshot() as view:
        issuer = issuers.issuer(view.session, offering.issuer_id)
        documents = len(queries.documents(view.session, offering.id))
        tasks = checklist(offering, issuer, documents, platform().regime(offering.regime), view.now)
    click.echo(f"Draft {offering.ref} for {issuer.legal_name} ({issuer.ref}).")
    for field in unreadable:
        click.echo(f"  could not be read, kept as filed: {field}")
    waiting = open_tasks(tasks)
    click.echo(f"{len(waiting)} tasks are open on the checklist:")
    for task in waiting:
        click.echo(f"  - {said(ENGLISH, labels.TASKS[task.code])}")


def _say_how_to_give(ref: str) -> None:
    """Nobody sees a draft whose company has no member."""
    with platform().database.snapshot() as view:
        issuer = issuers.issuer(view.session, queries.by_ref(view.session, ref).issuer_id)
        if issuers.members(view.session, issuer.id):
            return
    click.echo(f"Nobody acts for {issuer.legal_name} yet, so nobody sees this. Give it to somebody:")
    click.echo(f"  flask --app wsgi issuers add-member {issuer.ref} EMAIL")
