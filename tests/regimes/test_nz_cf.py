"""Financial Markets Conduct Act: two million for the company; a warning, and no limit, for the investor."""

from __future__ import annotations

import pytest

from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask


@pytest.mark.parametrize("category", ["investor_cap", "eligibility", "disclosure"])
def test_an_investor_confirms_the_warning_and_has_no_limit(category: str) -> None:
    for word, answer in (
        (True, ("allow", "NZ-NOCAP")),
        (False, ("needs_ack", "NZ-WARN")),
        (None, ("needs_ack", "NZ-WARN")),
    ):
        case = ask("NZ-CF", category, "9000000.00", warning_ack=word)
        assert (decided(case), limit(case)) == (answer, (None, None))


@pytest.mark.parametrize(
    ("sold", "left"),
    [
        ([], "2000000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-A")], "1500000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-A", via="crowdfunding")], "1500000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-A", via="p2p")], "1500000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-A", via="small_offers_exclusion")], "1500000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-A", via="product_disclosure_statement")], "2000000.00"),
        ([bought("2024-06-03", "500000.00", issuer="iss-A")], "1500000.00"),
        ([bought("2024-06-02", "500000.00", issuer="iss-A")], "2000000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-B")], "2000000.00"),
        ([bought("2024-12-01", "500000.00", issuer="iss-B", note="under common control")], "1500000.00"),
        ([bought("2024-12-01", "3000000.00", issuer="iss-A")], "0.00"),
    ],
)
def test_a_company_may_raise_two_million_by_all_exclusions_together(sold: list[Case], left: str) -> None:
    for amount, decision in ((left, "allow"), (f"{left[:-1]}1", "deny")):
        case = ask("NZ-CF", "offering_cap", amount, history=sold)
        assert (decided(case), limit(case)) == ((decision, "NZ-2M"), ("2000000.00", left))


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_what_came_to_nothing_gives_the_limit_back(status: str, counts: bool) -> None:
    sold = [bought("2024-12-01", "500000.00", status, issuer="iss-A")]
    assert limit(ask("NZ-CF", "offering_cap", history=sold))[1] == ("1500000.00" if counts else "2000000.00")


def test_there_was_no_licence_before_the_act() -> None:
    for on, decision in (("2014-03-31", "deny"), ("2014-04-01", "allow")):
        assert decided(ask("NZ-CF", "investor_cap", on=on, warning_ack=True)) == (decision, "NZ-NOCAP")
        assert decided(ask("NZ-CF", "offering_cap", on=on)) == (decision, "NZ-2M")
