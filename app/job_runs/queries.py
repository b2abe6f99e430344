"""What may be asked about jobs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.job_runs.models import JobClock, JobRun, WorkerHeartbeat


def latest(session: Session) -> dict[str, JobRun]:
    """job -> its latest run that did something or failed."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    return {run.job: run for run in session.scalars(select(JobRun).where(JobRun.id.in_(newest)))}


def last_ran(session: Session) -> dict[str, datetime]:
    """job -> when it last began to run, whatever came of it."""
    return {clock.job: clock.ran_at for clock in session.scalars(select(JobClock))}


def recent(session: Session, limit: int) -> list[JobRun]:
    return list(session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(limit)))


def workers(session: Session, since: datetime) -> list[WorkerHeartbeat]:
    """Every worker heard of since then, the latest first."""
    return list(
        session.scalars(
            select(WorkerHeartbeat).where(WorkerHeartbeat.seen_at >= since).order_by(WorkerHeartbeat.seen_at.desc())
        )
    )
