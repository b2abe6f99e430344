"""Compares everybody with the lists that came since they were compared last."""

from __future__ import annotations

from app.actor import SYSTEM
from app.screening import actions as screening
from app.wiring import Platform

BATCH = 50
#: A run ends after so many batches; the timetable brings the next.
MOST_BATCHES = 40


def run(platform: Platform) -> int:
    """Return how many were compared. Each batch is a transaction of its own."""
    done = 0
    for _ in range(MOST_BATCHES):
        with platform.database.transaction(SYSTEM, "rescreen") as tx:
            compared = screening.rescreen(tx, BATCH)
        done += compared
        if compared < BATCH:
            break
    return done
