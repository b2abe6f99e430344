"""flask offerings import-form-c | agree-fees"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from app.actor import command_line
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.locales import ENGLISH
from app.i18n.words import said
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.money import Money
from app.offerings import actions, filings, form_c, queries
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


BPS = click.IntRange(0, 10_000)


@group.command("agree-fees")
@click.argument("ref")
@click.option("--success-bps", type=BPS, help="Of what is closed, in basis points.")
@click.option("--success-least", help="The success fee is at least this amount.")
@click.option("--success-most", help='The success fee is at most this amount; "none": no limit.')
@click.option("--investor-bps", type=BPS, help="Of each pledge, on top of it, in basis points.")
@click.option("--investor-most", help='For each pledge at most this amount; "none": no limit.')
@click.option("--carry-bps", type=BPS, help="Of distributions above what was paid in, in basis points.")
@click.option("--listing", help="Billed to the company when the offering is published.")
def agree_fees(ref: str, **given: int | str | None) -> None:
    """Give a draft the fees that were agreed with its company; what is not named stays. Exit code 2: it cannot be any more."""
    try:
        with platform().database.transaction(command_line("agree-fees")) as tx:
            offering = queries.by_ref(tx.session, ref)
            fees = replace(offering.fees, **_terms(offering.currency, given))
            actions.agree_fees(tx, offering.id, fees)
    except NotFound:
        raise click.UsageError(f"there is no offering {ref}") from None
    except Refused as refused:
        click.echo(labels.refusal(refused, ENGLISH), err=True)
        raise SystemExit(2) from None
    for name, value in asdict(fees).items():
        click.echo(f"{name:<20} {'no limit' if value is None else value}")


def _terms(currency: str, given: Mapping[str, int | str | None]) -> dict[str, Any]:
    """Fields of `FeeTerms`: rates as they are, amounts in minor units. Raises UsageError."""
    terms: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, int):
            terms[name] = value
        elif value is not None:
            terms[f"{name}_minor"] = None if value == "none" and name.endswith("_most") else _minor(value, currency)
    return terms


def _minor(typed: str, currency: str) -> int:
    try:
        minor = Money.of(typed, currency).minor
    except (ValueError, ArithmeticError):
        minor = -1
    if minor < 0:
        raise click.UsageError(f"{typed} is no amount in {currency}")
    return minor
