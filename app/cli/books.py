"""flask books check"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app import invariants
from app.web.session import platform

group = AppGroup("books", help="The books and what they promise.")


@group.command("check")
def check() -> None:
    """Run every invariant: name, rows that break it, verdict. Exit code 1 if one fails."""
    with platform().database.snapshot() as view:
        findings = invariants.check(view.session)
    for finding in findings:
        verdict = "holds" if finding.holds else f"BROKEN: {', '.join(finding.examples)}"
        click.echo(f"{finding.name:<75} {finding.rows:>5}  {verdict}")
    raise SystemExit(any(not finding.holds for finding in findings))
