"""flask distributions begin | show | call-off | tax-paid"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation

import click
from flask.cli import AppGroup

from app.actor import command_line
from app.database import Snapshot
from app.distributions import actions, queries
from app.distributions.models import Distribution
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.locales import ENGLISH
from app.money import Money, SharePrice
from app.offerings import queries as offerings
from app.regimes import platform_policy
from app.regimes.parameters import WHOLE_BPS
from app.share_register import queries as register
from app.web.session import platform

group = AppGroup("distributions", help="What companies pay the holders of their shares.")


@group.command("begin")
@click.argument("offering")
@click.argument("amount")
@click.option("--why", required=True, help="What it is; the holders read this.")
@click.option("--per-share", is_flag=True, help="AMOUNT is for each share, not the total.")
@click.option(
    "--record-day", type=click.DateTime(["%Y-%m-%d"]), help="Whoever holds shares at its end; today if not given."
)
@click.option(
    "--tax-bps",
    type=click.IntRange(0, WHOLE_BPS),
    default=0,
    help="Kept for taxes of what carry leaves, in basis points.",
)
def begin(offering: str, amount: str, why: str, per_share: bool, record_day: datetime | None, tax_bps: int) -> None:
    """Propose to two officers that the company of OFFERING pays AMOUNT to its holders. Exit code 2: it cannot."""
    if not platform().settings.cash_accounts:
        raise click.ClickException("holders are paid into cash accounts, which are switched off here")
    with _refusals_told(), platform().database.transaction(command_line("distributions begin")) as tx:
        found = offerings.by_ref(tx.session, offering)
        day = record_day.date() if record_day else platform_policy.PACK.day_of(tx.now)
        try:
            if per_share:
                held = register.holdings_at(tx.session, found.id, platform_policy.PACK.end_of(day))
                total = SharePrice(Decimal(amount), found.currency).times(sum(one.shares for one in held))
            else:
                total = Money.of(amount, found.currency)
        except (ValueError, InvalidOperation):
            raise click.UsageError(f"{amount} is no amount") from None
        made = actions.begin(
            tx, found.id, total=total, record_day=day, tax_bps=tax_bps, why=why, custodian=platform().custodian.name
        )
        _tell(tx, queries.distribution(tx.session, made.subject_id))
    click.echo(f"two officers must agree to {made.ref}")


@group.command("show")
@click.argument("ref")
def show(ref: str) -> None:
    """Print a distribution, each holder's part, and how the company pays it in."""
    with _refusals_told(), platform().database.snapshot() as view:
        found = queries.by_ref(view.session, ref)
        offering = offerings.offering(view.session, found.offering_id)
        _tell(view, found)
    to = platform().gateway_named(offering.gateway or "").deposit_details(f"offering-{offering.id}", found.ref)
    click.echo(f"to be paid to {to.payee.holder}, {to.payee.account}, reference {to.reference}")


@group.command("call-off")
@click.argument("ref")
@click.option("--why", required=True, help="The reason, for the trail.")
def call_off(ref: str, why: str) -> None:
    """Wait no longer for the company's money. Exit code 2: it is there, or nobody agreed yet."""
    with _refusals_told(), platform().database.transaction(command_line("distributions call-off")) as tx:
        actions.call_off(tx, queries.by_ref(tx.session, ref).id, why)
    click.echo(f"{ref} is called off")


@group.command("tax-paid")
@click.argument("offering")
@click.argument("line")
def tax_paid(offering: str, line: str) -> None:
    """Book LINE (gateway:id, of money out of the offering's account) as the payment of kept taxes. Exit code 2: it is not."""
    with _refusals_told(), platform().database.transaction(command_line("distributions tax-paid")) as tx:
        left = actions.pay_tax(tx, offerings.by_ref(tx.session, offering).id, line)
    click.echo(f"booked; {left} is kept still")


def _tell(view: Snapshot, found: Distribution) -> None:
    click.echo(f"{found.ref}  {found.status}  {found.why}, to the holders of {found.record_day}")
    for one in queries.kept(view.session, found.id):
        sums = (one.gross_minor, one.carry_minor, one.tax_minor, one.net_minor)
        click.echo(f"{one.holder_name:<30} {one.shares:>10}" + "".join(f"{found.money(minor)!s:>20}" for minor in sums))
    sums = (found.total_minor, found.carry_minor, found.tax_minor, found.net.minor)
    click.echo(f"{'gross, carry, tax, net':<41}" + "".join(f"{found.money(minor)!s:>20}" for minor in sums))


@contextmanager
def _refusals_told() -> Iterator[None]:
    """What is refused is said, and ends with exit code 2."""
    try:
        yield
    except NotFound:
        click.echo("there is nothing of this name", err=True)
        raise SystemExit(2) from None
    except Refused as refused:
        click.echo(labels.refusal(refused, ENGLISH), err=True)
        raise SystemExit(2) from None
