"""17 CFR 230.501 as Regulation Crowdfunding uses it: net worth, and who has no limit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.regimes.asking import decided, limit, us_pledge

NO_LIMIT = ("allow", "US-CF-100a2-ACC")


def derived(amount: str = "400000.00", *, on: str = "2025-03-15", **investor: Any) -> dict[str, Any]:
    """Somebody whose status nobody has decided: it follows from the facts."""
    return us_pledge(amount, on=on, accredited=None, **investor)


# Who has no limit


@pytest.mark.parametrize(
    ("on", "decision", "cap"),
    [
        ("2016-05-16", ("deny", "US-CF-100a2ii"), "40000.00"),
        ("2021-03-14", ("deny", "US-CF-100a2ii"), "40000.00"),
        ("2021-03-15", NO_LIMIT, None),
        ("2022-09-20", NO_LIMIT, None),
    ],
)
def test_accredited_investors_had_a_limit_until_2021(on: str, decision: tuple[str, str], cap: str | None) -> None:
    case = us_pledge("400000.00", on=on, accredited=True, annual_income="400000.00", net_worth="3000000.00")
    assert decided(case) == decision
    assert limit(case) == (cap, cap)


def test_an_accredited_investor_is_not_asked_about_other_portals() -> None:
    assert decided(us_pledge("400000.00", accredited=True, other_platform_12m=None)) == NO_LIMIT


@pytest.mark.parametrize(("net_worth", "is_accredited"), [("1000000.00", False), ("1000000.01", True)])
def test_net_worth_must_exceed_a_million(net_worth: str, is_accredited: bool) -> None:
    case = derived(annual_income="150000.00", net_worth=net_worth)
    assert decided(case) == (NO_LIMIT if is_accredited else ("deny", "US-CF-100a2ii"))


@pytest.mark.parametrize(
    ("facts", "is_accredited"),
    [
        ({"income_y1": "200000.01", "income_y2": "200000.01", "expects_same": True}, True),
        ({"income_y1": "200000.00", "income_y2": "200000.01", "expects_same": True}, False),
        ({"income_y1": "200000.01", "income_y2": "200000.00", "expects_same": True}, False),
        ({"income_y1": "250000.00", "income_y2": "190000.00", "expects_same": True}, False),
        ({"income_y1": "250000.00", "income_y2": "250000.00", "expects_same": False}, False),
        ({"income_y1": "250000.00", "income_y2": "250000.00"}, False),
        ({"income_y1": "250000.00", "expects_same": True}, False),
        ({"joint_income_y1": "300000.01", "joint_income_y2": "300000.01", "expects_same": True}, True),
        ({"joint_income_y1": "300000.01", "joint_income_y2": "300000.00", "expects_same": True}, False),
        ({"joint_income_y1": "300000.01", "joint_income_y2": "300000.01", "expects_same": False}, False),
        ({"income_y1": "250000.00", "joint_income_y2": "350000.00", "expects_same": True}, False),
        ({"license": "series_65", "license_good_standing": True}, True),
        ({"license": "series_7", "license_good_standing": True}, True),
        ({"license": "series_82", "license_good_standing": True}, True),
        ({"license": "series_65", "license_good_standing": False}, False),
        ({"license": "series_65"}, False),
        ({"license": "series_63", "license_good_standing": True}, False),
        ({}, False),
    ],
)
def test_income_and_licences_must_pass_every_part_of_their_bar(facts: dict[str, Any], is_accredited: bool) -> None:
    case = derived(annual_income="250000.00", net_worth="50000.00", accredited_facts=facts)
    assert decided(case) == (NO_LIMIT if is_accredited else ("deny", "US-CF-100a2i"))


@pytest.mark.parametrize("kind", ["entity", "legal"])
@pytest.mark.parametrize(
    ("facts", "is_accredited"),
    [
        ({"entity_total_assets": "5000000.01", "formed_for_purpose": False}, True),
        ({"entity_total_assets": "5000000.00", "formed_for_purpose": False}, False),
        ({"entity_total_assets": "9000000.00", "formed_for_purpose": True}, False),
        ({"entity_total_assets": "9000000.00"}, False),
        ({"income_y1": "900000.00", "income_y2": "900000.00", "expects_same": True}, False),
    ],
)
def test_an_entity_needs_assets_and_a_purpose_of_its_own(kind: str, facts: dict[str, Any], is_accredited: bool) -> None:
    case = derived(type=kind, annual_income="0.00", net_worth="2000000.00", accredited_facts=facts)
    assert decided(case) == (NO_LIMIT if is_accredited else ("deny", "US-CF-100a2i"))


def test_an_officers_decision_comes_before_the_facts() -> None:
    rich = {"annual_income": "900000.00", "net_worth": "9000000.00"}
    assert decided(us_pledge("400000.00", accredited=False, **rich)) == ("deny", "US-CF-100a2ii")
    assert decided(us_pledge("400000.00", accredited=True, annual_income="1.00", net_worth="1.00")) == NO_LIMIT


def test_a_crowdfunding_vehicle_has_no_limit_of_its_own() -> None:
    case = us_pledge("4000000.00", type="crowdfunding_vehicle", annual_income=None, net_worth=None)
    assert decided(case) == ("allow", "US-CF-100d")
    assert limit(case) == (None, None)


# Net worth from its parts


def with_home(assets: str, liabilities: str | None, **home: Any) -> dict[str, Any]:
    """Income is above the cut point, so the cap is a tenth of what is larger, or a twentieth below the cut point."""
    parts: dict[str, Any] = {"net_worth": None, "other_assets": assets, "other_liabilities": liabilities}
    return us_pledge("1.00", annual_income="124000.00", home=home or None, **parts)


@pytest.mark.parametrize(
    ("case", "net_worth"),
    [
        (with_home("150000.00", None), 150_000),
        (with_home("150000.00", "20000.00"), 130_000),
        # the home and what is owed on it count neither way
        (with_home("150000.00", "0.00", fmv="400000.00", mortgage_now="300000.00", mortgage_60d_ago="300000.00"), 150_000),
        # what is owed above its value counts
        (with_home("190000.00", "0.00", fmv="250000.00", mortgage_now="300000.00", mortgage_60d_ago="300000.00"), 140_000),
        # what was borrowed on it in the last 60 days counts
        (with_home("170000.00", "0.00", fmv="400000.00", mortgage_now="300000.00", mortgage_60d_ago="260000.00"), 130_000),
        (
            with_home(
                "170000.00", "0.00", fmv="400000.00", mortgage_now="300000.00", mortgage_60d_ago="260000.00",
                acquired_within_60d=False,
            ),
            130_000,
        ),
        # but not what bought it
        (
            with_home(
                "150000.00", "0.00", fmv="400000.00", mortgage_now="300000.00", mortgage_60d_ago="0.00",
                acquired_within_60d=True,
            ),
            150_000,
        ),
        # nothing counts twice: 50,000 above the value, and 30,000 of the new debt below it
        (with_home("230000.00", "0.00", fmv="250000.00", mortgage_now="300000.00", mortgage_60d_ago="220000.00"), 150_000),
        # paying off is no debt
        (with_home("150000.00", "0.00", fmv="400000.00", mortgage_now="200000.00", mortgage_60d_ago="300000.00"), 150_000),
    ],
)  # fmt: skip
def test_net_worth_leaves_out_the_home_but_not_all_of_its_debt(case: dict[str, Any], net_worth: int) -> None:
    told = {**case, "investor": {**case["investor"], "net_worth": f"{net_worth}.00", "home": None}}
    assert limit(case) == limit(told) == (f"{net_worth // 10}.00",) * 2


def test_net_worth_from_its_parts_can_make_accredited() -> None:
    parts = {"net_worth": None, "other_assets": "1020000.01", "other_liabilities": "20000.00"}
    assert decided(derived(**parts)) == NO_LIMIT


def test_debt_that_eats_the_net_worth_moves_the_cap_to_the_first_limb() -> None:
    home = {"fmv": "250000.00", "mortgage_now": "300000.00", "mortgage_60d_ago": "300000.00"}
    case = with_home("173999.99", "0.00", **home)
    assert decided(case) == ("allow", "US-CF-100a2i")
    assert limit(case) == ("6200.00", "6200.00")
