"""flask jobs work | run | list"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.jobs import queue, runner
from app.jobs.timetable import JOBS, TIMETABLE
from app.web.session import platform
from app.wiring import require_true_time

group = AppGroup("jobs", help="What happens by itself.")


@group.command("work")
@click.option("--concurrency", default=4, show_default=True, help="Jobs that run at the same time.")
def work(concurrency: int) -> None:
    """Run a worker until it is told to stop. Several workers on several hosts are safe."""
    require_true_time(platform())
    queue.work(platform(), concurrency=concurrency)


@group.command("run")
@click.argument("name", type=click.Choice(sorted(JOBS)))
def run(name: str) -> None:
    """Run one job now, here."""
    require_true_time(platform())
    click.echo(f"{name}: {runner.run(platform(), name)} done")


@group.command("list")
def list_jobs() -> None:
    """Show the timetable."""
    for job in TIMETABLE:
        click.echo(f"{job.name:<25} {job.cron}")
