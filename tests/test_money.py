"""Money is whole minor units; nothing is ever lost by splitting or multiplying it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Mistake
from app.money import EXPONENTS, Money, SharePrice, split

currencies = st.sampled_from(sorted(EXPONENTS))
minors = st.integers(0, 10**12)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_a_split_sums_to_the_whole_and_is_fair_to_one_unit(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        total = 0
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights) or 1
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Decimal(total) * weight / whole) < 1


def test_ties_go_to_the_earlier_part() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]


def test_a_split_by_nothing_of_something_is_refused() -> None:
    with pytest.raises(Mistake):
        split(1, [0, 0])


@given(minors, currencies)
def test_an_amount_survives_the_way_through_major_units(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert Money.of(amount.amount, currency) == amount
    assert Money.of(str(amount.amount), currency) == amount


def test_each_currency_has_its_own_digits() -> None:
    assert Money.of("500", "JPY").minor == 500
    assert Money.of("500", "USD").minor == 50_000
    assert Money.of("500", "KWD").minor == 500_000


@pytest.mark.parametrize("text", ["10.005", "NaN", "Infinity", "1e-9"])
def test_what_is_no_amount_of_the_currency_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Money.of(Decimal(text), "USD")


def test_two_currencies_never_meet() -> None:
    for operate in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a >= b):
        with pytest.raises(Mistake):
            operate(Money(1, "USD"), Money(1, "CNY"))


def test_a_bare_number_or_a_float_is_no_money() -> None:
    with pytest.raises(Mistake):
        Money(1.5, "USD")  # type: ignore[arg-type]
    with pytest.raises(Mistake):
        Money(True, "USD")
    with pytest.raises(Mistake):
        Money(1, "XXX")


@pytest.mark.parametrize(
    ("minor", "bps", "fee"), [(10_000, 500, 500), (1, 5_000, 1), (3, 5_000, 2), (10, 0, 0), (333, 500, 17)]
)
def test_a_part_is_rounded_half_up_once(minor: int, bps: int, fee: int) -> None:
    assert Money(minor, "USD").share_of(bps) == Money(fee, "USD")


@given(
    st.decimals(min_value="0.000001", max_value="5000", places=6),
    st.integers(0, 10**9),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_shares_for_an_amount_are_the_most_that_it_pays_for(value: Decimal, minor: int, currency: str) -> None:
    price, amount = SharePrice(value, currency), Money(minor, currency)
    shares = price.shares_for(amount)
    assert shares >= 0
    assert price.times(shares) <= amount
    if minor:
        assert price.times(shares + 1) > amount


@given(
    st.decimals(min_value="0.000001", max_value="5000", places=6),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=40),
)
def test_shares_sold_piece_by_piece_never_cost_more_than_all_at_once(value: Decimal, pieces: list[int]) -> None:
    price = SharePrice(value, "USD")
    apart, together = sum(price.times(piece).minor for piece in pieces), price.times(sum(pieces)).minor
    assert together - len(pieces) < apart <= together
    if price.is_whole:
        assert apart == together


def test_whole_shares_of_a_real_filing() -> None:
    price = SharePrice(Decimal("1.20000"), "USD")
    assert price.shares_for(Money.of("1275", "USD")) == 1062
    assert price.times(1062) == Money.of("1274.40", "USD")
