"""Securities and Futures Act: five million of small offers in a year; nothing of that for professionals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask


def raised(amount: str, *sold: Case, on: str | None = None, kind: str | None = "retail") -> Case:
    others: dict[str, Any] = {"class": kind}
    return ask("SG-SCF", "offering_cap", amount, on=on, history=list(sold), **others)


@pytest.mark.parametrize(
    ("sold", "left"),
    [
        ([], "5000000.00"),
        ([bought("2024-12-01", "1000000.00", issuer="iss-A", offer_kind="small")], "4000000.00"),
        ([bought("2024-12-01", "1000000.00", issuer="iss-A")], "4000000.00"),
        ([bought("2024-12-01", "1000000.00", issuer="iss-A", offer_kind="qualified_investors_only")], "5000000.00"),
        ([bought("2024-06-03", "1000000.00", issuer="iss-A")], "4000000.00"),
        ([bought("2024-06-02", "1000000.00", issuer="iss-A")], "5000000.00"),
        ([bought("2024-12-01", "1000000.00", issuer="iss-B")], "5000000.00"),
    ],
)
def test_a_company_may_raise_five_million_by_small_offers(sold: list[Case], left: str) -> None:
    for amount, decision in ((left, "allow"), (f"{left[:-1]}1", "deny")):
        case = raised(amount, *sold)
        assert (decided(case), limit(case)) == ((decision, "SG-272A"), ("5000000.00", left))


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    left = limit(raised("1.00", bought("2024-12-01", "1000000.00", status, issuer="iss-A")))[1]
    assert left == ("4000000.00" if counts else "5000000.00")


@pytest.mark.parametrize("kind", ["accredited", "institutional"])
def test_what_goes_to_professionals_has_no_limit(kind: str) -> None:
    for case in (raised("9000000.00", kind=kind), ask("SG-SCF", "investor_cap", "9000000.00", **{"class": kind})):
        assert (decided(case), limit(case)) == (("allow", "SG-274-275"), (None, None))


@pytest.mark.parametrize("kind", ["retail", None, "unheard of"])
def test_no_law_limits_the_investor(kind: str | None) -> None:
    case = ask("SG-SCF", "investor_cap", "9000000.00", **{"class": kind})
    assert (decided(case), limit(case)) == (("allow", "SG-272A"), (None, None))
    assert decided(raised("9000000.00", kind=kind)) == ("deny", "SG-272A")


def test_there_were_no_small_offers_before() -> None:
    for on, decision in (("2005-10-14", "deny"), ("2005-10-15", "allow")):
        assert decided(raised("1.00", on=on)) == (decision, "SG-272A")
        assert decided(ask("SG-SCF", "investor_cap", on=on)) == (decision, "SG-272A")
