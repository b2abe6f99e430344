"""17 CFR 227.100(a)(2): how much one person may buy in twelve months."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.money import Money
from app.regimes import facts
from app.regimes.registry import BUILT, assess_case
from tests.regimes.asking import bought, decided, limit, us_pledge

#: The first day of each text, and the day before it.
CHANGES = [
    "2016-05-16",
    "2017-04-11",
    "2017-04-12",
    "2021-03-14",
    "2021-03-15",
    "2022-09-19",
    "2022-09-20",
    "2030-01-01",
]


def figures(income: str | None, net_worth: str | None) -> dict[str, Any]:
    return {"annual_income": income, "net_worth": net_worth}


# The formula, and the day on which it changes


@pytest.mark.parametrize(
    ("income", "net_worth", "caps"),
    [
        # below the floor whichever figure counts
        ("30000.00", "20000.00", ["2000.00", "2000.00", "2200.00", "2200.00", "2200.00", "2200.00", "2500.00", "2500.00"]),
        # the lesser of the two, then the greater
        ("50000.00", "90000.00", ["2500.00", "2500.00", "2500.00", "2500.00", "4500.00", "4500.00", "4500.00", "4500.00"]),
        # on the cut point of 2016: a tenth, then a twentieth, as the cut point rises
        ("100000.00", "100000.00", ["10000.00", "10000.00", "5000.00", "5000.00", "5000.00", "5000.00", "5000.00", "5000.00"]),
        ("107000.00", "107000.00", ["10700.00", "10700.00", "10700.00", "10700.00", "10700.00", "10700.00", "5350.00", "5350.00"]),
        ("123999.99", "400000.00", ["12399.99", "12399.99", "12399.99", "12399.99", "40000.00", "40000.00", "20000.00", "20000.00"]),
        ("124000.00", "400000.00", ["12400.00", "12400.00", "12400.00", "12400.00", "40000.00", "40000.00", "40000.00", "40000.00"]),
        # the top limit
        ("3000000.00", "2500000.00", ["100000.00", "100000.00", "107000.00", "107000.00", "107000.00", "107000.00", "124000.00", "124000.00"]),
    ],
)  # fmt: skip
def test_the_cap_on_the_first_and_the_last_day_of_every_text(income: str, net_worth: str, caps: list[str]) -> None:
    assert [limit(us_pledge("1.00", on=day, **figures(income, net_worth)))[0] for day in CHANGES] == caps


def test_there_was_no_such_offering_before_the_regulation_took_effect() -> None:
    assert assess_case(us_pledge("1.00", on="2016-05-15")) == {
        "id": "one", "cap": "0.00", "remaining": "0.00", "decision": "deny", "reason_rule": "US-CF-EFFECTIVE",
    }  # fmt: skip
    assert decided(us_pledge("3000.00", on="2016-05-16")) == ("allow", "US-CF-100a2i")


@pytest.mark.parametrize(
    ("income", "net_worth", "rule"),
    [
        ("123999.99", "123999.99", "US-CF-100a2i"),
        ("124000.00", "123999.99", "US-CF-100a2i"),
        ("123999.99", "124000.00", "US-CF-100a2i"),
        ("124000.00", "124000.00", "US-CF-100a2ii"),
    ],
)
def test_both_figures_must_reach_the_cut_point_for_the_tenth(income: str, net_worth: str, rule: str) -> None:
    assert decided(us_pledge("1.00", **figures(income, net_worth))) == ("allow", rule)


def test_the_first_limb_has_the_top_limit_too() -> None:
    assert limit(us_pledge("1.00", **figures("3000000.00", "100000.00")))[0] == "124000.00"
    assert limit(us_pledge("1.00", on="2022-09-19", **figures("3000000.00", "100000.00")))[0] == "107000.00"


@pytest.mark.parametrize(
    ("income", "net_worth", "cap"),
    [
        ("50000.19", "0.00", "2500.00"),
        ("50000.20", "0.00", "2500.01"),
        ("124000.09", "124000.00", "12400.00"),
        ("124000.10", "124000.00", "12400.01"),
        ("-40000.00", "-90000.00", "2500.00"),
        ("0.00", "-0.01", "2500.00"),
    ],
)
def test_the_cap_is_rounded_down_and_never_below_the_floor(income: str, net_worth: str, cap: str) -> None:
    assert limit(us_pledge("1.00", **figures(income, net_worth)))[0] == cap


def test_the_pledge_may_take_all_that_is_left_and_no_cent_more() -> None:
    history = [bought("2025-01-05", "9500.00")]
    assert decided(us_pledge("500.00", history=history)) == ("allow", "US-CF-100a2i")
    assert decided(us_pledge("500.01", history=history)) == ("deny", "US-CF-100a2i")


def test_nothing_is_left_rather_than_less_than_nothing() -> None:
    assert limit(us_pledge("1.00", history=[bought("2025-01-05", "12000.00")])) == ("10000.00", "0.00")


@settings(deadline=None)
@given(
    income=st.integers(-10**9, 10**10), net_worth=st.integers(-10**10, 10**10), day=st.sampled_from(CHANGES),
    spent=st.integers(0, 10**8), wanted=st.integers(0, 10**8),
)  # fmt: skip
def test_whatever_the_figures_the_answer_keeps_to_its_own_limits(
    income: int, net_worth: int, day: str, spent: int, wanted: int
) -> None:
    def text(minor: int) -> str:
        return str(Money(minor, "USD").amount)

    case = us_pledge(text(wanted), on=day, history=[bought(day, text(spent))], **figures(text(income), text(net_worth)))
    regime = BUILT["US-CF"]
    verdict = regime.assess(facts.read(case))
    law = regime.pack.in_force("investor_cap", facts.read(case).as_of)
    assert law is not None and verdict.cap is not None and verdict.remaining is not None
    assert law.money("floor") <= verdict.cap <= law.money("top_cap")
    assert verdict.remaining == max(verdict.cap - Money(spent, "USD"), Money.zero("USD"))
    assert verdict.allows == (Money(wanted, "USD") <= verdict.remaining)


# What counts as bought


@pytest.mark.parametrize(
    ("on", "bought_on", "left"),
    [
        ("2025-03-15", "2024-03-14", "10000.00"),  # a year and a day ago
        ("2025-03-15", "2024-03-15", "1000.00"),  # the anniversary counts
        ("2025-03-15", "2025-03-15", "1000.00"),  # so does today
        ("2025-03-15", "2025-03-16", "10000.00"),  # tomorrow does not
        ("2024-02-29", "2023-02-27", "10000.00"),
        ("2024-02-29", "2023-02-28", "1000.00"),  # twelve months before a leap day
        ("2025-02-28", "2024-02-28", "1000.00"),
        ("2025-02-28", "2024-02-29", "1000.00"),
        ("2025-03-01", "2024-02-29", "10000.00"),
        ("2024-12-31", "2023-12-31", "1000.00"),  # 366 days
        ("2024-12-31", "2023-12-30", "10000.00"),
    ],
)
def test_the_window_is_twelve_calendar_months_with_both_ends_in(on: str, bought_on: str, left: str) -> None:
    assert limit(us_pledge("1.00", on=on, history=[bought(bought_on, "9000.00")]))[1] == left


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("settled", "1000.00"), ("committed", "1000.00"), ("settled_resold", "1000.00"),
        ("cancelled", "10000.00"), ("refunded", "10000.00"), ("lapsed", "10000.00"),
    ],
)  # fmt: skip
def test_what_came_to_nothing_gives_the_limit_back_and_a_resale_does_not(status: str, left: str) -> None:
    assert limit(us_pledge("1.00", history=[bought("2025-01-05", "9000.00", status)]))[1] == left


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ({}, "1000.00"),
        ({"exemption": "reg_cf"}, "1000.00"),
        ({"exemption": "reg_a"}, "10000.00"),
        ({"exemption": "reg_d"}, "10000.00"),
        ({"via": "crowdfunding_vehicle"}, "1000.00"),
        ({"issuer": "iss-A"}, "1000.00"),
    ],
)
def test_every_crowdfunding_purchase_counts_and_no_other(others: dict[str, str], left: str) -> None:
    history = [{**bought("2025-01-05", "9000.00"), **others}]
    assert limit(us_pledge("1.00", history=history))[1] == left


def test_purchases_on_other_portals_count() -> None:
    case = us_pledge("2000.00", other_platform_12m="7000.00", history=[bought("2025-01-05", "1000.00")])
    assert limit(case) == ("10000.00", "2000.00")
    assert decided(case) == ("allow", "US-CF-100a2i")


# Spouses


@pytest.mark.parametrize("wanted", ["500.00", "500.01"])
def test_joint_figures_make_one_limit_for_both_spouses(wanted: str) -> None:
    history = [bought("2024-11-01", "3000.00"), bought("2024-12-01", "6500.00", owner="spouse")]
    case = us_pledge(wanted, joint_with_spouse=True, history=history)
    assert limit(case) == ("10000.00", "500.00")
    assert decided(case) == ("allow" if wanted == "500.00" else "deny", "US-CF-100a2-JOINT")


@pytest.mark.parametrize("joint", [False, None])
def test_without_joint_figures_the_spouse_has_a_limit_of_their_own(joint: bool | None) -> None:
    history = [bought("2024-11-01", "3000.00"), bought("2024-12-01", "6500.00", owner="spouse")]
    assert limit(us_pledge("1.00", joint_with_spouse=joint, history=history)) == ("10000.00", "7000.00")


# What must be known first


@pytest.mark.parametrize(("income", "net_worth"), [(None, None), ("90000.00", None), (None, "90000.00")])
def test_with_unknown_figures_only_the_floor_can_be_used(income: str | None, net_worth: str | None) -> None:
    within, above = (us_pledge(amount, **figures(income, net_worth)) for amount in ("2500.00", "2500.01"))
    assert limit(within) == limit(above) == ("2500.00", "2500.00")
    assert decided(within) == ("allow", "US-CF-100a2i")
    assert decided(above) == ("needs_ack", "US-CF-303b1-PROFILE")


def test_without_word_on_other_portals_nothing_is_sold() -> None:
    assert decided(us_pledge("1.00", other_platform_12m=None)) == ("needs_ack", "US-CF-303b1-OTHER")


@pytest.mark.parametrize(
    ("on", "declared", "decision"),
    [
        ("2025-03-15", "2024-03-15", "allow"),
        ("2025-03-15", "2024-03-14", "needs_ack"),
        ("2024-02-29", "2023-02-28", "allow"),
        ("2024-02-29", "2023-02-27", "needs_ack"),
    ],
)
def test_figures_grow_stale_after_twelve_months(on: str, declared: str, decision: str) -> None:
    rule = "US-CF-100a2i" if decision == "allow" else "US-CF-303b1-STALE"
    assert decided(us_pledge("1.00", on=on, profile_date=declared)) == (decision, rule)


def test_a_reason_to_doubt_comes_before_everything_else() -> None:
    case = us_pledge("99999.00", reliability_flag=True, profile_date="2020-01-01", other_platform_12m=None)
    assert decided(case) == ("needs_ack", "US-CF-303b1-DOUBT")


def test_what_must_be_said_first_is_asked_before_the_amount_is_refused() -> None:
    assert decided(us_pledge("99999.00", profile_date="2020-01-01")) == ("needs_ack", "US-CF-303b1-STALE")


# The check again at the closing


def test_a_later_check_goes_by_the_law_and_the_window_of_the_later_day() -> None:
    investor = figures("110000.00", "115000.00")
    pledged = us_pledge("11500.00", on="2022-09-19", **investor)
    closing = {**us_pledge("11500.00", on="2022-09-20", **investor), "committed_on": "2022-09-19"}
    assert decided(pledged) == ("allow", "US-CF-100a2ii")
    assert decided(closing) == ("deny", "US-CF-100a2i")


# When more of the limit comes back


@pytest.mark.parametrize(
    ("on", "bought_on", "frees_on"),
    [
        ("2025-03-15", "2025-01-05", "2026-01-06"),
        ("2024-03-15", "2024-02-29", "2025-03-01"),
        ("2023-03-15", "2023-02-28", "2024-03-01"),  # on 29 February 2024 it still counts
    ],
)
def test_the_limit_comes_back_on_the_first_day_without_the_purchase(on: str, bought_on: str, frees_on: str) -> None:
    history = [bought(bought_on, "9000.00")]
    verdict = BUILT["US-CF"].assess(facts.read(us_pledge("1.00", on=on, history=history)))
    assert verdict.frees is not None
    day, amount = verdict.frees
    assert (day.isoformat(), str(amount.amount)) == (frees_on, "9000.00")
    assert limit(us_pledge("1.00", on=(day - timedelta(days=1)).isoformat(), history=history))[1] == "1000.00"
    assert limit(us_pledge("1.00", on=frees_on, history=history))[1] == "10000.00"


def test_what_frees_first_fills_what_is_over_the_limit_before_it_can_be_used() -> None:
    history = [bought("2024-06-01", "3000.00"), bought("2024-09-01", "9500.00")]
    verdict = BUILT["US-CF"].assess(facts.read(us_pledge("1.00", history=history)))
    assert verdict.frees is not None
    assert (verdict.frees[0].isoformat(), str(verdict.frees[1].amount)) == ("2025-06-02", "500.00")


def test_nothing_frees_where_nothing_was_bought() -> None:
    assert BUILT["US-CF"].assess(facts.read(us_pledge("1.00"))).frees is None
