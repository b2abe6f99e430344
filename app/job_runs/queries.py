"""What may be asked about jobs."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.job_runs.models import JobRun, WorkerHeartbeat


def latest(session: Session) -> dict[str, JobRun]:
    """job -> its latest run that did something or failed."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    return {run.job: run for run in session.scalars(select(JobRun).where(JobRun.id.in_(newest)))}


def recent(session: Session, limit: int) -> list[JobRun]:
    return list(session.scalars(select(JobRun).order_by(JobRun.id.desc()).limit(limit)))


def workers(session: Session) -> list[WorkerHeartbeat]:
    """Every worker ever heard of, the latest first."""
    return list(session.scalars(select(WorkerHeartbeat).order_by(WorkerHeartbeat.seen_at.desc()).limit(20)))
