"""A deadline is written as a local time. A time that never comes, or comes twice, is no deadline."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Refused
from app.offerings.deadlines import instant_of
from app.offerings.terms import deadline_problem
from app.regimes.registry import BUILT


def at(local: str, zone: str) -> str:
    return instant_of(datetime.fromisoformat(local), zone).isoformat()


@pytest.mark.parametrize(
    ("local", "zone", "instant"),
    [
        ("2027-01-15 23:59", "America/New_York", "2027-01-16T04:59:00+00:00"),
        ("2027-07-15 23:59", "America/New_York", "2027-07-16T03:59:00+00:00"),
        ("2027-01-15 12:00", "Asia/Shanghai", "2027-01-15T04:00:00+00:00"),
        ("2027-07-15 12:00", "Asia/Shanghai", "2027-07-15T04:00:00+00:00"),
        ("2027-03-14 02:30", "America/Phoenix", "2027-03-14T09:30:00+00:00"),
        ("2027-03-14 02:30", "UTC", "2027-03-14T02:30:00+00:00"),
        ("2027-07-15 12:00", "Asia/Kolkata", "2027-07-15T06:30:00+00:00"),
        ("2027-03-14 01:59", "America/New_York", "2027-03-14T06:59:00+00:00"),  # the last minute before the gap
        ("2027-03-14 03:00", "America/New_York", "2027-03-14T07:00:00+00:00"),  # the next one
        ("2027-11-07 00:59", "America/New_York", "2027-11-07T04:59:00+00:00"),
        ("2027-11-07 02:00", "America/New_York", "2027-11-07T07:00:00+00:00"),
    ],
)
def test_a_local_time_is_one_instant(local: str, zone: str, instant: str) -> None:
    assert at(local, zone) == instant


@pytest.mark.parametrize(
    ("code", "local", "zone", "later"),
    [
        ("time_skipped", "2027-03-14 02:00", "America/New_York", "03:00"),
        ("time_skipped", "2027-03-14 02:30", "America/New_York", "03:30"),
        ("time_skipped", "2027-03-28 01:30", "Europe/London", "02:30"),
        ("time_skipped", "2027-10-03 02:15", "Australia/Lord_Howe", "02:45"),
        ("time_doubled", "2027-11-07 01:00", "America/New_York", "02:00"),
        ("time_doubled", "2027-11-07 01:59", "America/New_York", "02:59"),
        ("time_doubled", "2027-10-31 01:30", "Europe/London", "02:30"),
        ("time_doubled", "2027-04-04 01:45", "Australia/Lord_Howe", "02:15"),
    ],
)
def test_a_skipped_or_doubled_time_is_refused_with_one_that_is_neither(
    code: str, local: str, zone: str, later: str
) -> None:
    with pytest.raises(Refused) as caught:
        at(local, zone)
    assert (caught.value.code, caught.value.field) == (code, "deadline_time")
    assert caught.value.facts == {"time": local[-5:], "later": later}
    at(f"{local[:10]} {later}", zone)  # what is proposed is taken


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "EST5EDT4", "../etc/passwd", "America/New_York\x00", "america/new_york"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(Refused) as caught:
        at("2027-01-15 12:00", zone)
    assert (caught.value.code, caught.value.field) == ("unknown_zone", "deadline_zone")


@pytest.mark.parametrize("local", ["9999-12-31 23:59", "0001-01-01 00:00", "2200-01-01 00:00", "1899-12-31 12:00"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
def test_a_year_far_off_is_refused(local: str, zone: str) -> None:
    with pytest.raises(Refused) as caught:
        at(local, zone)
    assert (caught.value.code, caught.value.field) == ("date_not_a_date", "deadline_date")


@settings(deadline=None)
@given(
    local=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    zone=st.sampled_from(
        ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Shanghai", "America/St_Johns"]
    ),
)
def test_what_is_taken_reads_back_as_it_was_written(local: datetime, zone: str) -> None:
    try:
        back = instant_of(local, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    except Refused:
        back = local  # skipped or doubled: see above
    assert back == local


def test_a_deadline_leaves_the_days_that_the_law_wants() -> None:
    now = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)

    def problem(at: datetime, regime: str) -> tuple[str, str | None] | None:
        found = deadline_problem(at, BUILT[regime], now)
        return None if found is None else (found.code, found.field)

    for regime in ("US-CF", "CN-MICHOU"):
        for past in (now, now.replace(hour=14)):
            assert problem(past, regime) == ("deadline_past", "deadline_date")
    assert problem(now.replace(microsecond=1), "CN-MICHOU") is None  # no least number of days
    assert problem(datetime(2026, 3, 24, 3, 59, tzinfo=UTC), "US-CF") == ("deadline_too_early", "deadline_date")
    assert problem(datetime(2026, 3, 24, 4, 0, tzinfo=UTC), "US-CF") is None  # the 24th begins in New York
    assert (
        problem(datetime(2026, 6, 2, 3, 59, tzinfo=UTC), "CA-45110") is None
    )  # ninety days on, its last minute in Toronto
    assert problem(datetime(2026, 6, 2, 4, 0, tzinfo=UTC), "CA-45110") == ("deadline_too_late", "deadline_date")
