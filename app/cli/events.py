"""flask payments events | replay EVENT…"""

from __future__ import annotations

import re

import click

from app.actor import command_line
from app.cli.payments import group
from app.payments import inbox, queries
from app.web.session import platform

MOVED = {True: "money moved", False: "no money moved", None: "not known whether money moved"}


@group.command("events")
@click.option("--limit", default=1_000, show_default=True, help="At most so many, the oldest first.")
def events(limit: int) -> None:
    """List the events of gateways that could not be handled: number, gateway, its name there, type, when it came, how often
    it was tried, why it was not handled, what it names, whether money moved. Exit code 1 if there are any.
    """
    with platform().database.snapshot() as view:
        found = queries.events_not_handled(view.session, limit)
        for one in found:
            event = one.event
            said = (
                event.id, event.gateway, event.event_id, event.type, event.received_at.isoformat(timespec="seconds"),
                event.status, f"{event.attempts} tries", event.last_error or "-", ",".join(event.objects) or "-",
                MOVED[one.moved],
            )  # fmt: skip
            click.echo("\t".join(re.sub(r"[^ -~]", "?", str(part)) for part in said))
    raise SystemExit(bool(found))


@group.command("replay")
@click.argument("numbers", nargs=-1, required=True, metavar="EVENT...")
def replay(numbers: tuple[str, ...]) -> None:
    """Handle events once more, whatever became of them: each EVENT is a number of `payments events`, or a range as 12-40.

    What was handled before changes nothing: the gateway is asked how things stand. Exit code 2: there is no such event.
    """
    ranges = [_range(one) for one in numbers]
    count = 0
    with platform().database.transaction(command_line("replay")) as tx:
        for first, last in ranges:
            found = inbox.replay_range(tx, first, last)
            if not found:
                raise click.UsageError(f"there is no event {first}" + (f" to {last}" if last != first else ""))
            count += found
    click.echo(f"{count} events are handled once more.")


def _range(written: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", written)
    if found is None:
        raise click.UsageError(f"{written} is no number of an event, nor a range as 12-40")
    return int(found[1]), int(found[2] or found[1])
