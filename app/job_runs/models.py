"""One run of one job."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id


class JobRun(Base):
    """True time. A run that found nothing to do makes no row; the job's clock shows that it looked."""

    __tablename__ = "job_runs"
    __table_args__ = (Index("ix_job_runs_latest", "job", "id"),)

    id: Mapped[Id]
    job: Mapped[str] = mapped_column(String(60))
    worker: Mapped[str] = mapped_column(String(100))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: How many things it did.
    done: Mapped[int] = mapped_column(default=0)
    #: What kind of error and where, never its text: see `app/logs.py`.
    error: Mapped[str | None] = mapped_column(String(2000))


class JobClock(Base):
    """When a job last began to run, whether or not it found anything to do: one row for each job, in true time."""

    __tablename__ = "job_clocks"

    job: Mapped[str] = mapped_column(String(60), primary_key=True)
    ran_at: Mapped[datetime]


class WorkerHeartbeat(Base):
    """A worker process says that it lives, every few seconds of true time."""

    __tablename__ = "worker_heartbeats"

    worker: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[datetime]
