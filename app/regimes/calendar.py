"""Counting days as the law counts them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

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
def _public_holidays(country: str) -> Mapping[date, str]:
    return holidays.country_holidays(country)


def is_business_day(day: date, country: str) -> bool:
    """Monday to Friday and no public holiday of the country (for the US: no federal holiday)."""
    return day.weekday() < 5 and day not in _public_holidays(country)


def business_days_after(day: date, count: int, country: str) -> date:
    """The `count`-th business day after `day`; `day` itself is not counted."""
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day, country)
    return day
