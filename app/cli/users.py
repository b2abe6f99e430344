"""flask users create | grant | suspend"""

from __future__ import annotations

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import AppGroup

from app import four_eyes
from app.actor import STAFF, Role, command_line
from app.approvals.models import Proposal
from app.errors import Refused
from app.i18n import labels
from app.i18n.locales import ENGLISH
from app.identity import actions, queries
from app.identity.models import User
from app.identity.second_factor import new_secret, provisioning_uri
from app.web.session import platform

group = AppGroup("users", help="Accounts and roles.")
ROLES = click.Choice([role.value for role in Role])


@group.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", "roles", type=ROLES, multiple=True, required=True)
@click.password_option()
def create(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Make an account whose address needs no proof; staff get the secret of their second factor."""
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise click.ClickException(labels.refusal(Refused("email_malformed"), ENGLISH)) from None
    secret = new_secret() if {Role(role) for role in roles} & STAFF else None
    try:
        with platform().database.transaction(command_line("users create")) as tx:
            person = actions.create_user(
                tx, email=email, name=name, password=password, locale="en", timezone="America/New_York"
            )
            actions.mark_email_verified(tx, person)
            proposals = [(role, four_eyes.grant(tx, person, Role(role))) for role in roles]
            if secret is not None:
                actions.set_second_factor(tx, person, secret, platform().vault)
    except Refused as refused:
        raise click.ClickException(labels.refusal(refused, ENGLISH)) from None
    click.echo(f"{email}: {', '.join(role for role, proposal in proposals if proposal is None)}")
    for role, proposal in proposals:
        _say_if_proposed(email, role, proposal)
    if secret is not None:
        click.echo(f"Second factor, shown this once: {secret}\n{provisioning_uri(secret, email)}")


def _known(person: User | None, email: str) -> User:
    if person is None:
        raise click.ClickException(f"there is no account with the address {email}")
    return person


@group.command("grant")
@click.argument("email")
@click.argument("role", type=ROLES)
def grant(email: str, role: str) -> None:
    """Give an account a role; staff set up their second factor when they sign in next.

    With two compliance officers at work, a role of the staff is only proposed: both must agree on the review page.
    """
    try:
        with platform().database.transaction(command_line("users grant")) as tx:
            proposal = four_eyes.grant(tx, _known(queries.by_email(tx.session, email), email), Role(role))
    except Refused as refused:
        raise click.ClickException(labels.refusal(refused, ENGLISH)) from None
    if proposal is None:
        click.echo(f"{email}: {role}")
    _say_if_proposed(email, role, proposal)


def _say_if_proposed(email: str, role: str, proposal: Proposal | None) -> None:
    if proposal is not None:
        click.echo(f"{email}: {role} is proposed as {proposal.ref}; {proposal.approvals_needed} officers must agree.")


@group.command("suspend")
@click.argument("email")
def suspend(email: str) -> None:
    """Shut an account out, at once and everywhere."""
    with platform().database.transaction(command_line("users suspend")) as tx:
        actions.suspend(tx, _known(queries.by_email(tx.session, email), email))
    click.echo(f"{email}: suspended")
