"""Counting days as the law counts them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays


def months_before(day: date, months: int) -> date:
    """The same day so many calendar months earlier; clamps to the month's end (29 February -> 28 February)."""
    return _moved(day, -months)


def months_after(day: date, months: int) -> date:
    """The same day so many calendar months later; clamps to the month's end."""
    return _moved(day, months)


def _moved(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


@cache
def _holidays(calendar: str) -> Mapping[date, str]:
    """A country by its two letters, a part of one ("AU-VIC"), or an exchange by its market identifier (ISO 10383)."""
    country, _, part = calendar.partition("-")
    if len(country) == 2:
        return holidays.country_holidays(country, subdiv=part or None)
    return holidays.financial_holidays(calendar)


def is_business_day(day: date, *calendars: str) -> bool:
    """Monday to Friday, and no holiday in any of the calendars ("US": federal holidays; "XNYS": the exchange's)."""
    return day.weekday() < 5 and not any(day in _holidays(calendar) for calendar in calendars)


def business_days_after(day: date, count: int, *calendars: str) -> date:
    """The `count`-th business day after `day`; `day` itself is not counted.

    More calendars mean fewer business days: for a notice that must not be too short, give all that might count.
    """
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day, *calendars)
    return day


def business_days_before(day: date, count: int, *calendars: str) -> date:
    """The `count`-th business day before `day`; `day` itself is not counted."""
    while count:
        day -= timedelta(days=1)
        count -= is_business_day(day, *calendars)
    return day


def end_of(day: date, zone: str) -> datetime:
    """The last instant of a day in a zone."""
    return datetime.combine(day, time.max, ZoneInfo(zone))
