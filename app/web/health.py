"""For machines: does the process live, and is everything there that it needs?"""

from __future__ import annotations

from datetime import timedelta

import structlog
from flask import Blueprint, Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import clock, schema
from app.access import Permission
from app.job_runs.models import WorkerHeartbeat
from app.web.errors import page
from app.web.guard import allow
from app.web.session import platform, platform_of
from app.wiring import require_true_time
from config import ConfigurationError

log = structlog.get_logger()
blueprint = Blueprint("health", __name__)

#: A worker that was not heard of for so long is not there.
SILENCE = timedelta(seconds=30)


def init_app(app: Flask) -> None:
    if platform_of(app).settings.is_production:
        app.before_request(_refuse_moved_clock)


def _refuse_moved_clock() -> ResponseReturnValue | None:
    """Production shows and takes nothing by a false time. Not asked at the start: the first migration needs the site."""
    if request.blueprint == blueprint.name or request.endpoint == "static":
        return None
    try:
        require_true_time(platform())
    except ConfigurationError as moved:
        log.error("clock_moved", why=str(moved))
        return page(503)
    return None


@blueprint.get("/healthz")
@allow(Permission.READ_PUBLIC)
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@allow(Permission.READ_PUBLIC)
def readyz() -> ResponseReturnValue:
    """The database answers, its tables are those of this code, production has the true time, and a worker lives."""
    checks = {"database": False, "migrations": False, "clock": False, "worker": False}
    try:
        with platform().database.snapshot() as view:
            checks["database"] = True
            checks["migrations"] = schema.is_current(view.session.connection())
            if checks["migrations"]:
                checks["clock"] = not platform().settings.is_production or clock.is_true(view.session)
                seen_at = view.session.scalars(select(func.max(WorkerHeartbeat.seen_at))).one()
                checks["worker"] = seen_at is not None and view.wall_now - seen_at < SILENCE
    except SQLAlchemyError:
        pass  # what is not there stays False
    ready = all(checks.values())
    return jsonify(status="ready" if ready else "not ready", checks=checks), 200 if ready else 503
