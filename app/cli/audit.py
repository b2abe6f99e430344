"""flask audit verify | export"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.audit import checkpoints, verification
from app.audit.checkpoints import Checkpoint, Unreadable
from app.jobs import seal_audit
from app.web.session import platform

group = AppGroup("audit", help="The trail: its seals, and bundles for examiners.")


@group.command("verify")
@click.option(
    "--checkpoints", "copies", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A copy of the file of checkpoints, kept elsewhere. May be given several times.",
)  # fmt: skip
def verify(copies: tuple[Path, ...]) -> None:
    """Recompute the whole chain and compare it with every signed checkpoint. Exit code 1 names what is wrong."""
    faults: list[str] = []
    signed: list[Checkpoint] = []
    for file in (seal_audit.checkpoint_file(platform()), *copies):
        try:
            signed += checkpoints.read(file)
        except Unreadable as unreadable:
            faults.append(f"{unreadable}: this is no checkpoint")
    with platform().database.snapshot() as view:
        signed += checkpoints.kept(view.session)
        report = verification.verify(view, platform().audit_signer, signed)
    for fault in faults + report.faults:
        click.echo(f"WRONG {fault}")
    click.echo(f"{report.sealed} events are sealed, {report.waiting} wait for it. {len(set(signed))} checkpoints.")
    click.echo(f"The chain ends at position {report.head.position} with {report.head.hash}.")
    raise SystemExit(bool(faults or report.faults))
