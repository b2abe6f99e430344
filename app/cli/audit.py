"""flask audit verify | export"""

from __future__ import annotations

from errno import EEXIST
from pathlib import Path

import click
from flask.cli import AppGroup

from app.actor import command_line
from app.audit import actions as audit
from app.audit import checkpoints, verification
from app.audit.checkpoints import Checkpoint, Unreadable
from app.audit.verifier import MANIFEST
from app.errors import NotFound
from app.examination import bundle
from app.jobs import seal_audit
from app.offerings import queries as offerings
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
    if report.unnamed:
        click.echo(f"{report.unnamed} more faults.")
    click.echo(f"{report.sealed} events are sealed, {report.waiting} wait for it. {len(set(signed))} checkpoints.")
    click.echo(f"The chain ends at position {report.head.position} with {report.head.hash}.")
    raise SystemExit(bool(faults or report.faults))


@group.command("export")
@click.argument("offering")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; else OFFERING.zip here."
)
def export(offering: str, out: Path | None) -> None:
    """Write the examiner's bundle of an offering, by its reference.

    Exit code 2 when there is no such offering, or the file cannot be written or is there already.
    """
    actor = command_line("audit export")
    target = out or Path(f"{offering}.zip")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        with platform().database.snapshot() as view:
            offerings.by_ref(view.session, offering)
        if target.exists():
            raise FileExistsError(EEXIST, "there is such a file already", str(target))
        seal_audit.run_now(platform())
        with platform().database.snapshot() as view, unfinished.open("wb") as opened:
            written = bundle.write(platform(), view, offering, actor, opened)
        with platform().database.transaction(actor) as tx:
            audit.record(tx, "export", "offerings", written.offering_id, **written.facts())
        unfinished.replace(target)
    except NotFound:
        raise click.exceptions.Exit(_refused(f"there is no offering {offering}")) from None
    except OSError as error:
        raise click.exceptions.Exit(_refused(f"{error.filename}: {error.strerror}")) from None
    finally:
        unfinished.unlink(missing_ok=True)
    click.echo(f"{target}: {written.files} files.")
    click.echo(f"{written.manifest}  {MANIFEST}")
    click.echo("Tell the examiner this hash apart from the file: python3 -I -S verify.py --manifest THE-HASH")


def _refused(why: str) -> int:
    click.echo(why, err=True)
    return 2
