"""SC Malaysia: 5,000 an issuer and 50,000 a year for retail, 500,000 for angels, six business days to withdraw."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.regimes.facts import read
from app.regimes.my_ecf import MyEcf
from app.regimes.registry import BUILT
from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask


def buy(amount: str, *history: Case, on: str | None = None, **investor: Any) -> Case:
    return ask("MY-ECF", "investor_cap", amount, on=on, history=list(history), **{"class": "retail", **investor})


@pytest.mark.parametrize("kind", ["retail", None, "unheard of"])
def test_a_retail_investor_may_put_five_thousand_into_an_issuer(kind: str | None) -> None:
    for amount, decision in (("5000.00", "allow"), ("5000.01", "deny")):
        case = buy(amount, **{"class": kind})
        assert (decided(case), limit(case)) == ((decision, "MY-ECF-ISSUER"), ("5000.00", "5000.00"))


@pytest.mark.parametrize(
    ("elsewhere", "rule", "left"),
    [
        ("44999.99", "MY-ECF-ISSUER", ("5000.00", "5000.00")),
        ("45000.00", "MY-ECF-ISSUER", ("5000.00", "5000.00")),  # both leave the same
        ("45000.01", "MY-ECF-TOTAL", ("50000.00", "4999.99")),
        ("48000.00", "MY-ECF-TOTAL", ("50000.00", "2000.00")),
        ("60000.00", "MY-ECF-TOTAL", ("50000.00", "0.00")),
    ],
)
def test_of_the_two_limits_the_one_that_leaves_less_decides(elsewhere: str, rule: str, left: tuple[str, str]) -> None:
    case = buy(left[1], bought("2025-01-01", elsewhere, issuer="b"))
    assert (decided(case), limit(case)) == (("allow", rule), left)
    more = str(Decimal(left[1]) + Decimal("0.01"))
    assert decided(buy(more, bought("2025-01-01", elsewhere, issuer="b"))) == ("deny", rule)


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (bought("2025-01-01", "3000.00", issuer="iss-A"), "2000.00"),
        (bought("2020-01-01", "3000.00", issuer="iss-A"), "2000.00"),  # the cautious reading: without a window
        (bought("2024-06-02", "47000.00", issuer="b"), "3000.00"),
        (bought("2024-06-01", "47000.00", issuer="b"), "5000.00"),
    ],
)
def test_the_total_is_of_twelve_months_and_the_limit_of_an_issuer_of_all_time(earlier: Case, left: str) -> None:
    assert limit(buy("1.00", earlier))[1] == left


def test_the_other_reading_gives_the_limit_of_an_issuer_the_window_too() -> None:
    reading = MyEcf(BUILT["MY-ECF"].pack.text.replace("has_window = false", "has_window = true"))
    verdict = reading.assess(read(buy("5000.00", bought("2020-01-01", "3000.00", issuer="iss-A"))))
    assert verdict.allows


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    assert limit(buy("1.00", bought("2025-01-01", "3000.00", status, issuer="iss-A")))[1] == (
        "2000.00" if counts else "5000.00"
    )


@pytest.mark.parametrize(("amount", "decision"), [("100000.00", "allow"), ("100000.01", "deny")])
def test_an_angel_has_one_limit_of_half_a_million(amount: str, decision: str) -> None:
    case = buy(amount, bought("2024-09-01", "400000.00", issuer="iss-A"), **{"class": "angel"})
    assert (decided(case), limit(case)) == ((decision, "MY-ECF-ANGEL"), ("500000.00", "100000.00"))


def test_a_sophisticated_investor_has_none() -> None:
    case = buy("9000000.00", **{"class": "sophisticated"})
    assert (decided(case), limit(case)) == (("allow", "MY-ECF-SOPH"), (None, None))


@pytest.mark.parametrize(
    ("event", "last", "too_late"),
    [
        ({"invested_on": "2025-04-29"}, "2025-05-08", "2025-05-09"),  # 1 May
        ({"invested_on": "2025-01-24"}, "2025-02-05", "2025-02-06"),  # Chinese New Year
        ({"invested_on": "2025-05-31"}, "2025-06-10", "2025-06-11"),  # from a Saturday, over the King's birthday
        ({"notice_received_on": "2025-04-29"}, "2025-05-13", "2025-05-14"),  # a material adverse change
    ],
)
def test_one_may_withdraw_for_six_business_days_or_opt_out_for_fourteen_days(
    event: dict[str, str], last: str, too_late: str
) -> None:
    for at, decision in ((last, "allow"), (too_late, "deny")):
        case = ask("MY-ECF", "cooling_off", event={**event, "at": at})
        assert (decided(case), limit(case)) == ((decision, "MY-ECF-COOL"), (None, None))


def test_the_last_instant_to_withdraw_is_the_end_of_the_sixth_business_day() -> None:
    kuala_lumpur = ZoneInfo("Asia/Kuala_Lumpur")
    invested = datetime(2025, 4, 29, 23, tzinfo=kuala_lumpur)
    until = BUILT["MY-ECF"].cancel_until(invested, invested)
    assert until is not None and until.astimezone(kuala_lumpur).isoformat()[:16] == "2025-05-08T23:59"


@pytest.mark.parametrize(
    ("on", "sold_on", "cap", "left"),
    [
        ("2020-04-07", "2019-12-01", "3000000.00", "1000000.00"),
        ("2020-04-07", "2019-04-06", "3000000.00", "3000000.00"),
        ("2020-04-08", "2015-04-06", "10000000.00", "8000000.00"),  # in a lifetime
    ],
)
def test_what_a_company_may_raise_is_of_the_year_and_later_of_its_life(
    on: str, sold_on: str, cap: str, left: str
) -> None:
    sold = [bought(sold_on, "2000000.00", issuer="iss-A")]
    for amount, decision in ((left, "allow"), (f"{left[:-1]}1", "deny")):
        case = ask("MY-ECF", "offering_cap", amount, on=on, history=sold)
        assert (decided(case), limit(case)) == ((decision, "MY-ECF-RAISE"), (cap, left))


def test_there_were_no_guidelines_before() -> None:
    for on, decision in (("2015-02-09", "deny"), ("2015-02-10", "allow")):
        assert decided(buy("1.00", on=on)) == (decision, "MY-ECF-ISSUER")
        assert decided(ask("MY-ECF", "offering_cap", on=on)) == (decision, "MY-ECF-RAISE")
