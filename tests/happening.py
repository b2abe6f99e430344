"""What happens by itself: time and the jobs, a part of the world of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.jobs import seal_audit
from app.jobs.timetable import JOBS
from app.payments import inbox
from app.payments.port import Envelope

if TYPE_CHECKING:
    from tests.builders import World

#: The jobs that move pledges and offerings on, in the order of a test; webhooks come before them.
PAYMENTS = ("process_inbox", "send_payments")
BY_THEMSELVES = (
    *PAYMENTS, "expire_pledges", "return_in_time", "charge_saved", "ask_investors", "carry_money", "close_offerings", "offer_room",
)  # fmt: skip


class Happening:
    """Lets time pass, and the worker work."""

    def move_clock(self: World, **by: float) -> None:
        with self.acting() as tx:
            clock.advance(tx.session, timedelta(**by))

    def run_jobs(self: World) -> bool:
        """Everything that happens by itself, until nothing more does; whether anything did. Webhooks are handed over directly."""
        happened = self.run_until_quiet(BY_THEMSELVES)
        seal_audit.run(self.platform)
        return happened

    def run_days(self: World, days: int, pass_days: Callable[[int], None]) -> None:
        """The worker looks every day; after days on which nothing happened, every second, then every fourth."""
        step = 1
        while days > 0:
            pass_days(min(step, days))
            days -= step
            step = 1 if self.run_jobs() else min(2 * step, 4)

    def run_until_quiet(self: World, jobs: Sequence[str]) -> bool:
        """All of these jobs once, and again after one of the business moved something; after payments, who was woken."""
        due: Sequence[str] = jobs
        with self.woken() as woken:
            for rounds in range(20):
                woken.clear()
                delivered = self.deliver_events()
                moved = [name for name in due if JOBS[name].run(self.platform)]
                if set(moved) - set(PAYMENTS):
                    due = jobs
                elif delivered or moved or woken & set(jobs):
                    due = [name for name in jobs if name in PAYMENTS or name in woken]
                else:
                    return rounds > 0
        return True

    @contextmanager
    def woken(self: World) -> Iterator[set[str]]:
        """The jobs that somebody asks to run at once."""
        names, database = set[str](), self.platform.database
        usual, database.on_wake = database.on_wake, names.update
        try:
            yield names
        finally:
            database.on_wake = usual

    def deliver_events(self: World) -> int:
        found = [(name, one) for name, far in self.platform.far_sides.items() for one in far.events_to_deliver(100)]
        for name, event in found:
            with self.acting() as tx:
                inbox.store(tx, name, Envelope(event.id, event.type, event.body()))
            self.platform.far_sides[name].confirm_delivery(event.id)
        return len(found)
