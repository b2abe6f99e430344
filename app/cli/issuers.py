"""flask issuers add-member"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.actor import Role, command_line
from app.errors import NotFound
from app.identity import queries as identity
from app.issuers import actions, queries
from app.web.session import platform

group = AppGroup("issuers", help="Companies and who acts for them.")


@group.command("add-member")
@click.argument("company_ref")
@click.argument("email")
def add_member(company_ref: str, email: str) -> None:
    """Let a person act for a company; again changes nothing."""
    with platform().database.transaction(command_line("issuers add-member")) as tx:
        try:
            issuer = queries.by_ref(tx.session, company_ref)
        except NotFound:
            raise click.ClickException(f"there is no company with the reference {company_ref}") from None
        person = identity.by_email(tx.session, email)
        if person is None:
            raise click.ClickException(f"there is no account with the address {email}")
        actions.add_member(tx, issuer, person.id)
        sees_it = Role.ISSUER in person.roles
    click.echo(f"{person.email} acts for {issuer.legal_name} ({issuer.ref})")
    if not sees_it:
        click.echo(f"but lacks the role for it: flask --app wsgi users grant {person.email} {Role.ISSUER}")
