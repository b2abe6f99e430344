"""Every job there is, and when it runs by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.jobs import (
    check_books,
    close_offerings,
    deliver_sandbox_events,
    expire_pledges,
    process_inbox,
    send_notifications,
    send_payments,
)
from app.wiring import Platform


@dataclass(frozen=True, slots=True)
class Job:
    """`cron` has the seconds last. A job that a transaction wakes also runs by the timetable, as a net."""

    name: str
    run: Callable[[Platform], int]
    cron: str


TIMETABLE = (
    Job("send_payments", send_payments.run, "* * * * * */5"),
    Job("process_inbox", process_inbox.run, "* * * * * */5"),
    Job("deliver_sandbox_events", deliver_sandbox_events.run, "* * * * * */1"),
    Job("send_notifications", send_notifications.run, "* * * * * */5"),
    Job("expire_pledges", expire_pledges.run, "* * * * * */5"),
    Job("close_offerings", close_offerings.run, "* * * * * */5"),
    Job("check_books", check_books.run, "*/10 * * * *"),
)
JOBS = {job.name: job for job in TIMETABLE}
