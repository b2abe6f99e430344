"""A deadline is an instant that people write as a local date and time in a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from app.errors import Refused

#: Outside of these years the arithmetic of zones ends, and so does any sensible deadline.
YEARS_TAKEN = range(1900, 2200)
#: Read once, for it walks through the system's folders. The two left out are no places: nobody could be told their name.
ZONES = frozenset(available_timezones()) - {"Factory", "localtime"}


def is_zone(name: str) -> bool:
    return name in ZONES


def instant_of(local: datetime, zone: str) -> datetime:
    """The instant of a local time. `local` is naive.

    Raises Refused("unknown_zone"), Refused("date_not_a_date") for a year far off, Refused("time_skipped", later=…) for
    a time that the clocks jump over, and Refused("time_doubled", later=…) for one that comes twice; `later` is the same
    distance after the change.
    """
    if not is_zone(zone):
        raise Refused("unknown_zone", field="deadline_zone", zone=zone)
    if local.year not in YEARS_TAKEN:
        raise Refused("date_not_a_date", field="deadline_date")
    place = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(place).replace(tzinfo=None) == local:
        gap = (first.utcoffset() or timedelta()) - (second.utcoffset() or timedelta())
        raise Refused("time_doubled", field="deadline_time", time=f"{local:%H:%M}", later=f"{local + gap:%H:%M}")
    gap = (second.utcoffset() or timedelta()) - (first.utcoffset() or timedelta())
    raise Refused("time_skipped", field="deadline_time", time=f"{local:%H:%M}", later=f"{local + gap:%H:%M}")


def same_hour_from(deadline_at: datetime, zone: str, earliest: datetime) -> datetime:
    """The first instant from `earliest` on that has the deadline's hour on the clocks of its zone."""
    place = ZoneInfo(zone)
    hour, day = deadline_at.astimezone(place).time(), earliest.astimezone(place).date()
    found = datetime.combine(day, hour, place)
    if found < earliest:
        found = datetime.combine(day + timedelta(days=1), hour, place)
    return found.astimezone(UTC)


def same_hour_on(deadline_at: datetime, zone: str, day: date) -> datetime:
    """The instant of a day that has the deadline's hour. Raises Refused as `instant_of` does."""
    return instant_of(datetime.combine(day, deadline_at.astimezone(ZoneInfo(zone)).time()), zone)
