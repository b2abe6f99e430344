"""Time is counted while the office is open: not at night, not at weekends, not on holidays, and through the clocks' changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.money import Money
from app.regimes import platform_policy
from app.regimes.office_hours import Office

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Office(9, 17, "America/New_York", "US")
HOUR, NOTHING = timedelta(hours=1), timedelta()


def at(text: str) -> datetime:
    """A New York time, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("what", "since", "hours", "due"),
    [
        ("within a day", "2026-11-23 10:00", 4, "2026-11-23 14:00"),
        ("to the very end of a day", "2026-11-23 10:00", 7, "2026-11-23 17:00"),
        ("over a night", "2026-11-23 15:30", 4, "2026-11-24 11:30"),
        ("from before the office opens", "2026-11-23 06:00", 1, "2026-11-23 10:00"),
        ("from after it has closed", "2026-11-23 20:00", 1, "2026-11-24 10:00"),
        ("over a weekend", "2026-11-20 16:00", 2, "2026-11-23 10:00"),
        ("from within a weekend", "2026-11-21 12:00", 1, "2026-11-23 10:00"),
        ("over Thanksgiving", "2026-11-25 16:00", 2, "2026-11-27 10:00"),
        ("over a holiday that is observed on a Friday", "2026-07-02 16:00", 2, "2026-07-06 10:00"),
        ("three office days", "2026-11-20 09:00", 24, "2026-11-24 17:00"),
        ("over the end of summer time", "2026-10-30 16:00", 2, "2026-11-02 10:00"),
        ("over the beginning of summer time", "2026-03-06 16:00", 2, "2026-03-09 10:00"),
    ],
)
def test_work_is_due_after_so_many_open_hours(what: str, since: str, hours: int, due: str) -> None:
    assert OFFICE.after(at(since), hours * HOUR) == at(due), what
    assert OFFICE.open_between(at(since), at(due)) == hours * HOUR, what


def test_a_day_on_which_the_clocks_change_has_the_hours_that_it_has() -> None:
    """In Amman they changed on a Friday, at midnight."""
    around_the_clock = Office(0, 24, "Asia/Amman", "US")
    amman = ZoneInfo("Asia/Amman")
    thursday, saturday = datetime(2021, 3, 25, tzinfo=amman), datetime(2021, 3, 27, tzinfo=amman)
    assert around_the_clock.open_between(thursday, saturday) == 47 * HOUR
    assert around_the_clock.after(thursday, 47 * HOUR) == saturday


def test_nothing_is_open_backwards_or_at_once() -> None:
    now = at("2026-11-23 10:00")
    assert OFFICE.open_between(now, now) == OFFICE.open_between(now, now - HOUR) == NOTHING
    assert OFFICE.after(now, NOTHING) == now
    assert OFFICE.after(at("2026-11-21 12:00"), NOTHING) == at("2026-11-23 09:00")


def test_the_sum_of_the_parts_is_the_whole() -> None:
    start, end = at("2026-06-29 13:07"), at("2026-07-08 11:11")
    middle = start
    total = NOTHING
    while middle < end:
        after = min(middle + timedelta(hours=5, minutes=13), end)
        total += OFFICE.open_between(middle, after)
        middle = after
    assert total == OFFICE.open_between(start, end)


def test_every_kind_of_work_has_its_hours() -> None:
    since = at("2026-11-23 09:00")
    assert platform_policy.due("payment", since) == at("2026-11-23 13:00")
    assert platform_policy.due("offering", since) == at("2026-11-25 17:00")
    for work in platform_policy.WORK:
        assert platform_policy.due(work, since) > since


def test_two_officers_decide_where_the_amount_is_high() -> None:
    day = at("2026-11-23 09:00").date()
    high = Money.of("250000", "USD")
    assert platform_policy.officers_needed("pledge", high, day) == 2
    assert platform_policy.officers_needed("pledge", high - Money(1, "USD"), day) == 1
    assert platform_policy.officers_needed("offering", None, day) == 1
