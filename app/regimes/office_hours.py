"""Counting time as an office counts it: only its open hours, on business days, through changes of the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.regimes.calendar import is_business_day

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Office:
    """Open from one full hour to another (24 is midnight) in its zone, on the business days of a country."""

    opens_hour: int
    closes_hour: int
    zone: str
    country: str

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """How long the office is open from one instant until another; nothing when `end` is not later."""
        open_time = NOTHING
        for opens, closes in self._days(start):
            if opens >= end:
                break
            open_time += max(NOTHING, min(closes, end) - max(opens, start))
        return open_time

    def after(self, start: datetime, open_time: timedelta) -> datetime:
        """The instant at which the office has been open for so long since `start`."""
        left = open_time
        for opens, closes in self._days(start):
            begins = max(opens, start)
            if begins + left <= closes:
                return begins + left
            left -= max(NOTHING, closes - begins)
        raise AssertionError("the days of an office do not end")

    def _days(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """When the office opens and closes, as instants, from the day of `since` on."""
        day = since.astimezone(ZoneInfo(self.zone)).date()
        while True:
            if is_business_day(day, self.country):
                yield self._instant(day, self.opens_hour), self._instant(day, self.closes_hour)
            day += timedelta(days=1)

    def _instant(self, day: date, hour: int) -> datetime:
        """In UTC, so that a day on which the clocks change has the hours that it has."""
        day += timedelta(days=hour // 24)
        return datetime.combine(day, time(hour % 24), ZoneInfo(self.zone)).astimezone(UTC)
