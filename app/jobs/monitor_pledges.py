"""Follows what happens to pledges, and raises an alert for every pattern that the platform's policy names."""

from __future__ import annotations

from app.actor import SYSTEM
from app.monitoring import actions as monitoring
from app.wiring import Platform

BATCH = 500
#: A run ends after so many batches; the timetable brings the next.
MOST_BATCHES = 20


def run(platform: Platform) -> int:
    """Return how many events were looked at for good. Each batch is a transaction of its own."""
    done = 0
    for _ in range(MOST_BATCHES):
        with platform.database.transaction(SYSTEM, "monitor_pledges") as tx:
            looked_at = monitoring.watch(tx, BATCH)
        done += looked_at
        if looked_at < BATCH:
            break
    return done
