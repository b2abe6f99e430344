"""17 CFR 230.251: a tenth of the greater figure in each Tier 2 offering; 20 and 75 million for the company."""

from __future__ import annotations

from typing import Any

import pytest

from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask

RULE = "US-A-251d2iC"
TIER_2 = {"id": "off-1", "tier": 2}


def buy(amount: str, *, on: str | None = None, history: list[Case] | None = None, **others: Any) -> Case:
    """Somebody with an income of 60,000 and a net worth of 200,000, whose limit is 20,000."""
    offering = {**TIER_2, **others.pop("offering", {})}
    person = {"type": "natural", "accredited": False, "annual_income": "60000.00", "net_worth": "200000.00", **others}
    return ask("US-REGA", "investor_cap", amount, on=on, history=history, offering=offering, **person)


def raised(amount: str, tier: int, *history: Case, on: str | None = None) -> Case:
    return ask("US-REGA", "offering_cap", amount, on=on, history=list(history), offering={"id": "off-1", "tier": tier})


@pytest.mark.parametrize(("amount", "decision"), [("20000.00", "allow"), ("20000.01", "deny")])
def test_a_tenth_of_the_greater_figure_may_be_bought_and_no_cent_more(amount: str, decision: str) -> None:
    assert decided(buy(amount)) == (decision, RULE)
    assert limit(buy(amount)) == ("20000.00", "20000.00")


@pytest.mark.parametrize(
    ("figures", "cap"),
    [
        ({"annual_income": "300000.00", "net_worth": "200000.00"}, "30000.00"),
        ({"annual_income": "123456.78", "net_worth": "-5.00"}, "12345.67"),
        ({"annual_income": "0.00", "net_worth": "-5.00"}, "0.00"),
        ({"annual_income": "-7.00", "net_worth": "-5.00"}, "0.00"),
        ({"net_worth": None, "other_assets": "300000.00", "other_liabilities": "50000.00"}, "25000.00"),
    ],
)
def test_whichever_figure_is_greater_counts_rounded_down_and_never_below_nothing(
    figures: dict[str, Any], cap: str
) -> None:
    assert limit(buy("1.00", **figures))[0] == cap


@pytest.mark.parametrize(("amount", "decision"), [("90000.00", "allow"), ("90000.01", "deny")])
def test_an_entity_goes_by_its_revenue_or_its_net_assets(amount: str, decision: str) -> None:
    company = {"type": "entity", "annual_income": None, "net_worth": None}
    for figures in (
        {"revenue": "900000.00", "net_assets": "400000.00"},
        {"revenue": "1.00", "net_assets": "900000.00"},
    ):
        assert decided(buy(amount, **company, **figures)) == (decision, RULE)


@pytest.mark.parametrize(
    ("figures", "cap"),
    [
        ({"annual_income": None, "net_worth": "200000.00"}, "20000.00"),
        ({"annual_income": "200000.00", "net_worth": None}, "20000.00"),
        ({"annual_income": None, "net_worth": None}, "0.00"),
    ],
)
def test_a_missing_figure_is_asked_for_where_it_could_help(figures: dict[str, Any], cap: str) -> None:
    within, above = buy(cap, **figures), buy(f"{cap[:-1]}1", **figures)
    assert (decided(within), decided(above)) == (("allow", RULE), ("needs_ack", RULE))
    assert limit(within) == limit(above) == (cap, cap)


@pytest.mark.parametrize(
    "free", [{"accredited": True}, {"offering": {"exchange_listed": True}}, {"offering": {"tier": 1}}]
)
def test_accredited_investors_listed_securities_and_tier_1_have_no_limit(free: dict[str, Any]) -> None:
    assert decided(buy("900000.00", **free)) == ("allow", RULE)
    assert limit(buy("900000.00", **free)) == (None, None)


def test_an_offering_that_names_no_tier_has_the_limit() -> None:
    assert limit(ask("US-REGA", "investor_cap", annual_income="10.00", net_worth="50.00"))[0] == "5.00"


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (bought("2025-01-01", "15000.00", issuer="iss-A", offering="off-1"), "5000.00"),
        (bought("2020-01-01", "15000.00", issuer="iss-A", offering="off-1"), "5000.00"),  # not by the year
        (bought("2025-01-01", "15000.00", issuer="iss-A", offering="off-9"), "20000.00"),
        (bought("2025-01-01", "15000.00", issuer="iss-A"), "5000.00"),  # an offering that is not named may be this one
        (bought("2025-01-01", "15000.00", issuer="iss-B"), "20000.00"),
        (bought("2025-03-16", "15000.00", issuer="iss-A", offering="off-1"), "20000.00"),  # tomorrow
    ],
)
def test_the_limit_is_of_the_offering_and_of_no_year(earlier: Case, left: str) -> None:
    assert limit(buy("1.00", history=[earlier])) == ("20000.00", left)


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    earlier = bought("2025-01-01", "15000.00", status, issuer="iss-A", offering="off-1")
    assert limit(buy("1.00", history=[earlier]))[1] == ("5000.00" if counts else "20000.00")


def test_purchases_on_other_portals_are_not_asked_for() -> None:
    assert decided(buy("20000.00", other_platform_12m=None)) == ("allow", RULE)


@pytest.mark.parametrize(
    ("on", "tier", "cap"),
    [
        ("2015-06-19", 1, "20000000.00"), ("2015-06-19", 2, "50000000.00"), ("2021-03-14", 2, "50000000.00"),
        ("2021-03-15", 2, "75000000.00"), ("2021-03-15", 1, "20000000.00"),
    ],
)  # fmt: skip
def test_a_company_may_offer_up_to_the_limit_of_its_tier(on: str, tier: int, cap: str) -> None:
    over = f"{cap[:-1]}1"
    assert decided(raised(cap, tier, on=on)) == ("allow", "US-A-251a")
    assert decided(raised(over, tier, on=on)) == ("deny", "US-A-251a")
    assert limit(raised(over, tier, on=on)) == (cap, cap)


@pytest.mark.parametrize(
    ("sale", "left"),
    [
        (bought("2024-03-15", "60000000.00", issuer="iss-A"), "15000000.00"),
        (bought("2024-03-14", "60000000.00", issuer="iss-A"), "75000000.00"),
        (bought("2024-06-01", "60000000.00", issuer="iss-A", exemption="reg_a"), "15000000.00"),
        (bought("2024-06-01", "60000000.00", issuer="iss-A", exemption="reg_cf"), "75000000.00"),
        (bought("2024-06-01", "60000000.00", issuer="iss-A", exemption="reg_d"), "75000000.00"),
        (bought("2024-06-01", "60000000.00", issuer="iss-C", note="under common control"), "15000000.00"),
        (bought("2024-06-01", "60000000.00", issuer="iss-C"), "75000000.00"),
    ],
)
def test_what_was_sold_under_the_regulation_in_twelve_months_counts(sale: Case, left: str) -> None:
    assert limit(raised("1.00", 2, sale)) == ("75000000.00", left)


def test_there_was_no_such_offering_before_the_regulation_was_made_anew() -> None:
    assert decided(buy("1.00", on="2015-06-18")) == ("deny", RULE)
    assert decided(buy("1.00", on="2015-06-19")) == ("allow", RULE)
    assert decided(raised("1.00", 2, on="2015-06-18")) == ("deny", "US-A-251a")
