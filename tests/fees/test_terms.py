"""The amounts of every fee, for any terms and in every kind of currency."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fees.terms import FeeTerms
from app.money import Money, split

CURRENCIES = ("JPY", "USD", "KWD")  # 0, 2 and 3 decimals
AMOUNTS = st.integers(1, 10**12)


def limits(low: int = 0) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, 10**9)


@st.composite
def terms(draw: st.DrawFn) -> FeeTerms:
    least = draw(st.integers(0, 10**6))
    return FeeTerms(
        success_bps=draw(st.integers(0, 10_000)), success_least_minor=least, success_most_minor=draw(limits(least)),
        investor_bps=draw(st.integers(0, 10_000)), investor_most_minor=draw(limits()),
        carry_bps=draw(st.integers(0, 10_000)),
    )  # fmt: skip


@given(terms=terms(), closings=st.lists(AMOUNTS, min_size=1, max_size=12), currency=st.sampled_from(CURRENCIES))
@pytest.mark.scenario(41)
def test_rolling_closings_cost_what_one_closing_costs(terms: FeeTerms, closings: list[int], currency: str) -> None:
    nothing = before = Money.zero(currency)
    charged = 0
    for minor in closings:
        closing = Money(minor, currency)
        fee = terms.success_fee(closing, before)
        assert nothing <= fee <= closing
        charged += fee.minor
        before += closing
    assert charged == terms.success_fee(before, nothing).minor


@given(terms=terms(), amounts=st.lists(AMOUNTS, min_size=1, max_size=30), currency=st.sampled_from(CURRENCIES))
def test_the_pledges_parts_of_a_fee_sum_to_it(terms: FeeTerms, amounts: list[int], currency: str) -> None:
    fee = terms.success_fee(Money(sum(amounts), currency), Money.zero(currency))
    parts = split(fee.minor, amounts)
    assert sum(parts) == fee.minor
    assert all(0 <= part <= amount for part, amount in zip(parts, amounts, strict=True))


@given(terms=terms(), amount=AMOUNTS, currency=st.sampled_from(CURRENCIES))
def test_an_investors_fee_is_rounded_half_up_once_and_never_above_its_limit(
    terms: FeeTerms, amount: int, currency: str
) -> None:
    fee = terms.investor_fee(Money(amount, currency)).minor
    exact = (2 * amount * terms.investor_bps + 10_000) // 20_000  # half up, in whole numbers
    assert fee == (exact if terms.investor_most_minor is None else min(exact, terms.investor_most_minor))


@given(
    terms=terms(), paid_in=AMOUNTS, distributions=st.lists(AMOUNTS, min_size=1, max_size=12),
    currency=st.sampled_from(CURRENCIES),
)  # fmt: skip
def test_carry_is_taken_only_beyond_what_was_paid_in_however_it_is_distributed(
    terms: FeeTerms, paid_in: int, distributions: list[int], currency: str
) -> None:
    before, charged = Money.zero(currency), 0
    for minor in distributions:
        carry = terms.carry(Money(minor, currency), before, Money(paid_in, currency))
        assert 0 <= carry.minor <= minor
        charged += carry.minor
        before += Money(minor, currency)
    gain = Money(max(before.minor - paid_in, 0), currency)
    assert charged == gain.share_of(terms.carry_bps).minor


@pytest.mark.parametrize(
    ("currency", "amount", "fee"),
    [("JPY", "10010", "350"), ("USD", "100.10", "3.50"), ("KWD", "100.100", "3.504"), ("USD", "9999", "50")],
)
def test_three_and_a_half_percent_at_most_fifty(currency: str, amount: str, fee: str) -> None:
    most = None if currency != "USD" else 5_000
    terms = FeeTerms(success_bps=0, investor_bps=350, investor_most_minor=most)
    assert terms.investor_fee(Money.of(amount, currency)) == Money.of(fee, currency)


def test_the_least_and_the_most_of_a_success_fee_hold_over_all_closings_together() -> None:
    terms = FeeTerms(success_bps=500, success_least_minor=10_000, success_most_minor=60_000)
    fees, before = [], 0
    for closing in (100_000, 50_000, 150_000, 1_000_000):
        fees.append(terms.success_fee(Money(closing, "USD"), Money(before, "USD")).minor)
        before += closing
    # 5 % is 5,000: the least is 10,000. 7,500 of 150,000 is in it already. 15,000 of 300,000. At most 60,000.
    assert fees == [10_000, 0, 5_000, 45_000]


def test_a_new_offering_is_offered_the_policy_of_the_day() -> None:
    found = FeeTerms.of_the_day(500, "USD", datetime(2026, 1, 1, tzinfo=UTC))
    assert found == FeeTerms(success_bps=500, holdback_days=90)
