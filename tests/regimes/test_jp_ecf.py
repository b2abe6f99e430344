"""FIEA article 29-4-2: half a million yen an issuer a year, less than a hundred million for the company, eight days."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.regimes.facts import read
from app.regimes.jp_ecf import JpEcf
from app.regimes.registry import BUILT
from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask


def buy(amount: str = "1.00", *history: Case, on: str | None = None, **investor: Any) -> Case:
    return ask("JP-ECF", "investor_cap", amount, on=on, history=list(history), **investor)


@pytest.mark.parametrize(("amount", "decision"), [("500000.00", "allow"), ("500000", "allow"), ("500001.00", "deny")])
def test_half_a_million_yen_may_be_put_into_an_issuer(amount: str, decision: str) -> None:
    assert (decided(buy(amount)), limit(buy(amount))) == ((decision, "JP-INV-500K"), ("500000.00", "500000.00"))


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (bought("2023-06-03", "200000.00", issuer="iss-A"), "300000.00"),
        (bought("2023-06-02", "200000.00", issuer="iss-A"), "500000.00"),
        (bought("2024-01-01", "600000.00", issuer="iss-A"), "0.00"),
        (bought("2024-01-01", "200000.00", issuer="iss-B"), "500000.00"),
    ],
)
def test_the_limit_is_of_one_issuer_and_twelve_months(earlier: Case, left: str) -> None:
    assert limit(buy("1.00", earlier)) == ("500000.00", left)


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    earlier = bought("2024-01-01", "200000.00", status, issuer="iss-A")
    assert limit(buy("1.00", earlier))[1] == ("300000.00" if counts else "500000.00")


def test_specified_investors_have_no_limit_since_2022() -> None:
    before = buy("600000.00", on="2022-01-28", specified_investor=True)
    since = buy("600000.00", on="2022-01-29", specified_investor=True)
    assert (decided(before), limit(before)) == (("deny", "JP-INV-500K"), ("500000.00", "500000.00"))
    assert (decided(since), limit(since)) == (("allow", "JP-TOKUTEI"), (None, None))
    assert decided(buy("600000.00", specified_investor=False)) == ("deny", "JP-INV-500K")


@pytest.mark.parametrize(
    ("sold", "amount", "decision", "left"),
    [
        ([], "99999999", "allow", "100000000.00"),
        ([], "100000000", "deny", "100000000.00"),  # less than the limit, not the limit
        ([bought("2024-01-01", "40000000", issuer="iss-A")], "59999999", "allow", "60000000.00"),
        ([bought("2024-01-01", "40000000", issuer="iss-A")], "60000000", "deny", "60000000.00"),
        ([bought("2023-06-02", "40000000", issuer="iss-A")], "60000000", "allow", "100000000.00"),
        ([bought("2024-01-01", "100000000", issuer="iss-A")], "1", "deny", "0.00"),
    ],
)
def test_a_company_raises_less_than_a_hundred_million(sold: list[Case], amount: str, decision: str, left: str) -> None:
    case = ask("JP-ECF", "offering_cap", amount, history=sold)
    assert (decided(case), limit(case)) == ((decision, "JP-ISSUER-100M"), ("100000000.00", left))


@pytest.mark.parametrize(("at", "decision"), [("2024-06-03", "allow"), ("2024-06-10", "allow"), ("2024-06-11", "deny")])
def test_one_may_withdraw_for_eight_days_the_first_of_them_counted(at: str, decision: str) -> None:
    case = ask("JP-ECF", "cooling_off", event={"applied_on": "2024-06-03", "at": at})
    assert (decided(case), limit(case)) == ((decision, "JP-COOL-8D"), (None, None))


def test_the_other_reading_has_a_day_more() -> None:
    reading = JpEcf(BUILT["JP-ECF"].pack.text.replace("first_day_counts = true", "first_day_counts = false"))
    case = ask("JP-ECF", "cooling_off", event={"applied_on": "2024-06-03", "at": "2024-06-11"})
    assert reading.assess(read(case)).allows


def test_the_last_instant_to_withdraw_is_the_end_of_the_eighth_day() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    applied = datetime(2024, 6, 3, 0, 30, tzinfo=tokyo)
    until = BUILT["JP-ECF"].cancel_until(applied, applied)
    assert until is not None and until.astimezone(tokyo).isoformat()[:16] == "2024-06-10T23:59"


def test_there_was_no_such_exemption_before_2015() -> None:
    for on, decision in (("2015-05-28", "deny"), ("2015-05-29", "allow")):
        assert decided(buy(on=on)) == (decision, "JP-INV-500K")
        assert decided(ask("JP-ECF", "offering_cap", on=on)) == (decision, "JP-ISSUER-100M")


def test_yen_have_no_smaller_part() -> None:
    with pytest.raises(ValueError, match=r"pledge\.amount"):
        decided(buy("1.50"))
