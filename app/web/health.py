"""For machines: does the process live, and is everything there that it needs?"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import schema
from app.access import Permission
from app.job_runs.models import WorkerHeartbeat
from app.web.guard import allow
from app.web.session import platform

blueprint = Blueprint("health", __name__)

#: A worker that was not heard of for so long is not there.
SILENCE = timedelta(seconds=30)


@blueprint.get("/healthz")
@allow(Permission.READ_PUBLIC)
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@allow(Permission.READ_PUBLIC)
def readyz() -> ResponseReturnValue:
    """The database answers, its tables are those of this code, and a worker lives."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        with platform().database.snapshot() as view:
            checks["database"] = True
            checks["migrations"] = schema.is_current(view.session.connection())
            if checks["migrations"]:
                seen_at = view.session.scalars(select(func.max(WorkerHeartbeat.seen_at))).one()
                checks["worker"] = seen_at is not None and view.wall_now - seen_at < SILENCE
    except SQLAlchemyError:
        pass  # what is not there stays False
    ready = all(checks.values())
    return jsonify(status="ready" if ready else "not ready", checks=checks), 200 if ready else 503
