"""The job library at work: registers the timetable with Procrastinate, wakes jobs after a commit, runs a worker.

A job here carries no data. At most one run of a job waits at a time (its queueing lock); the rows of ours say what is
to be done, so a lost or doubled wake-up changes nothing but the moment.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from app.database import Database
from app.jobs import runner
from app.jobs.timetable import TIMETABLE
from app.wiring import Platform

log = structlog.get_logger()


def conninfo(url: URL) -> str:
    """The same database in the driver's own words."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def build(platform: Platform) -> App:
    """A Procrastinate app with every job of the timetable."""
    app = App(connector=PsycopgConnector(conninfo=conninfo(platform.database.url), min_size=1, max_size=6))
    for job in TIMETABLE:
        task = functools.partial(_run, platform, job.name)
        registered = app.task(name=job.name, queueing_lock=job.name, pass_context=False)(_named(task))
        app.periodic(cron=job.cron)(registered)
    return app


def _named(task: Callable[..., None]) -> Callable[..., None]:
    """The library looks at a function's signature; the timestamp of a periodic run is of no use to us."""

    def run(timestamp: int = 0) -> None:
        task()

    return run


def _run(platform: Platform, name: str) -> None:
    # Logged and noted by the runner; the timetable brings the next run.
    with contextlib.suppress(Exception):
        runner.run(platform, name)


def waker(database: Database) -> Callable[[set[str]], None]:
    """What `Database.on_wake` is set to: asks for runs of these jobs at once."""
    app = App(connector=PsycopgConnector(conninfo=conninfo(database.url)))

    def wake(jobs: set[str]) -> None:
        # What was done is committed already: that nobody could be woken must not look as if it was not.
        try:
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for name in jobs:
                    with contextlib.suppress(AlreadyEnqueued):  # it is about to run
                        app.configure_task(
                            name, queueing_lock=name, connection=connection.connection.driver_connection
                        ).defer()
        except (psycopg.Error, SQLAlchemyError, ProcrastinateException) as error:
            log.warning("wake_failed", jobs=sorted(jobs), error=type(error).__name__)

    return wake


def work(platform: Platform, *, concurrency: int) -> None:
    """Run a worker until it is told to stop (SIGINT, SIGTERM): it finishes what it is doing and goes."""
    app = build(platform)
    app.run_worker(
        name=runner.worker_name(),
        concurrency=concurrency,
        listen_notify=True,
        delete_jobs="always",
        install_signal_handlers=True,
        shutdown_graceful_timeout=4,
    )
