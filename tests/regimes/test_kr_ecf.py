"""FSCMA Enforcement Decree: limits of an issuer and of a year for each class of investor, raised in 2018."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.regimes.registry import BUILT
from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask

CLASSES = ("general", "qualified")


def buy(amount: str = "1", *history: Case, on: str | None = None, kind: str | None = "general") -> Case:
    others: dict[str, Any] = {"class": kind}
    return ask("KR-ECF", "investor_cap", amount, on=on, history=list(history), **others)


@pytest.mark.parametrize(
    ("on", "kind", "of_issuer", "in_all"),
    [
        ("2016-01-25", "general", 2_000_000, 5_000_000), ("2018-04-09", "general", 2_000_000, 5_000_000),
        ("2018-04-10", "general", 5_000_000, 10_000_000), ("2025-01-02", "general", 5_000_000, 10_000_000),
        ("2018-04-09", "qualified", 10_000_000, 20_000_000), ("2018-04-10", "qualified", 10_000_000, 20_000_000),
        ("2018-04-10", None, 5_000_000, 10_000_000), ("2018-04-10", "unheard of", 5_000_000, 10_000_000),
    ],
)  # fmt: skip
def test_each_class_has_a_limit_of_an_issuer_and_one_of_all(
    on: str, kind: str | None, of_issuer: int, in_all: int
) -> None:
    for amount, decision in ((of_issuer, "allow"), (of_issuer + 1, "deny")):
        case = buy(str(amount), on=on, kind=kind)
        assert (decided(case), limit(case)) == ((decision, "KR-PER-ISSUER"), (f"{of_issuer}.00",) * 2)
    elsewhere = bought(on, str(in_all - of_issuer + 1), issuer="b")
    for amount, decision in ((of_issuer - 1, "allow"), (of_issuer, "deny")):
        case = buy(str(amount), elsewhere, on=on, kind=kind)
        assert (decided(case), limit(case)) == ((decision, "KR-TOTAL"), (f"{in_all}.00", f"{of_issuer - 1}.00"))
    assert decided(buy("1", bought(on, str(in_all - of_issuer), issuer="b"), on=on, kind=kind))[1] == "KR-PER-ISSUER"


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        (bought("2018-06-03", "3000000", issuer="iss-A"), "2000000.00"),
        (bought("2018-06-02", "3000000", issuer="iss-A"), "5000000.00"),
        (bought("2018-06-03", "9000000", issuer="b"), "1000000.00"),
        (bought("2018-06-02", "9000000", issuer="b"), "5000000.00"),
    ],
)
def test_both_limits_are_of_twelve_months(earlier: Case, left: str) -> None:
    assert limit(buy("1", earlier))[1] == left


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    left = limit(buy("1", bought("2019-01-05", "9000000", status, issuer="b")))[1]
    assert left == ("1000000.00" if counts else "5000000.00")


def test_professionals_have_no_limit() -> None:
    case = buy("900000000", kind="professional")
    assert (decided(case), limit(case)) == (("allow", "KR-PRO"), (None, None))


@pytest.mark.parametrize(
    ("on", "cap"),
    [
        ("2016-01-25", 700_000_000),
        ("2019-01-14", 700_000_000),
        ("2019-01-15", 1_500_000_000),
        ("2025-01-02", 1_500_000_000),
    ],
)
def test_a_company_may_raise_up_to_the_limit_of_the_day(on: str, cap: int) -> None:
    for amount, decision in ((cap, "allow"), (cap + 1, "deny")):
        case = ask("KR-ECF", "offering_cap", str(amount), on=on, **{"class": "n/a"})
        assert (decided(case), limit(case)) == ((decision, "KR-ISSUER"), (f"{cap}.00",) * 2)
    sold = [bought(on, "100000000", issuer="iss-A"), bought(on, "9", issuer="b")]
    assert limit(ask("KR-ECF", "offering_cap", "1", on=on, history=sold))[1] == f"{cap - 100_000_000}.00"


def test_an_offering_is_open_for_ten_days_since_2019() -> None:
    korea = BUILT["KR-ECF"]
    assert korea.earliest_deadline(date(2019, 1, 14)) == date(2019, 1, 14)
    assert korea.earliest_deadline(date(2019, 1, 15)) == date(2019, 1, 25)


def test_there_was_no_such_brokerage_before_2016() -> None:
    for on, decision in (("2016-01-24", "deny"), ("2016-01-25", "allow")):
        assert decided(buy(on=on)) == (decision, "KR-PER-ISSUER")
        assert decided(ask("KR-ECF", "offering_cap", on=on)) == (decision, "KR-ISSUER")
