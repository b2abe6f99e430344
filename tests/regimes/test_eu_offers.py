"""Regulation (EU) 2020/1503: what a project owner may raise, four days to think again, and the other readings."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from app.money import Money
from app.regimes import facts
from app.regimes.eu_ecspr import EuEcspr
from app.regimes.profile import EarlierPledge, Intent, Profile
from app.regimes.registry import BUILT, assess_case
from app.regimes.verdict import Decision
from tests.regimes.asking import Case, decided, limit
from tests.regimes.asking_europe import ACKNOWLEDGED, FIGURES, eu_event, eu_pledge, eu_raise

EU = BUILT["EU-ECSPR"]
ALLOWED, WARNED = ("allow", "EU-21-7"), ("needs_ack", "EU-21-7")

# What a project owner may raise


def raised(on: str, amount: str, **others: str) -> Case:
    return {"date": on, "amount": amount, "issuer": "po-A", "status": "settled", **others}


@pytest.mark.parametrize(
    ("sale", "left"),
    [
        (raised("2024-06-02", "4000000.00", offer_kind="ecspr"), "1000000.00"),  # twelve months before the launch
        (raised("2024-06-01", "4000000.00", offer_kind="ecspr"), "5000000.00"),
        (raised("2025-06-02", "4000000.00"), "1000000.00"),
        (raised("2025-06-03", "4000000.00"), "5000000.00"),
        (raised("2025-02-01", "4000000.00", offer_kind="pr_art_3_2"), "1000000.00"),
        (raised("2025-02-01", "4000000.00", offer_kind="pr_art_1_3"), "1000000.00"),
        (raised("2025-02-01", "4000000.00", offer_kind="qualified_investors_only"), "5000000.00"),
        (raised("2025-02-01", "4000000.00", offer_kind="prospectus"), "5000000.00"),
        (raised("2025-02-01", "4000000.00", offer_kind="other_exemption"), "5000000.00"),
        (raised("2025-02-01", "4000000.00", issuer="po-B"), "5000000.00"),
        (raised("2025-02-01", "4000000.00", status="committed"), "1000000.00"),
        (raised("2025-02-01", "4000000.00", status="settled_resold"), "1000000.00"),
        (raised("2025-02-01", "4000000.00", status="cancelled"), "5000000.00"),
        (raised("2025-02-01", "4000000.00", status="refunded"), "5000000.00"),
        (raised("2025-02-01", "6000000.00"), "0.00"),
    ],
)
def test_five_million_in_the_twelve_months_before_a_launch_count_two_kinds_of_offers(sale: Case, left: str) -> None:
    assert limit(eu_raise("1.00", sale)) == ("5000000.00", left)
    assert decided(eu_raise(left, sale)) == ("allow", "EU-1-2-c")
    assert decided(eu_raise(f"{left[:-1]}1", sale)) == ("deny", "EU-1-2-c")


# Thinking again


@pytest.mark.parametrize(
    ("made_at", "last", "too_late"),
    [
        # a Monday: 96 hours end at ten, the fourth day ends at midnight
        ("2025-06-02T10:00:00+02:00", "2025-06-06T23:59:59+02:00", "2025-06-07T00:00:00+02:00"),
        ("2025-06-02T00:00:00+02:00", "2025-06-06T23:59:59+02:00", "2025-06-07T00:00:00+02:00"),
        # late in the evening elsewhere it is the next day here
        ("2025-06-02T22:30:00+00:00", "2025-06-10T23:59:59+02:00", "2025-06-11T00:00:00+02:00"),
        # a Tuesday: the fourth day is a Saturday, then Whit Monday
        ("2025-06-03T10:00:00+02:00", "2025-06-10T23:59:59+02:00", "2025-06-11T00:00:00+02:00"),
        ("2025-06-12T10:00:00+02:00", "2025-06-16T23:59:59+02:00", "2025-06-17T00:00:00+02:00"),
        ("2025-12-22T10:00:00+01:00", "2025-12-29T23:59:59+01:00", "2025-12-30T00:00:00+01:00"),  # Christmas
        # the clocks go forward and back in between: days are days
        ("2026-03-26T10:00:00+01:00", "2026-03-30T23:59:59+02:00", "2026-03-31T00:00:00+02:00"),
        ("2026-10-22T10:00:00+02:00", "2026-10-26T23:59:59+01:00", "2026-10-27T00:00:00+01:00"),
    ],
)
def test_an_offer_may_be_taken_back_to_the_latest_reading_of_four_days(made_at: str, last: str, too_late: str) -> None:
    assert decided(eu_event("revoke", last, made_at)) == ("allow", "EU-22")
    assert decided(eu_event("revoke", too_late, made_at)) == ("deny", "EU-22")
    assert decided(eu_event("close_or_transfer", last, made_at)) == ("needs_wait", "EU-22")
    assert decided(eu_event("close_or_transfer", too_late, made_at)) == ("allow", "EU-22")
    until = EU.cancel_until(datetime.fromisoformat(made_at), datetime.fromisoformat(made_at))
    assert until is not None
    assert datetime.fromisoformat(last) <= until < datetime.fromisoformat(too_late)


def test_who_is_sophisticated_has_no_such_right_and_nothing_waits_for_them() -> None:
    for investor in (
        {"class": "sophisticated"},
        {"soph_facts": {"gross_income": "60000.00", "finance_job_months": 12}, "soph_request_approved": True},
        {"type": "legal", "soph_facts": {"own_funds": "100000.00"}, "soph_request_approved": True},
    ):
        assert decided(eu_event("revoke", "2025-06-03T10:00:00+02:00", **investor)) == ("deny", "EU-22")
        assert decided(eu_event("close_or_transfer", "2025-06-03T10:00:00+02:00", **investor)) == ("allow", "EU-22")
    ran_out = {"class": "sophisticated", "soph_granted_on": "2023-06-01"}
    assert decided(eu_event("revoke", "2025-06-03T10:00:00+02:00", **ran_out)) == ("allow", "EU-22")


# Before it applied, and the other readings


@pytest.mark.parametrize("category", ["investor_cap", "offering_cap", "cooling_off"])
def test_nothing_was_possible_the_day_before_it_applied(category: str) -> None:
    early = {**eu_pledge(on="2021-11-09"), "category": category}
    nothing = {"cap": None, "remaining": None, "decision": "deny", "reason_rule": "EU-EFFECTIVE"}
    assert assess_case(early) == {"id": "one", **nothing}
    assert decided(eu_raise("5000000.00", on="2021-11-10")) == ("allow", "EU-1-2-c")
    assert decided(eu_pledge(on="2021-11-10", entry_test_on="2021-11-10", simulation_on="2021-11-10")) == ALLOWED


def other_reading(**settings: bool) -> EuEcspr:
    text = (Path(facts.__file__).parent / "eu_ecspr.toml").read_text(encoding="utf-8")
    for name, value in settings.items():
        before = f"{name} = {str(not value).lower()}"
        assert before in text
        text = text.replace(before, f"{name} = {str(value).lower()}")
    return EuEcspr(text)


def test_the_open_points_can_be_read_the_other_way() -> None:
    def asked(regime: EuEcspr, case: Case) -> str:
        return regime.assess(facts.read(case)).rule

    due = eu_pledge(entry_test_on="2023-06-02")
    assert asked(other_reading(good_on_the_anniversary=True), due) == "EU-21-7"
    assert asked(other_reading(good_on_the_anniversary=True), eu_pledge(entry_test_on="2023-06-01")) == "EU-21-3"
    parts = eu_pledge("3500.00", offer="off-A", history=[raised("2025-06-01", "3500.00", offer="off-A")])
    assert other_reading(pledges_to_one_offer_are_one=False).assess(facts.read(parts)).allows
    proof = eu_pledge("5000.00", ack_21_7_warning=True, ack_21_7_consent=True)
    assert other_reading(test_proves_understanding=True).assess(facts.read(proof)).allows
    denied = eu_pledge("5000.00", **{**ACKNOWLEDGED, "ack_21_7_understands": False})
    assert not other_reading(test_proves_understanding=True).assess(facts.read(denied)).allows


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({"reflection_in_whole_days": False}, "2025-06-07T10:00:00+02:00"),
        ({"reflection_ends_on_a_working_day": False}, "2025-06-07T23:59:59.999999+02:00"),
    ],
)
def test_the_four_days_can_be_read_in_shorter_ways(settings: dict[str, bool], last: str) -> None:
    made_at = datetime.fromisoformat("2025-06-03T10:00:00+02:00")
    assert other_reading(**settings).cancel_until(made_at, made_at) == datetime.fromisoformat(last)


# What the platform asks by itself


def test_a_pledge_on_the_platform_is_a_case_with_what_it_knows_of_the_person() -> None:
    knows = {"class": "non_sophisticated", "entry_test": "passed", "entry_test_on": "2025-01-10",
             "simulation_on": "2025-01-10", "nw_inputs": FIGURES, "appropriateness": "failed"}  # fmt: skip
    euros = Money.of("3500.00", "EUR")
    earlier = [EarlierPledge(date(2025, 6, 1), euros, "7", is_settled=False, offering=name) for name in ("O-1", "O-2")]
    intent = Intent(euros, "7", "O-1", None, date(2025, 6, 2))
    case = EU.pledge_case(Profile("natural", standing=knows), earlier, intent)
    assert limit({"id": "one", **case}) == ("4000.00", "500.00")
    assert decided(case) == WARNED
    assert "appropriateness" not in case["investor"]
    assert decided(EU.pledge_case(Profile("natural"), [], intent)) == ("needs_ack", "EU-21-1")


def test_a_company_may_raise_five_million_and_is_paid_at_its_target() -> None:
    five, more = Money.of("5000000.00", "EUR"), Money.of("5000000.01", "EUR")
    on = date(2025, 6, 2)
    assert EU.may_raise(amount=five, issuer="7", earlier=[], on=on).decision is Decision.ALLOW
    assert EU.may_raise(amount=more, issuer="7", earlier=[], on=on).decision is Decision.DENY
    sold = [EarlierPledge(date(2024, 6, 2), five, "7", is_settled=True)]
    assert EU.may_raise(amount=Money.of("0.01", "EUR"), issuer="7", earlier=sold, on=on).decision is Decision.DENY
    assert EU.may_release(opened_on=on, on=on, held=five, target=five).allows
    assert not EU.may_release(opened_on=on, on=on, held=five, target=more).allows
    assert (EU.earliest_deadline(on), EU.resale_restricted_until(on)) == (on, None)
