"""Runs a job, notes that the worker lives and that the job ran, and logs what came of it."""

from __future__ import annotations

import os
import platform as machine
from datetime import datetime

import structlog
from sqlalchemy.dialects.postgresql import insert

from app.actor import SYSTEM
from app.job_runs.models import JobClock, JobRun, WorkerHeartbeat
from app.jobs.timetable import JOBS
from app.logs import summary
from app.wiring import Platform, follow_the_law

log = structlog.get_logger()


def worker_name() -> str:
    return f"{machine.node()}:{os.getpid()}"


def run(platform: Platform, name: str) -> int:
    """Run one job now; return how many things it did. What it raises is logged, noted and raised again."""
    worker = worker_name()
    with platform.database.transaction(SYSTEM, f"job:{name}") as tx:
        started_at = tx.wall_now
        beat = {"worker": worker, "seen_at": started_at}
        tx.session.execute(
            insert(WorkerHeartbeat).values(**beat).on_conflict_do_update(index_elements=["worker"], set_=beat)
        )
        ran = {"job": name, "ran_at": started_at}
        tx.session.execute(insert(JobClock).values(**ran).on_conflict_do_update(index_elements=["job"], set_=ran))
    try:
        follow_the_law(platform)
        done = JOBS[name].run(platform)
    except Exception as error:
        log.error("job_failed", job=name, error=summary(error))
        _note(platform, name, worker, started_at, 0, summary(error)[:2000])
        raise
    if done:
        log.info("job_done", job=name, done=done)
        _note(platform, name, worker, started_at, done, None)
    return done


def _note(platform: Platform, name: str, worker: str, started_at: datetime, done: int, error: str | None) -> None:
    run = JobRun(job=name, worker=worker, started_at=started_at, done=done, error=error)
    with platform.database.transaction(SYSTEM, f"job:{name}") as tx:
        run.finished_at = tx.wall_now
        tx.session.add(run)
