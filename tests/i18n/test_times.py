"""Instants for people: always with the zone they are told in, and never rounded up."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n import times
from app.i18n.locales import CHINESE, ENGLISH, LANGUAGES, Language, best_for, language
from app.web.account.forms import ZONES

languages = st.sampled_from(list(LANGUAGES.values()))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read(text: str, told_in: Language) -> datetime:
    """The local time that a reader takes from the words."""
    if told_in is CHINESE:
        found = re.fullmatch(r"(\d+)年(\d+)月(\d+)日 周[一二三四五六日] (\d\d):(\d\d)（(.+)）", text)
        assert found is not None, text
        return datetime(*(int(part) for part in found.groups()[:5]))  # type: ignore[arg-type]
    found = re.fullmatch(r"[A-Z][a-z]{2} (\d+) ([A-Z][a-z]{2}) (\d{4}), (\d\d):(\d\d) (.+)", text)
    assert found is not None, text
    day, month, year, hour, minute = found.groups()[:5]
    return datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute))


@given(instants, st.sampled_from(ZONES), languages)
def test_what_is_told_is_the_local_minute(at: datetime, zone: str, told_in: Language) -> None:
    told = times.moment(at, zone, told_in)
    assert read(told, told_in) == at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    assert times.zone_name(zone, told_in) in told


@pytest.mark.parametrize(
    ("zone", "english", "chinese"),
    [
        ("America/New_York", "Mon 30 Nov 2026, 17:00 New York", "2026年11月30日 周一 17:00（纽约时间）"),
        ("Asia/Shanghai", "Tue 1 Dec 2026, 06:00 Shanghai", "2026年12月1日 周二 06:00（北京时间）"),
        ("UTC", "Mon 30 Nov 2026, 22:00 UTC", "2026年11月30日 周一 22:00（UTC时间）"),
        ("Europe/London", "Mon 30 Nov 2026, 22:00 London", "2026年11月30日 周一 22:00（伦敦时间）"),
    ],
)
def test_an_instant_is_told_with_its_zone(zone: str, english: str, chinese: str) -> None:
    at = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    assert (times.moment(at, zone, ENGLISH), times.moment(at, zone, CHINESE)) == (english, chinese)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), languages)
def test_a_day_is_told_so_that_it_can_be_read(on: date, told_in: Language) -> None:
    told = times.day(on, told_in)
    if told_in is CHINESE:
        found = re.fullmatch(r"(\d+)年(\d+)月(\d+)日", told)
        assert found is not None
        assert date(int(found[1]), int(found[2]), int(found[3])) == on
    else:
        assert datetime.strptime(told, "%d %B %Y").date() == on


@given(instants, st.timedeltas(timedelta(days=-3), timedelta(days=400)))
def test_time_left_is_rounded_down_and_never_below_zero(now: datetime, left: timedelta) -> None:
    days, hours, minutes = times.parts_left(now + left, now)
    told = timedelta(days=days, hours=hours, minutes=minutes)
    assert timedelta(0) <= told <= max(left, timedelta(0))
    assert max(left, timedelta(0)) - told < timedelta(minutes=1)
    assert 0 <= hours < 24 and 0 <= minutes < 60


def test_every_zone_that_can_be_chosen_has_a_name_in_both_languages() -> None:
    for zone in ZONES:
        for told_in in LANGUAGES.values():
            assert times.zone_name(zone, told_in)
    assert {one.timezone for one in LANGUAGES.values()} <= set(ZONES)


def test_a_language_is_found_by_its_code_and_by_a_browsers_wish() -> None:
    assert (language("zh-CN"), language("xx"), language(None), language("")) == (CHINESE, ENGLISH, ENGLISH, ENGLISH)
    assert best_for(["fr", "zh-Hant-TW", "en"]) is CHINESE
    assert best_for(["fr"]) is ENGLISH
    assert best_for([]) is ENGLISH
