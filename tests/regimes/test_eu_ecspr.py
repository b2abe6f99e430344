"""Regulation (EU) 2020/1503: the entry test, the simulation of losses, the warning above a threshold."""

from __future__ import annotations

import pytest

from tests.regimes.asking import Case, decided, limit
from tests.regimes.asking_europe import ACKNOWLEDGED, EU_DAY, FIGURES, eu_pledge

ALLOWED, WARNED = ("allow", "EU-21-7"), ("needs_ack", "EU-21-7")
SOPHISTICATED = ("allow", "EU-ANNEX2")


def worth(income: str, liquid: str, commitments: str) -> Case:
    return {"net_annual_income": income, "liquid_assets": liquid, "annual_commitments": commitments}


def invested(on: str, amount: str, offer: str | None, status: str = "settled") -> Case:
    return {"date": on, "amount": amount, "issuer": "po-A", "status": status} | ({"offer": offer} if offer else {})


# The threshold


@pytest.mark.parametrize(
    ("figures", "threshold"),
    [
        (worth("24000.00", "10000.00", "14000.00"), "1000.00"),  # a twentieth is the thousand
        (worth("24000.19", "10000.00", "14000.00"), "1000.00"),  # rounded down
        (worth("24000.20", "10000.00", "14000.00"), "1000.01"),
        (FIGURES, "4000.00"),
        (worth("60000.00", "50000.00", "30000.20"), "3999.99"),
        (worth("10000.00", "0.00", "30000.00"), "1000.00"),  # below zero
        (worth("-5000.00", "90000.00", "5000.00"), "4000.00"),  # a year of losses
        (worth("0.00", "0.00", "0.00"), "1000.00"),
        ({"net_annual_income": "60000.00", "liquid_assets": "50000.00"}, "1000.00"),  # a part is missing
        (dict.fromkeys(FIGURES), "1000.00"),
        ({}, "1000.00"),
        (None, "1000.00"),
    ],
)
def test_the_threshold_is_a_thousand_or_a_twentieth_of_the_net_worth(figures: Case | None, threshold: str) -> None:
    above = f"{threshold[:-1]}{int(threshold[-1]) + 1}" if threshold[-1] != "9" else "4000.00"
    assert limit(eu_pledge(threshold, nw_inputs=figures)) == (threshold, threshold)
    assert decided(eu_pledge(threshold, nw_inputs=figures)) == ALLOWED
    assert decided(eu_pledge(above, nw_inputs=figures)) == WARNED


def test_it_is_no_cap_and_with_the_three_steps_any_amount_is_lawful() -> None:
    for amount in ("4000.01", "8000.01", "50000.00", "9000000.00"):
        assert decided(eu_pledge(amount, **ACKNOWLEDGED)) == ALLOWED
        assert limit(eu_pledge(amount, **ACKNOWLEDGED)) == ("4000.00", "4000.00")


@pytest.mark.parametrize("step", ACKNOWLEDGED)
@pytest.mark.parametrize("said", [False, None])
def test_each_of_the_three_steps_is_needed(step: str, said: bool | None) -> None:
    assert decided(eu_pledge("4000.01", **{**ACKNOWLEDGED, step: said})) == WARNED
    assert decided(eu_pledge("4000.00", **{**ACKNOWLEDGED, step: said})) == ALLOWED


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (invested("2025-06-01", "900.00", "off-A"), "3100.00"),
        (invested("2025-06-01", "900.00", "off-A", "committed"), "3100.00"),
        (invested("2025-06-01", "900.00", "off-A", "settled_resold"), "3100.00"),
        (invested("2020-01-01", "900.00", "off-A"), "3100.00"),  # no window: it is the same offer
        (invested("2025-06-01", "900.00", "off-A", "cancelled"), "4000.00"),
        (invested("2025-06-01", "900.00", "off-A", "refunded"), "4000.00"),
        (invested("2025-06-01", "900.00", "off-A", "lapsed"), "4000.00"),
        (invested("2025-06-01", "900.00", "off-B"), "4000.00"),  # the same owner's other offer
        (invested("2025-06-01", "900.00", None), "4000.00"),
        (invested("2025-06-03", "900.00", "off-A"), "4000.00"),  # after the day of the question
        (invested("2025-06-01", "5000.00", "off-A"), "0.00"),
    ],
)
def test_pledges_to_one_offer_are_taken_together_and_others_are_not(earlier: Case, left: str) -> None:
    assert limit(eu_pledge("1.00", offer="off-A", history=[earlier])) == ("4000.00", left)
    over = eu_pledge(f"{float(left) + 0.01:.2f}", offer="off-A", history=[earlier])
    assert decided(over) == WARNED
    assert decided({**over, "investor": {**over["investor"], **ACKNOWLEDGED}}) == ALLOWED


def test_a_pledge_that_names_no_offer_stands_alone() -> None:
    assert limit(eu_pledge("1.00", history=[invested("2025-06-01", "900.00", None)]))[1] == "4000.00"


@pytest.mark.parametrize(
    ("amount", "currency", "fx", "answer"),
    [
        ("11500.00", "SEK", {"SEKEUR_div": "11.50"}, ALLOWED),
        ("11500.01", "SEK", {"SEKEUR_div": "11.50"}, WARNED),  # a thousandth of a euro above
        ("11500.12", "SEK", {"SEKEUR_div": "11.50"}, WARNED),
        ("1150.00", "GBP", {"GBPEUR": "0.869565"}, ALLOWED),  # 999.99975
        ("1150.01", "GBP", {"GBPEUR": "0.869565"}, WARNED),  # 1,000.0084…
        ("160000", "JPY", {"JPYEUR_div": "160"}, ALLOWED),
        ("160001", "JPY", {"JPYEUR_div": "160"}, WARNED),
    ],
)
def test_other_currencies_are_compared_in_euros_unrounded(
    amount: str, currency: str, fx: Case, answer: tuple[str, str]
) -> None:
    case = eu_pledge(amount, currency=currency, fx=fx, nw_inputs=None)
    assert decided(case) == answer
    assert limit(case) == ("1000.00", "1000.00")


def test_what_is_left_in_euros_is_rounded_down() -> None:
    earlier = [invested("2025-06-01", "100.00", "off-A")]
    case = eu_pledge("1.00", currency="SEK", fx={"SEKEUR_div": "11.30"}, offer="off-A", history=earlier)
    assert limit(case) == ("4000.00", "3991.15")  # 8.8495… euros are used


# Test and simulation


@pytest.mark.parametrize(
    ("investor", "answer"),
    [
        ({"entry_test": None, "entry_test_on": None}, ("needs_ack", "EU-21-1")),
        ({"entry_test_on": None}, ("needs_ack", "EU-21-1")),
        ({"entry_test_on": "2025-06-03"}, ("needs_ack", "EU-21-1")),  # tomorrow
        ({"entry_test_on": EU_DAY}, ALLOWED),
        ({"entry_test_on": "2023-06-03"}, ALLOWED),
        ({"entry_test_on": "2023-06-02"}, ("needs_ack", "EU-21-3")),  # two years today
        ({"entry_test_on": "2023-06-01"}, ("needs_ack", "EU-21-3")),
        ({"entry_test": "failed"}, ("needs_ack", "EU-21-4")),
        ({"entry_test": "failed", "ack_21_4": False}, ("needs_ack", "EU-21-4")),
        ({"entry_test": "failed", "ack_21_4": True}, ALLOWED),
        ({"entry_test": "failed", "ack_21_4": True, "entry_test_on": "2023-06-01"}, ("needs_ack", "EU-21-3")),
        ({"entry_test": "failed", "entry_test_on": None}, ("needs_ack", "EU-21-1")),
        ({"entry_test": "info_refused"}, ("needs_ack", "EU-21-4")),
        ({"entry_test": "info_refused", "entry_test_on": None}, ("needs_ack", "EU-21-4")),
        ({"entry_test": "info_refused", "entry_test_on": None, "ack_21_4": True}, ALLOWED),
        ({"simulation_on": None}, ("needs_ack", "EU-21-5")),
        ({"simulation_on": "2025-06-03"}, ("needs_ack", "EU-21-5")),
        ({"simulation_on": "2024-06-03"}, ALLOWED),
        ({"simulation_on": "2024-06-02"}, ("needs_ack", "EU-21-5")),  # a year today
        ({"simulation_on": "2024-06-01"}, ("needs_ack", "EU-21-5")),
        ({"entry_test": None, "simulation_on": None}, ("needs_ack", "EU-21-1")),  # the test comes first
        ({"simulation_on": None, "nw_inputs": None}, ("needs_ack", "EU-21-5")),
    ],
)
def test_the_entry_test_of_two_years_and_the_simulation_of_one_come_first(
    investor: Case, answer: tuple[str, str]
) -> None:
    assert decided(eu_pledge(**investor)) == answer
    assert limit(eu_pledge(**investor))[0] == ("1000.00" if investor.get("nw_inputs", FIGURES) is None else "4000.00")


def test_the_steps_come_first_whatever_the_amount_and_whatever_was_acknowledged() -> None:
    assert decided(eu_pledge("9000.00", simulation_on=None, **ACKNOWLEDGED)) == ("needs_ack", "EU-21-5")
    assert decided(eu_pledge("9000.00", entry_test="failed", **ACKNOWLEDGED)) == ("needs_ack", "EU-21-4")


def test_a_leap_day_has_its_anniversary_on_the_last_of_february() -> None:
    assert decided(eu_pledge(on="2026-02-27", entry_test_on="2024-02-29", simulation_on=EU_DAY)) == ALLOWED
    assert decided(eu_pledge(on="2026-02-28", entry_test_on="2024-02-29", simulation_on=EU_DAY))[1] == "EU-21-3"


# Sophisticated investors


PERSON = [
    ({"gross_income": "60000.00", "finance_job_months": 12}, True),
    ({"gross_income": "59999.99", "finance_job_months": 12}, False),
    ({"portfolio": "100000.01", "finance_job_months": 12}, True),
    ({"portfolio": "100000.00", "finance_job_months": 12}, False),  # it must exceed
    ({"gross_income": "90000.00", "portfolio": "500000.00"}, False),  # one criterion
    ({"gross_income": "60000.00", "finance_job_months": 11}, False),
    ({"gross_income": "60000.00", "executive_months": 12}, True),
    ({"gross_income": "60000.00", "executive_months": 11, "finance_job_months": 11}, False),
    ({"finance_job_months": 12, "executive_months": 12}, False),  # one criterion, too
    ({"executive_months": 12, "tx_last4q": [10, 10, 10, 10]}, True),
    ({"executive_months": 12, "tx_last4q": [10, 10, 10, 9]}, False),
    ({"executive_months": 12, "tx_last4q": [40, 0, 0, 0]}, True),  # on average
    ({"gross_income": "60000.00", "tx_last4q": [10, 10, 10, 10]}, True),
    ({"tx_last4q": [99, 99, 99, 99]}, False),
    ({}, False),
    ({"own_funds": "9000000.00", "net_turnover": "9000000.00"}, False),  # a company's figures
]
COMPANY = [
    ({"own_funds": "100000.00"}, True),
    ({"own_funds": "99999.99"}, False),
    ({"net_turnover": "2000000.00"}, True),
    ({"net_turnover": "1999999.99"}, False),
    ({"balance_sheet": "1000000.00"}, True),
    ({"balance_sheet": "999999.99"}, False),
    ({"own_funds": "99999.99", "net_turnover": "1999999.99", "balance_sheet": "999999.99"}, False),
    ({"own_funds": "-5.00", "balance_sheet": "1000000.00"}, True),
    ({"gross_income": "90000.00", "finance_job_months": 99}, False),
    ({}, False),
]


@pytest.mark.parametrize(("given", "meets"), PERSON)
def test_a_person_is_sophisticated_by_two_of_three_criteria(given: Case, meets: bool) -> None:
    case = eu_pledge("4000.01", soph_facts=given, soph_request_approved=True)
    assert decided(case) == (SOPHISTICATED if meets else WARNED)
    assert limit(case) == ((None, None) if meets else ("4000.00", "4000.00"))


@pytest.mark.parametrize("kind", ["legal", "entity"])
@pytest.mark.parametrize(("given", "meets"), COMPANY)
def test_a_company_is_sophisticated_by_one_figure(given: Case, meets: bool, kind: str) -> None:
    case = eu_pledge("4000.01", type=kind, soph_facts=given, soph_request_approved=True)
    assert decided(case) == (SOPHISTICATED if meets else WARNED)


@pytest.mark.parametrize("approved", [False, None])
def test_nobody_is_sophisticated_without_an_approved_request(approved: bool | None) -> None:
    given = {"gross_income": "60000.00", "finance_job_months": 12}
    assert decided(eu_pledge("4000.01", soph_facts=given, soph_request_approved=approved)) == WARNED


EXPIRED = ("needs_ack", "EU-ANNEX2-EXPIRY")


@pytest.mark.parametrize(
    ("granted_on", "answer"),
    [
        (None, SOPHISTICATED), ("2025-06-02", SOPHISTICATED), ("2024-06-01", SOPHISTICATED),
        ("2023-06-03", SOPHISTICATED), ("2023-06-02", EXPIRED), ("2023-06-01", EXPIRED), ("2025-06-03", WARNED),
    ],
)  # fmt: skip
def test_after_two_years_a_sophisticated_investor_is_asked_to_renew(
    granted_on: str | None, answer: tuple[str, str]
) -> None:
    given = {"gross_income": "60000.00", "finance_job_months": 12}
    derived = eu_pledge("4000.01", soph_facts=given, soph_request_approved=True, soph_granted_on=granted_on)
    classed = eu_pledge("4000.01", **{"class": "sophisticated"}, soph_granted_on=granted_on)
    assert decided(derived) == decided(classed) == answer
    assert limit(derived) == limit(classed) == (("4000.00", "4000.00") if answer == WARNED else (None, None))


def test_who_lets_it_run_out_may_go_on_like_everybody_else() -> None:
    ran_out = {"class": "sophisticated", "soph_granted_on": "2023-06-01"}
    assert decided(eu_pledge("4000.00", **ran_out)) == ALLOWED
    assert decided(eu_pledge("4000.01", **ran_out, **ACKNOWLEDGED)) == ALLOWED
    assert decided(eu_pledge("500.00", **ran_out, entry_test=None)) == EXPIRED
    assert decided(eu_pledge("4000.01", **ran_out, soph_request_approved=False)) == WARNED


def test_a_sophisticated_investor_needs_no_test_no_simulation_and_no_figures() -> None:
    bare = {"entry_test": None, "entry_test_on": None, "simulation_on": None, "nw_inputs": None}
    assert decided(eu_pledge("9000000.00", **{"class": "sophisticated"}, **bare)) == SOPHISTICATED
    assert decided(eu_pledge(**{"class": "sophisticated"}, soph_request_approved=False)) == ALLOWED
