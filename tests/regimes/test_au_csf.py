"""Corporations Act, Part 6D.3A: 10,000 in a company a year for retail clients, five business days to withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.regimes.registry import BUILT
from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask

SYDNEY = ZoneInfo("Australia/Sydney")


def buy(amount: str = "1000.00", *history: Case, on: str | None = None, **investor: Any) -> Case:
    person = {"retail": True, "risk_ack": True, **investor}
    return ask("AU-CSF", "investor_cap", amount, on=on, history=list(history), **person)


@pytest.mark.parametrize(("amount", "decision"), [("10000.00", "allow"), ("10000.01", "deny")])
def test_a_retail_client_may_put_ten_thousand_into_a_company(amount: str, decision: str) -> None:
    assert (decided(buy(amount)), limit(buy(amount))) == ((decision, "AU-738ZC"), ("10000.00", "10000.00"))
    assert decided(buy(amount, retail=None)) == (decision, "AU-738ZC"), "who says nothing is a retail client"


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (bought("2024-06-02", "6000.00", issuer="iss-A"), "4000.00"),
        (bought("2024-06-01", "6000.00", issuer="iss-A"), "10000.00"),
        (bought("2025-06-02", "6000.00", issuer="iss-A"), "4000.00"),
        (bought("2025-01-01", "6000.00", issuer="iss-B"), "10000.00"),
        (bought("2025-01-01", "6000.00", issuer="iss-B", note="under common control"), "10000.00"),
    ],
)
def test_the_limit_is_of_one_company_and_twelve_months(earlier: Case, left: str) -> None:
    assert limit(buy("1.00", earlier)) == ("10000.00", left)


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    earlier = bought("2025-01-01", "6000.00", status, issuer="iss-A")
    assert limit(buy("1.00", earlier))[1] == ("4000.00" if counts else "10000.00")


def test_a_wholesale_client_has_no_limit_and_acknowledges_nothing() -> None:
    case = buy("900000.00", retail=False, risk_ack=False)
    assert (decided(case), limit(case)) == (("allow", "AU-738ZC"), (None, None))


@pytest.mark.parametrize("word", [False, None])
def test_a_retail_client_acknowledges_the_risks_first(word: bool | None) -> None:
    assert decided(buy("10000.00", risk_ack=word)) == ("needs_ack", "AU-738ZA")
    assert limit(buy("10000.00", risk_ack=word)) == ("10000.00", "10000.00")
    assert decided(buy("10000.01", risk_ack=word)) == ("deny", "AU-738ZC"), "no tick helps above the limit"


@pytest.mark.parametrize(
    ("applied_on", "last", "too_late"),
    [
        ("2025-04-17", "2025-04-29", "2025-04-30"),  # Easter and Anzac Day
        ("2025-06-02", "2025-06-10", "2025-06-11"),  # the King's birthday, in most states
        ("2025-10-30", "2025-11-07", "2025-11-10"),  # Melbourne Cup, in Victoria only
        ("2025-12-23", "2026-01-02", "2026-01-05"),
        ("2025-05-10", "2025-05-16", "2025-05-17"),  # from a Saturday
    ],
)
def test_a_retail_client_may_withdraw_for_five_business_days(applied_on: str, last: str, too_late: str) -> None:
    for at, decision in ((last, "allow"), (too_late, "deny")):
        case = ask("AU-CSF", "cooling_off", event={"applied_on": applied_on, "at": at}, retail=True)
        assert (decided(case), limit(case)) == ((decision, "AU-738ZD"), (None, None))
        wholesale = ask("AU-CSF", "cooling_off", event={"applied_on": applied_on, "at": at}, retail=False)
        assert decided(wholesale) == ("deny", "AU-738ZD")
    applied = datetime.fromisoformat(applied_on).replace(hour=23, tzinfo=SYDNEY)
    until = BUILT["AU-CSF"].cancel_until(applied, applied)
    assert until is not None and until.astimezone(SYDNEY).isoformat()[:16] == f"{last}T23:59"


@pytest.mark.parametrize(
    ("sale", "left"),
    [
        (bought("2024-12-01", "4500000.00", issuer="iss-A"), "500000.00"),
        (bought("2024-06-02", "4500000.00", issuer="iss-A"), "500000.00"),
        (bought("2024-06-01", "4500000.00", issuer="iss-A"), "5000000.00"),
        (bought("2024-12-01", "4500000.00", issuer="iss-C", note="under common control"), "500000.00"),
        (bought("2024-12-01", "4500000.00", issuer="iss-C"), "5000000.00"),
    ],
)
def test_a_company_may_raise_five_million_in_twelve_months(sale: Case, left: str) -> None:
    for amount, decision in ((left, "allow"), (f"{left[:-1]}1", "deny")):
        case = ask("AU-CSF", "offering_cap", amount, history=[sale])
        assert (decided(case), limit(case)) == ((decision, "AU-738G"), ("5000000.00", left))


def test_there_was_no_such_funding_before_the_act_had_the_part() -> None:
    for on, decision in (("2017-09-28", "deny"), ("2017-09-29", "allow")):
        assert decided(buy(on=on)) == (decision, "AU-738ZC")
        assert decided(ask("AU-CSF", "offering_cap", on=on)) == (decision, "AU-738G")
