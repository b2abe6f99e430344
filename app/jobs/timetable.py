"""Every job there is, and when it runs by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.jobs import (
    apply_proposals,
    ask_investors,
    carry_money,
    charge_saved,
    check_books,
    close_offerings,
    deliver_sandbox_events,
    expire_claims,
    expire_pledges,
    keep_cash,
    monitor_pledges,
    offer_room,
    process_inbox,
    reconcile,
    release_cases,
    rescreen,
    return_in_time,
    scan_evidence,
    seal_audit,
    send_notifications,
    send_payments,
)
from app.wiring import Platform

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
#: So long may a job be away while it works through a heap, or while its worker is started anew.
PATIENCE = MINUTE


@dataclass(frozen=True, slots=True)
class Job:
    """A job that a transaction wakes also runs by the timetable, as a net. `every` is less than an hour."""

    name: str
    run: Callable[[Platform], int]
    every: timedelta

    @property
    def cron(self) -> str:
        """For the job library, which takes the seconds last."""
        if self.every < MINUTE:
            return f"* * * * * */{self.every // SECOND}"
        return f"*/{self.every // MINUTE} * * * *"

    def is_late(self, ran_at: datetime, now: datetime) -> bool:
        """Whether it has not run for far longer than it should; both in true time."""
        return now - ran_at > 3 * self.every + PATIENCE


TIMETABLE = (
    Job("send_payments", send_payments.run, 5 * SECOND),
    Job("process_inbox", process_inbox.run, 5 * SECOND),
    Job("deliver_sandbox_events", deliver_sandbox_events.run, SECOND),
    Job("send_notifications", send_notifications.run, 5 * SECOND),
    Job("expire_pledges", expire_pledges.run, 5 * SECOND),
    Job("charge_saved", charge_saved.run, MINUTE),
    Job("return_in_time", return_in_time.run, MINUTE),
    Job("offer_room", offer_room.run, 5 * SECOND),
    Job("ask_investors", ask_investors.run, 5 * SECOND),
    Job("expire_claims", expire_claims.run, 10 * MINUTE),
    Job("scan_evidence", scan_evidence.run, MINUTE),
    Job("carry_money", carry_money.run, MINUTE),
    Job("close_offerings", close_offerings.run, 5 * SECOND),
    Job("seal_audit", seal_audit.run, 5 * SECOND),
    Job("rescreen", rescreen.run, MINUTE),
    Job("monitor_pledges", monitor_pledges.run, MINUTE),
    Job("release_cases", release_cases.run, MINUTE),
    Job("apply_proposals", apply_proposals.run, MINUTE),
    Job("keep_cash", keep_cash.run, 10 * MINUTE),
    Job("reconcile", reconcile.run, 15 * MINUTE),
    Job("check_books", check_books.run, 10 * MINUTE),
)
JOBS = {job.name: job for job in TIMETABLE}
