"""flask regimes assess"""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.regimes.facts import BadFacts
from app.regimes.registry import assess_case

group = AppGroup("regimes", help="The law as dated data.")


@group.command("assess")
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def assess(cases: Path) -> None:
    """Answer every case of a file, one JSON line each, in the same order.

    A case that cannot be read is named on the error output instead; then the exit code is 2, after the last case.
    """
    try:
        listed = json.loads(cases.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise click.exceptions.Exit(_unreadable(f"{cases.name} is no JSON: {error}")) from None
    if not isinstance(listed, list):
        raise click.exceptions.Exit(_unreadable(f"{cases.name} is no list of cases"))
    code = 0
    for number, case in enumerate(listed):
        name = case.get("id", f"case {number}") if isinstance(case, dict) else f"case {number}"
        try:
            click.echo(json.dumps(assess_case(case)))
        except BadFacts as error:
            code = _unreadable(f"{name}: {error}")
    raise click.exceptions.Exit(code)


def _unreadable(message: str) -> int:
    click.echo(message, err=True)
    return 2
