"""Does many things of which each may fail alone: one that cannot be done must not hold up the others for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from app.logs import summary

log = structlog.get_logger()


def one_by_one(tasks: Iterable[Callable[[], int]]) -> int:
    """Do every task; return the sum of what they return. Raises ExceptionGroup of all failures, after the last task."""
    done, failures = 0, []
    for task in tasks:
        try:
            done += task()
        except Exception as failure:
            log.error("task_failed", error=summary(failure))
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} failed, the first: {summary(failures[0])}", failures)
    return done
