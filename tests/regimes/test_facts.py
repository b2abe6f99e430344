"""Facts that cannot be read are refused by the name of their field; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from app.regimes.facts import BadFacts
from app.regimes.registry import assess_case
from tests.regimes.asking import bought, michou, us_event, us_pledge, us_raise

AMOUNTS_REFUSED = [
    1000, 10.5, True, "", "1e3", "NaN", "Infinity", "1,000.00", "1_000", " 1.00", "1.00 ", "+1.00", ".5", "1.",
    "0.001", "１００", "1.00 USD", "9" * 15, [], {},
]  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS_REFUSED, ids=repr)
def test_an_amount_is_a_plain_decimal_text(amount: Any) -> None:
    with pytest.raises(BadFacts, match=r"^pledge\.amount"):
        assess_case({**us_pledge("1.00"), "pledge": {"amount": amount, "currency": "USD", "issuer": "iss-A"}})


@pytest.mark.parametrize(
    ("field", "case"),
    [
        ("regime", {**us_pledge("1.00"), "regime": None}),
        ("category", {**us_pledge("1.00"), "category": None}),
        ("category", {**us_pledge("1.00"), "category": "eligibilty"}),
        ("as_of", {**us_pledge("1.00"), "as_of": "2025-02-30"}),
        ("as_of", {**us_pledge("1.00"), "as_of": "15.03.2025"}),
        ("as_of", {**us_pledge("1.00"), "as_of": None}),
        ("as_of", {**us_pledge("1.00"), "as_of": "0001-01-01"}),
        ("as_of", {**us_pledge("1.00"), "as_of": "9999-12-31"}),
        ("pledge", {**us_pledge("1.00"), "pledge": []}),
        ("pledge.amount", {**us_pledge("1.00"), "pledge": {"currency": "USD"}}),
        ("pledge.amount", us_pledge("-1.00")),
        ("pledge.currency", {**us_pledge("1.00"), "pledge": {"amount": "1.00", "currency": "EUR"}}),
        ("pledge.currency", {**us_pledge("1.00"), "pledge": {"amount": "1.00", "currency": "XXX"}}),
        ("pledge.currency", {**us_pledge("1.00"), "pledge": {"amount": "1.00", "currency": ["USD"]}}),
        ("investor", {**us_pledge("1.00"), "investor": "rich"}),
        ("investor.type", us_pledge("1.00", type="robot")),
        ("investor.accredited", us_pledge("1.00", accredited="false")),
        ("investor.accredited_facts", us_pledge("1.00", accredited=None, accredited_facts="series_65")),
        ("investor.accredited_facts.expects_same", us_pledge("1.00", accredited=None, accredited_facts={"expects_same": 1})),
        ("investor.annual_income", us_pledge("1.00", annual_income="much")),
        ("investor.net_worth", us_pledge("1.00", net_worth=5)),
        ("investor.other_platform_12m", us_pledge("1.00", other_platform_12m="-5.00")),
        ("investor.profile_date", us_pledge("1.00", profile_date="yesterday")),
        ("investor.joint_with_spouse", us_pledge("1.00", joint_with_spouse="no")),
        ("investor.reliability_flag", us_pledge("1.00", reliability_flag="no")),
        ("investor.home", us_pledge("1.00", net_worth=None, other_assets="1.00", home="a house")),
        ("investor.home.fmv", us_pledge("1.00", net_worth=None, other_assets="1.00", home={"fmv": "-1.00"})),
        ("history", {**us_pledge("1.00"), "history": {}}),
        ("history[1]", us_pledge("1.00", history=[bought("2025-01-05", "1.00"), "x"])),  # type: ignore[list-item]
        ("history[0].date", us_pledge("1.00", history=[bought("05-01-2025", "1.00")])),
        ("history[0].amount", us_pledge("1.00", history=[bought("2025-01-05", "-1.00")])),
        ("history[0].status", us_pledge("1.00", history=[bought("2025-01-05", "1.00", "paid")])),
        ("event", {**us_event("resale", "resale"), "event": ["resale"]}),
        ("event.type", us_event("resell", "resale")),
        ("event.type", {**us_raise("1.00"), "category": "filing"}),
        ("event.at", us_event("cancel_request", "cancellation", at="2025-06-18T23:59:00", deadline="2025-06-20T23:59:00Z")),
        ("event.deadline", us_event("cancel_request", "cancellation", at="2025-06-18T23:59:00Z")),
        ("event.deadline", us_event("cancel_request", "cancellation", at="2025-06-18T23:59:00Z", deadline="0001-01-01T00:00:00Z")),
        ("event.committed", us_event("release_funds", "cancellation", posted_on="2025-09-02", at="2025-09-23", target="1.00")),
        ("event.provided", us_event("fin_statements", "disclosure", max_offering_plus_prior12m="1.00", provided="guessed")),
        ("event.first_time", us_event("fin_statements", "disclosure", max_offering_plus_prior12m="900000.00", provided="reviewed", first_time="yes")),
        ("event.foreign", us_event("issuer_eligibility", "eligibility", foreign="no")),
        ("investor.income_3y", michou(financial_assets=None, income_3y=5)),
        ("investor.income_3y", michou(financial_assets=None, income_3y=["1.00", "x", "1.00"])),
        ("investor.evidence", michou(evidence="yes")),
        ("offering.min_ticket", michou(ticket="free")),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(field: str, case: dict[str, Any]) -> None:
    with pytest.raises(BadFacts) as caught:
        assess_case(case)
    assert str(caught.value).startswith(field)


@pytest.mark.parametrize("case", [None, 7, "case", [], [us_pledge("1.00")]])
def test_a_case_is_an_object(case: Any) -> None:
    with pytest.raises(BadFacts, match="a case is an object"):
        assess_case(case)


def test_a_fact_that_a_regime_does_not_ask_for_is_left_alone() -> None:
    case = us_pledge("1.00", retail=True)
    assert assess_case({**case, "note": "!", "fx": {"EURUSD": "1.1"}, "offering": {"tier": 2}}) == assess_case(case)


@pytest.mark.parametrize(
    ("field", "case"),
    [
        ("investor.favourite_colour", us_pledge("1.00", favourite_colour="red")),
        ("investor.home.garden", us_pledge("1.00", home={"fmv": "1.00", "garden": True})),
        ("history[].amuont", us_pledge("1.00", history=[bought("2025-01-01", "1.00", amuont="900.00")])),
        ("pledge.sum", {**us_pledge("1.00"), "pledge": {"sum": "1.00"}}),
        ("event.when", us_event("resale", "resale", when="2025-01-01")),
        ("expected", {**us_pledge("1.00"), "expected": {}}),
    ],
)
def test_a_field_that_the_form_does_not_have_is_refused_by_its_path(field: str, case: dict[str, Any]) -> None:
    with pytest.raises(BadFacts) as caught:
        assess_case(case)
    assert str(caught.value) == f"{field} is unknown"
