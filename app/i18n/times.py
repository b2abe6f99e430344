"""Instants for people: always with the zone they are told in.

Babel's own long forms are not used: in Chinese they put the zone between the date and the time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location

from app.i18n.locales import CHINESE, Language

_CITY_ZH = {"Asia/Shanghai": "北京时间"}


def zone_name(zone: str, language: Language) -> str:
    """ "New York", "纽约时间"."""
    if language is CHINESE:
        return _CITY_ZH.get(zone) or f"{get_timezone_location(zone, locale=language.locale, return_city=True)}时间"
    return get_timezone_location(zone, locale=language.locale, return_city=True)


def moment(at: datetime, zone: str, language: Language) -> str:
    """ "Mon 30 Nov 2026, 17:00 New York" or "2026年11月30日 周一 17:00（纽约时间）"."""
    local = at.astimezone(ZoneInfo(zone))
    if language is CHINESE:
        day = format_date(local, "y年M月d日 EEE", locale=language.locale)
        return f"{day} {local:%H:%M}（{zone_name(zone, language)}）"
    return f"{format_date(local, 'EEE d MMM y', locale=language.locale)}, {local:%H:%M} {zone_name(zone, language)}"


def day(on: date, language: Language) -> str:
    """ "30 November 2026" or "2026年11月30日"."""
    return format_date(on, "y年M月d日" if language is CHINESE else "d MMMM y", locale=language.locale)


def short_day(on: date, language: Language) -> str:
    """ "30 Nov" or "11月30日": where its year is plain, as in a row of days."""
    return format_date(on, "M月d日" if language is CHINESE else "d MMM", locale=language.locale)


def parts_left(until: datetime, now: datetime) -> tuple[int, int, int]:
    """Days, hours and minutes until then, rounded down; zeros when it is past."""
    left = max(until - now, timedelta(0))
    return left.days, left.seconds // 3600, left.seconds % 3600 // 60
