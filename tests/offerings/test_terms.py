"""The money side of an offering must not contradict itself; what is missing is no contradiction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.money import MOST_MINOR, Money, SharePrice
from app.offerings.models import OversubscriptionRule
from app.offerings.terms import Terms, problems
from tests.builders import usd


def terms(**changes: Any) -> Terms:
    """2.50 a share, from 25, target 50,000, maximum 100,000."""
    sound = {
        "security_type": "common_stock", "security_description": None, "share_price": Decimal("2.5"),
        "minimum_pledge": usd("25"), "target": usd("50000"), "maximum": usd("100000"),
        "oversubscription_rule": OversubscriptionRule.FIRST_COME, "oversubscription_note": None,
    }  # fmt: skip
    return Terms(**(sound | changes))


def found(**changes: Any) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in problems(terms(**changes))]


def test_sound_terms_have_no_problem() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "missing", ["security_type", "share_price", "minimum_pledge", "target", "maximum", "oversubscription_rule"]
)
def test_a_draft_may_lack_any_term(missing: str) -> None:
    assert found(**{missing: None}) == []


def test_a_draft_may_lack_every_term() -> None:
    assert problems(Terms(None, None, None, None, None, None, None, None)) == []


@pytest.mark.parametrize(
    ("price", "ok"),
    [
        ("0.01", True), ("0.000001", False), ("0.010001", True), ("0.009999", False), ("1.234567", True), ("1.2345678", False),
        ("0", False), ("-2.5", False), ("NaN", False), ("Infinity", False), ("100000000000000", False), ("1E+1", True),
    ],
)  # fmt: skip
def test_a_share_costs_at_least_a_cent_once_rounded(price: str, ok: bool) -> None:
    assert found(share_price=Decimal(price)) == ([] if ok else [("share_price_out_of_range", "share_price")])


def test_a_price_that_no_column_can_hold_is_refused_even_alone() -> None:
    alone = Terms(None, None, Decimal(10) ** 14, None, None, None, None, None)
    assert [problem.code for problem in problems(alone)] == ["share_price_out_of_range"]
    assert problems(Terms(None, None, Decimal(10) ** 14 - 1, None, None, None, None, None)) == []


@pytest.mark.parametrize("field", ["minimum_pledge", "target", "maximum"])
@pytest.mark.parametrize("minor", [0, -1, MOST_MINOR + 1])
def test_an_amount_is_above_zero_and_within_bounds(field: str, minor: int) -> None:
    assert found(**{field: Money(minor, "USD")}) == [("amount_not_positive", field)]


def test_the_maximum_is_at_least_the_target() -> None:
    assert found(maximum=usd("50000")) == []
    assert found(maximum=usd("49999.99")) == [("maximum_below_target", "maximum"), ("target_out_of_reach", "target")]


def test_without_oversubscription_the_maximum_is_the_target() -> None:
    rule = OversubscriptionRule.NOT_ACCEPTED
    assert found(oversubscription_rule=rule, maximum=usd("50000")) == []
    assert found(oversubscription_rule=rule, maximum=usd("50002.50")) == [("maximum_needs_rule", "maximum")]


def test_the_smallest_pledge_fits_between_one_share_and_the_maximum() -> None:
    assert found(minimum_pledge=usd("2.50")) == found(minimum_pledge=usd("100000")) == []
    assert found(minimum_pledge=usd("2.49")) == [("minimum_below_share", "minimum_pledge")]
    assert found(minimum_pledge=usd("100000.01")) == [("minimum_above_maximum", "minimum_pledge")]


def test_whole_shares_must_be_able_to_reach_the_target() -> None:
    seven = {"share_price": Decimal(7), "minimum_pledge": usd("7"), "target": usd("100")}
    assert found(**seven, maximum=usd("105")) == []
    assert found(**seven, maximum=usd("104.99")) == [("target_out_of_reach", "target")]


def test_a_problem_tells_what_would_do() -> None:
    facts = {problem.code: problem.facts for problem in problems(terms(maximum=usd("40000")))}
    assert facts["maximum_below_target"] == {"target": usd("50000")}
    assert facts["target_out_of_reach"] == {"most": usd("40000")}
    assert problems(terms(minimum_pledge=usd("1")))[0].facts == {"one_share": usd("2.50")}


@settings(deadline=None)
@given(
    price=st.decimals("0.000001", "1000000", places=6), smallest=st.integers(1, 10**10),
    target=st.integers(1, 10**12), more=st.integers(0, 10**12),
)  # fmt: skip
def test_terms_without_a_problem_can_be_met(price: Decimal, smallest: int, target: int, more: int) -> None:
    proposed = terms(
        share_price=price, minimum_pledge=Money(smallest, "USD"), target=Money(target, "USD"),
        maximum=Money(target + more, "USD"),
    )  # fmt: skip
    if problems(proposed):
        return
    share = SharePrice(price, "USD")
    assert share.times(1).minor >= 1
    shares = share.shares_for(Money(target + more, "USD"))
    assert target <= share.times(shares).minor <= target + more
