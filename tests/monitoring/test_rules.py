"""The patterns, at their edges: the last that is none, and the first that is one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.money import Money
from app.monitoring import rules
from app.monitoring.rules import Seen
from app.regimes.parameters import Row
from app.regimes.platform_policy import PACK, review_threshold
from tests.builders import usd

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TODAY = date(2026, 3, 3)
THRESHOLD = review_threshold("USD", TODAY)


def policy(table: str) -> Row:
    row = PACK.in_force(table, TODAY)
    assert row is not None
    return row


def pledge(number: int, amount: str = "100", *, after: timedelta = timedelta(0), **facts: object) -> Seen:
    given: dict[str, object] = {"investor_id": 1, "offering_id": 1, "is_held": True, **facts}
    return Seen(id=number, ref=f"P-{number}", amount=usd(amount), placed_at=NOON + after, **given)  # type: ignore[arg-type]


def days(number: float) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(
    ("amounts", "apart", "found"),
    [
        (["9000", "9000", "7000"], days(1), 3), (["9000", "9000", "6999.99"], days(1), 0),
        (["12500", "12500"], days(1), 0), (["24999.99", "1", "1"], days(1), 3), (["25000", "1", "1"], days(1), 0),
        (["9000", "9000", "7000"], days(3.5), 3), (["9000", "9000", "7000"], days(3.51), 0),
        (["9000"] * 5, days(3), 3), (["100"] * 20, days(0.1), 0), ([], days(1), 0),
    ],
)  # fmt: skip
def test_structuring_stays_below_the_threshold_each_and_reaches_it_together(
    amounts: list[str], apart: timedelta, found: int
) -> None:
    assert THRESHOLD is not None
    pledges = [pledge(number, amount, after=apart * number) for number, amount in enumerate(amounts)]
    assert len(rules.structuring(pledges, THRESHOLD, policy("structuring")) or []) == found


def test_structuring_adds_up_one_currency_only() -> None:
    mixed = [pledge(1, "20000"), pledge(2, "4000"), pledge(3, "500")]
    yuan = Seen(4, "P-4", 1, 1, Money(99_999_999, "CNY"), NOON)
    assert THRESHOLD is not None
    assert rules.structuring([*mixed, yuan], THRESHOLD, policy("structuring")) is None


@pytest.mark.parametrize(
    ("number", "minutes", "offerings", "found"),
    [
        (5, 2.5, 1, True), (5, 2.51, 1, False), (4, 0.1, 1, False), (3, 30, 3, True), (3, 30.1, 3, False),
        (4, 15, 2, False),
    ],
)  # fmt: skip
def test_velocity_is_many_pledges_or_many_offerings_in_a_short_time(
    number: int, minutes: float, offerings: int, found: bool
) -> None:
    pledges = [pledge(n, after=timedelta(minutes=minutes) * n, offering_id=n % offerings) for n in range(number)]
    assert bool(rules.velocity(pledges, policy("velocity"))) == found


@pytest.mark.parametrize(
    ("number", "apart", "found"), [(3, days(15), True), (3, days(15.1), False), (2, days(1), False)]
)
def test_cycling_is_money_that_came_and_went_several_times(number: int, apart: timedelta, found: bool) -> None:
    back = [pledge(n, after=apart * n, is_returned=True, is_held=False) for n in range(number)]
    stayed = [pledge(n + 10, after=apart * n) for n in range(number)]
    assert bool(rules.refund_cycling(back, policy("refund_cycling"))) == found
    assert rules.refund_cycling(stayed, policy("refund_cycling")) is None


@pytest.mark.parametrize(
    ("investors", "amount", "hours", "found"),
    [
        (3, "200", 24, True), (3, "166.66", 24, False), (4, "200", 24, False), (3, "200", 24.1, False),
        (1, "500", 0, True),
    ],
)  # fmt: skip
def test_few_people_filling_an_offering_fast(investors: int, amount: str, hours: float, found: bool) -> None:
    pledges = [pledge(n, amount, after=timedelta(hours=hours), investor_id=n) for n in range(investors)]
    assert bool(rules.fast_fill(pledges, NOON, usd("1000"), policy("fast_fill"))) == found


@pytest.mark.parametrize(("amount", "found"), [("250", True), ("249.99", False)])
def test_insiders_bring_a_part_of_the_target(amount: str, found: bool) -> None:
    related, stranger = pledge(1, amount, is_related=True), pledge(2, "900")
    hit = rules.insider_funding([related, stranger], usd("1000"), policy("insider_funding"))
    assert hit == ([related] if found else None)
