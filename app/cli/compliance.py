"""flask compliance replay | what-if"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click
from flask.cli import AppGroup

from app.decisions import replay
from app.money import Money
from app.regimes.parameters import PackError
from app.regimes.registry import BUILT
from app.web.session import platform

group = AppGroup("compliance", help="Decisions, proved again.")


@group.command("replay")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only decisions from this day on.")
def again(since: datetime | None) -> None:
    """Decide every stored decision again, with its own facts and the edition of its day.

    Names each one that would be another now; then the exit code is 1.
    """
    decided, drifted = 0, 0
    with platform().database.snapshot() as view:
        for drift in replay.again(view.session, since.astimezone() if since else None):
            decided += 1
            if drift is not None:
                drifted += 1
                click.echo(f"decision {drift.decision_id}: stored {drift.stored}, now {drift.now}", err=True)
    click.echo(f"{decided} decisions decided again, {drifted} drifted")
    raise SystemExit(1 if drifted else 0)


@group.command("what-if")
@click.argument("regime", type=click.Choice(sorted(BUILT)))
@click.argument("edition", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--days", default=365, show_default=True, help="Decisions of so many days back.")
def what_if(regime: str, edition: Path, days: int) -> None:
    """Run a proposed edition of a pack over stored decisions: who would be refused, by how much. Writes nothing."""
    try:
        proposed = replay.proposed_edition(regime, edition.read_text(encoding="utf-8"))
    except (PackError, UnicodeDecodeError) as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    with platform().database.snapshot() as view:
        found = replay.what_if(view.session, proposed, view.now - timedelta(days))
    click.echo(f"{found.looked_at} decisions under {regime} looked at")
    for turned, count in sorted(found.turned.items()):
        click.echo(f"{turned}: {count}")
    for currency, minor in sorted(found.refused_amounts.items()):
        click.echo(f"allowed then, not now: {Money(minor, currency)}")
    for change in found.changes:
        click.echo(
            f"decision {change.decision_id}: {change.stored} > {change.proposed} ({change.rule}), asked {change.requested}"
            + (f", too much by {change.short_by}" if change.short_by else "")
        )
