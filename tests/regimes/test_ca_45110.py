"""NI 45-110: 2,500 or, with advice, 10,000 in one distribution; 48 hours to withdraw."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.regimes.registry import BUILT
from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask

HERE = {"id": "off-1"}


@pytest.mark.parametrize(("advised", "cap"), [(None, "2500.00"), (False, "2500.00"), (True, "10000.00")])
def test_a_dealers_advice_raises_the_limit(advised: bool | None, cap: str) -> None:
    for amount, decision in ((cap, "allow"), (f"{cap[:-1]}1", "deny")):
        case = ask("CA-45110", "investor_cap", amount, offering=HERE, dealer_suitability_advice=advised)
        assert (decided(case), limit(case)) == ((decision, "CA-45110-INV"), (cap, cap))


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (bought("2025-05-30", "2000.00", issuer="iss-A", offering="off-1"), "500.00"),
        (bought("2021-10-01", "2000.00", issuer="iss-A", offering="off-1"), "500.00"),  # not by the year
        (bought("2025-05-30", "2000.00", issuer="iss-A", offering="off-8"), "2500.00"),
        (bought("2025-05-30", "2000.00", issuer="iss-B"), "2500.00"),
        (bought("2025-05-30", "2000.00", issuer="iss-A"), "500.00"),
    ],
)
def test_the_limit_is_of_one_distribution(earlier: Case, left: str) -> None:
    assert limit(ask("CA-45110", "investor_cap", history=[earlier], offering=HERE)) == ("2500.00", left)


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    earlier = bought("2025-05-30", "2000.00", status, issuer="iss-A", offering="off-1")
    left = limit(ask("CA-45110", "investor_cap", history=[earlier], offering=HERE))[1]
    assert left == ("500.00" if counts else "2500.00")


@pytest.mark.parametrize(
    ("sale", "left"),
    [
        (bought("2024-12-01", "1200000.00", issuer="iss-A"), "300000.00"),
        (bought("2024-06-02", "1200000.00", issuer="iss-A"), "300000.00"),
        (bought("2024-06-01", "1200000.00", issuer="iss-A"), "1500000.00"),
        (bought("2024-12-01", "1200000.00", issuer="iss-C", note="under common control"), "300000.00"),
        (bought("2024-12-01", "1200000.00", issuer="iss-C"), "1500000.00"),
    ],
)
def test_a_company_and_its_group_may_raise_a_million_and_a_half_in_twelve_months(sale: Case, left: str) -> None:
    for amount, decision in ((left, "allow"), (f"{left[:-1]}1", "deny")):
        case = ask("CA-45110", "offering_cap", amount, history=[sale])
        assert (decided(case), limit(case)) == ((decision, "CA-45110-ISSUER"), ("1500000.00", left))


@pytest.mark.parametrize(
    ("start", "last", "too_late"),
    [
        ("2025-06-02T10:00:00-04:00", "2025-06-04T10:00:00-04:00", "2025-06-04T10:00:00.000001-04:00"),
        # the clocks go forward on 9 March: on the clock on the wall it is an hour later
        ("2025-03-08T12:00:00-05:00", "2025-03-10T13:00:00-04:00", "2025-03-10T13:00:01-04:00"),
        ("2025-11-01T12:00:00-04:00", "2025-11-03T11:00:00-05:00", "2025-11-03T11:00:01-05:00"),
    ],
)
def test_one_may_withdraw_for_48_hours_as_they_pass(start: str, last: str, too_late: str) -> None:
    for at, decision in ((last, "allow"), (too_late, "deny")):
        case = ask("CA-45110", "cooling_off", event={"start": start, "at": at})
        assert (decided(case), limit(case)) == ((decision, "CA-45110-48H"), (None, None))
    canada, begun = BUILT["CA-45110"], datetime.fromisoformat(start)
    assert canada.cancel_until(datetime(2030, 1, 1, tzinfo=UTC), begun) == datetime.fromisoformat(last)


def test_there_was_no_national_instrument_before() -> None:
    for on, decision in (("2021-09-20", "deny"), ("2021-09-21", "allow")):
        assert decided(ask("CA-45110", "investor_cap", on=on, offering=HERE)) == (decision, "CA-45110-INV")
        assert decided(ask("CA-45110", "offering_cap", on=on)) == (decision, "CA-45110-ISSUER")
