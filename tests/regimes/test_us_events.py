"""17 CFR 227.100 to 227.501: what a company may raise, when people may cancel, when money and shares may move."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.money import Money
from app.regimes.registry import BUILT, assess_case
from app.regimes.verdict import Decision
from tests.regimes.asking import bought, decided, limit, us_event, us_raise

US = BUILT["US-CF"]
NEW_YORK = ZoneInfo("America/New_York")

# What a company may raise


@pytest.mark.parametrize(
    ("on", "cap"),
    [
        ("2016-05-16", "1000000.00"), ("2017-04-11", "1000000.00"), ("2017-04-12", "1070000.00"),
        ("2021-03-14", "1070000.00"), ("2021-03-15", "5000000.00"), ("2022-09-20", "5000000.00"),
    ],
)  # fmt: skip
def test_a_company_may_raise_up_to_the_limit_of_the_day(on: str, cap: str) -> None:
    over = f"{cap[:-1]}1"
    assert limit(us_raise(cap, on=on)) == (cap, cap)
    assert decided(us_raise(cap, on=on)) == ("allow", "US-CF-100a1")
    assert decided(us_raise(over, on=on)) == ("deny", "US-CF-100a1")


def test_no_company_could_raise_before_the_regulation_took_effect() -> None:
    assert decided(us_raise("1.00", on="2016-05-15")) == ("deny", "US-CF-EFFECTIVE")
    assert limit(us_raise("1.00", on="2016-05-15")) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("sale", "left"),
    [
        (bought("2024-10-01", "4000000.00", issuer="iss-A"), "1000000.00"),
        (bought("2024-03-15", "4000000.00", issuer="iss-A"), "1000000.00"),
        (bought("2024-03-14", "4000000.00", issuer="iss-A"), "5000000.00"),
        (bought("2024-10-01", "4000000.00", "committed", issuer="iss-A"), "1000000.00"),
        (bought("2024-10-01", "4000000.00", "refunded", issuer="iss-A"), "5000000.00"),
        (bought("2024-10-01", "4000000.00", issuer="iss-A", exemption="reg_d"), "5000000.00"),
        (bought("2024-10-01", "4000000.00", issuer="iss-A-sister"), "5000000.00"),
        (bought("2024-10-01", "4000000.00", issuer="iss-A-sister", note="under common control"), "1000000.00"),
        (bought("2024-10-01", "6000000.00", issuer="iss-A"), "0.00"),
    ],
)
def test_what_a_company_and_its_sisters_sold_in_twelve_months_counts(sale: dict[str, str], left: str) -> None:
    assert limit(us_raise("1.00", history=[sale])) == ("5000000.00", left)


# Cancelling


def cancel(at: str, deadline: str) -> str | None:
    return decided(us_event("cancel_request", "cancellation", at=at, deadline=deadline))[0]


@pytest.mark.parametrize(
    ("at", "decision"),
    [
        ("2025-06-18T23:58:59-04:00", "allow"),
        ("2025-06-18T23:59:00-04:00", "allow"),
        ("2025-06-18T23:59:00.000001-04:00", "deny"),
        ("2025-06-18T23:59:01-04:00", "deny"),
        ("2025-06-19T03:59:00+00:00", "allow"),  # the same instant elsewhere
        ("2025-06-19T03:59:01+00:00", "deny"),
    ],
)
def test_one_may_cancel_until_the_very_instant_48_hours_before_the_deadline(at: str, decision: str) -> None:
    assert cancel(at, "2025-06-20T23:59:00-04:00") == decision


@pytest.mark.parametrize(
    ("deadline", "last", "too_late"),
    [
        # the clocks go forward on 9 March: the clock on the wall goes back 49 hours
        ("2025-03-10T23:59:00-04:00", "2025-03-08T22:59:00-05:00", "2025-03-08T22:59:01-05:00"),
        # and back on 2 November: 47 hours
        ("2025-11-03T12:00:00-05:00", "2025-11-01T13:00:00-04:00", "2025-11-01T13:00:01-04:00"),
    ],
)
def test_the_48_hours_are_counted_as_they_pass_when_the_clocks_change(deadline: str, last: str, too_late: str) -> None:
    assert (cancel(last, deadline), cancel(too_late, deadline)) == ("allow", "deny")
    local = datetime.fromisoformat(deadline).astimezone(NEW_YORK)
    assert US.cancel_until(local, local) == datetime.fromisoformat(last)


# Ending early, and changes on the way


@pytest.mark.parametrize(
    ("posted_on", "notice_on", "new_deadline", "answer"),
    [
        ("2025-09-02", "2025-09-10", "2025-09-22", ("deny", "US-CF-304b1")),  # day 20
        ("2025-09-02", "2025-09-10", "2025-09-23", ("allow", "US-CF-304b3")),  # day 21
        ("2025-09-01", "2025-11-21", "2025-11-28", ("deny", "US-CF-304b3")),  # Thanksgiving in between
        ("2025-09-01", "2025-11-21", "2025-12-01", ("allow", "US-CF-304b3")),
        ("2025-06-01", "2025-10-10", "2025-10-17", ("deny", "US-CF-304b3")),  # Columbus Day
        ("2025-06-01", "2025-10-10", "2025-10-20", ("allow", "US-CF-304b3")),
        ("2025-06-01", "2026-06-30", "2026-07-07", ("deny", "US-CF-304b3")),  # 4 July 2026 is kept on the Friday
        ("2025-06-01", "2026-06-30", "2026-07-08", ("allow", "US-CF-304b3")),
        ("2025-06-01", "2026-04-01", "2026-04-08", ("deny", "US-CF-304b3")),  # the exchange rests on Good Friday
        ("2025-06-01", "2026-04-01", "2026-04-09", ("allow", "US-CF-304b3")),
    ],
)
def test_an_early_close_needs_21_open_days_and_five_business_days_notice(
    posted_on: str, notice_on: str, new_deadline: str, answer: tuple[str, str]
) -> None:
    days = {"posted_on": posted_on, "notice_on": notice_on, "new_deadline": new_deadline}
    assert decided(us_event("early_close", "cancellation", **days)) == answer


@pytest.mark.parametrize(
    ("received", "last", "too_late"),
    [
        ("2025-06-13", "2025-06-23", "2025-06-24"),  # Juneteenth
        ("2020-06-12", "2020-06-19", "2020-06-20"),  # before it was a holiday
        ("2025-12-23", "2025-12-31", "2026-01-01"),  # Christmas
        ("2025-11-08", "2025-11-17", "2025-11-18"),  # from a Saturday, over Veterans Day
    ],
)
def test_after_a_material_change_silence_for_five_business_days_lapses(received: str, last: str, too_late: str) -> None:
    for day, decision in ((last, "allow"), (too_late, "deny")):
        case = us_event("reconfirm", "cancellation", notice_received_on=received, reconfirmed_on=day)
        assert decided(case) == (decision, "US-CF-304c1")


@pytest.mark.parametrize(("deadline", "decision"), [("2025-06-25", "needs_wait"), ("2025-06-26", "allow")])
def test_a_change_close_to_the_deadline_extends_the_offering(deadline: str, decision: str) -> None:
    days = {"notice_received_on": "2025-06-18", "deadline": deadline}
    assert decided(us_event("material_change_near_deadline", "cancellation", **days)) == (decision, "US-CF-304c2")


# Money and shares


@pytest.mark.parametrize(
    ("at", "committed", "decision"),
    [
        ("2025-09-22", "100000.00", "needs_wait"),  # day 20
        ("2025-09-23", "100000.00", "allow"),  # day 21
        ("2025-09-23", "99999.99", "deny"),
        ("2025-09-22", "99999.99", "deny"),
    ],
)
def test_money_is_released_after_21_days_and_at_the_target(at: str, committed: str, decision: str) -> None:
    event = {"posted_on": "2025-09-02", "at": at, "committed": committed, "target": "100000.00"}
    assert decided(us_event("release_funds", "cancellation", **event)) == (decision, "US-CF-303e3")
    verdict = US.may_release(
        opened_on=date(2025, 9, 2), on=date.fromisoformat(at), held=Money.of(committed, "USD"),
        target=Money.of("100000", "USD"),
    )  # fmt: skip
    assert verdict.decision is Decision(decision)


@pytest.mark.parametrize(
    ("issued_on", "at", "decision"),
    [
        ("2024-06-01", "2025-05-31", "deny"),
        ("2024-06-01", "2025-06-01", "deny"),  # the anniversary is still within the year
        ("2024-06-01", "2025-06-02", "allow"),
        ("2024-02-29", "2025-02-28", "deny"),
        ("2024-02-29", "2025-03-01", "allow"),
        ("2023-02-28", "2024-02-28", "deny"),
        ("2023-02-28", "2024-02-29", "allow"),
    ],
)
def test_shares_may_be_resold_freely_after_their_anniversary(issued_on: str, at: str, decision: str) -> None:
    resale = us_event("resale", "resale", issued_on=issued_on, at=at, to="ordinary")
    assert decided(resale) == (decision, "US-CF-501a")
    until = US.resale_restricted_until(date.fromisoformat(issued_on))
    assert until is not None and (date.fromisoformat(at) <= until) == (decision == "deny")


@pytest.mark.parametrize("to", ["accredited", "issuer", "family", "trust", "death", "divorce", "registered_offering"])
def test_some_buyers_may_be_sold_to_within_the_year(to: str) -> None:
    resale = us_event("resale", "resale", issued_on="2024-06-01", at="2024-06-02", to=to)
    assert decided(resale) == ("allow", "US-CF-501a")


# Reports


@pytest.mark.parametrize(
    ("year_end", "last", "too_late"),
    [("2023-12-31", "2024-04-29", "2024-04-30"), ("2024-12-31", "2025-04-30", "2025-05-01"), ("2025-06-30", "2025-10-28", "2025-10-29")],
)  # fmt: skip
def test_the_annual_report_is_due_on_day_120(year_end: str, last: str, too_late: str) -> None:
    for day, decision in ((last, "allow"), (too_late, "deny")):
        case = us_event("form_c_ar", "filing", fiscal_year_end=year_end, filed_on=day)
        assert decided(case) == (decision, "US-CF-202a")


@pytest.mark.parametrize(
    ("reached", "last", "too_late"),
    [("2025-07-03", "2025-07-11", "2025-07-14"), ("2025-07-06", "2025-07-11", "2025-07-14"), ("2026-01-15", "2026-01-23", "2026-01-26")],
)  # fmt: skip
def test_progress_is_reported_within_five_business_days(reached: str, last: str, too_late: str) -> None:
    for day, decision in ((last, "allow"), (too_late, "deny")):
        case = us_event("form_c_u", "filing", threshold_reached_on=reached, filed_on=day)
        assert decided(case) == (decision, "US-CF-203a3")


# Financial statements and eligibility


def statements(on: str, amount: str, provided: str, first_time: bool) -> str | None:
    event = {"max_offering_plus_prior12m": amount, "provided": provided, "first_time": first_time}
    return decided(us_event("fin_statements", "disclosure", on=on, **event))[0]


@pytest.mark.parametrize(
    ("on", "tiers"),
    [
        ("2016-05-16", ("100000.00", "500000.00", "1000000.00")),
        ("2017-04-11", ("100000.00", "500000.00", "1000000.00")),
        ("2017-04-12", ("107000.00", "535000.00", "1070000.00")),
        ("2022-09-19", ("107000.00", "535000.00", "1070000.00")),
        ("2022-09-20", ("124000.00", "618000.00", "1235000.00")),
    ],
)
@pytest.mark.parametrize("first_time", [False, True])
def test_more_money_needs_better_statements(on: str, tiers: tuple[str, str, str], first_time: bool) -> None:
    certified, reviewed, first_reviewed = tiers
    levels = ("certified", "reviewed", "audited")

    def enough(amount: str) -> list[str]:
        return [level for level in levels if statements(on, amount, level, first_time) == "allow"]

    assert enough(certified) == ["certified", "reviewed", "audited"]
    assert enough(f"{certified[:-1]}1") == enough(reviewed) == ["reviewed", "audited"]
    above = ["reviewed", "audited"] if first_time else ["audited"]
    assert enough(f"{reviewed[:-1]}1") == enough(first_reviewed) == above
    assert enough(f"{first_reviewed[:-1]}1") == ["audited"]


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({}, ("allow", "US-CF-100b")),
        ({"foreign": False, "bad_actor": False}, ("allow", "US-CF-100b")),
        ({"foreign": True}, ("deny", "US-CF-100b")),
        ({"delinquent_c_ar": True}, ("deny", "US-CF-100b")),
        ({"reporting_company": True}, ("deny", "US-CF-100b")),
        ({"bad_actor": True}, ("deny", "US-CF-503")),
        ({"bad_actor": True, "foreign": True}, ("deny", "US-CF-503")),
    ],
)
def test_some_companies_may_not_raise_at_all(facts: dict[str, bool], answer: tuple[str, str]) -> None:
    assert decided(us_event("issuer_eligibility", "eligibility", **facts)) == answer


def test_no_event_was_possible_before_the_regulation_took_effect() -> None:
    case = us_event(
        "fin_statements", "disclosure", on="2016-05-15", max_offering_plus_prior12m="1.00", provided="audited"
    )
    answer = {"cap": None, "remaining": None, "decision": "deny", "reason_rule": "US-CF-EFFECTIVE"}
    assert assess_case(case) == {"id": "one", **answer}
