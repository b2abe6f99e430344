"""17 CFR 230.501 to 230.508: thirty-five people, or accredited ones who are verified."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.regimes.registry import BUILT, assess_case
from tests.regimes.asking import Case, bought, decided, limit
from tests.regimes.asking_elsewhere import STATUSES, ask


def private(*history: Case, on: str | None = None, solicited: bool = False, **investor: Any) -> Case:
    offering = {"rule": "506b", "general_solicitation": solicited}
    person = {"type": "natural", "accredited": False, **investor}
    return ask("US-REGD", "cohort", "10000.00", on=on, history=list(history), offering=offering, **person)


def purchasers(
    count: int, on: str = "2025-01-10", status: str = "settled", issuer: str = "iss-A", **others: str
) -> Case:
    return {**bought(on, "1.00", status, issuer=issuer, **others), "count": count}


def verified(amount: str = "10000.00", *, on: str | None = None, **investor: Any) -> Case:
    person = {"type": "natural", "accredited": True, **investor}
    return ask("US-REGD", "eligibility", amount, on=on, offering={"rule": "506c"}, **person)


# Rule 506(b)


@pytest.mark.parametrize(
    ("count", "decision", "left"), [(0, "allow", 35), (34, "allow", 1), (35, "deny", 0), (40, "deny", 0)]
)
def test_the_thirty_fifth_purchaser_is_the_last(count: int, decision: str, left: int) -> None:
    answer = assess_case(private(purchasers(count)))
    expected = {"cap": 35, "remaining": left, "decision": decision, "reason_rule": "US-D-506b", "unit": "purchasers"}
    assert answer == {"id": "one", **expected}


@pytest.mark.parametrize(
    ("sold", "left"),
    [
        (purchasers(35, "2024-12-15"), 0),  # ninety days ago
        (purchasers(35, "2024-12-14"), 35),
        (purchasers(35, "2025-03-15"), 0),
        (purchasers(35, "2025-03-16"), 35),
        (purchasers(35, issuer="iss-B"), 35),
        (purchasers(35, issuer="iss-B", note="under common control"), 0),
        (bought("2025-01-10", "1.00", issuer="iss-A"), 34),  # a line without a number is one purchaser
    ],
)  # fmt: skip
def test_purchasers_of_ninety_days_count(sold: Case, left: int) -> None:
    assert assess_case(private(sold))["remaining"] == left


def test_before_2021_half_a_year_was_one_offering() -> None:
    for on, left in (("2021-03-14", 0), ("2021-03-15", 35)):
        assert assess_case(private(purchasers(35, "2020-11-01"), on=on))["remaining"] == left


@pytest.mark.parametrize(("status", "counts"), STATUSES.items())
def test_who_did_not_buy_in_the_end_is_not_counted(status: str, counts: bool) -> None:
    assert assess_case(private(purchasers(35, status=status)))["remaining"] == (0 if counts else 35)


def test_accredited_investors_are_not_counted() -> None:
    for solicited in (False, True):
        case = private(purchasers(35), accredited=True, solicited=solicited)
        assert (decided(case), limit(case)) == (("allow", "US-D-506b"), (None, None))


@pytest.mark.parametrize("count", [3, 35])
def test_who_lives_with_a_purchaser_is_not_counted(count: int) -> None:
    answer = assess_case(private(purchasers(count), excluded_501e="spouse_same_residence"))
    assert (answer["decision"], answer["reason_rule"]) == ("allow", "US-D-501e")
    assert (answer["cap"], answer["remaining"], answer["unit"]) == (35, 35 - count, "purchasers")


def test_what_was_advertised_is_closed_to_everybody_else() -> None:
    for investor in ({}, {"excluded_501e": "spouse_same_residence"}, {"accredited": None}):
        case = private(solicited=True, **investor)
        assert (decided(case), limit(case)) == (("deny", "US-D-502c"), (None, None))


# Rule 506(c)


def test_who_is_not_accredited_may_not_buy_whatever_else_is_so() -> None:
    for investor in ({"accredited": False}, {"accredited": None}, {"accredited": False, "verified": True}):
        case = verified("1000000.00", min_invest_letter=True, **investor)
        assert (decided(case), limit(case)) == (("deny", "US-D-506c"), (None, None))


@pytest.mark.parametrize("word", [False, None])
def test_ones_own_word_is_not_enough(word: bool | None) -> None:
    assert decided(verified(verified=word)) == ("needs_ack", "US-D-506c")
    assert decided(verified(verified=True)) == ("allow", "US-D-506c")


@pytest.mark.parametrize(
    ("kind", "amount", "answer"),
    [
        ("natural", "199999.99", ("needs_ack", "US-D-506c")),
        ("natural", "200000.00", ("allow", "US-D-506c-LATHAM")),
        ("entity", "999999.99", ("needs_ack", "US-D-506c")),
        ("entity", "1000000.00", ("allow", "US-D-506c-LATHAM")),
    ],
)
def test_a_large_ticket_with_a_letter_verifies(kind: str, amount: str, answer: tuple[str, str]) -> None:
    assert decided(verified(amount, type=kind, verified=False, min_invest_letter=True)) == answer
    assert decided(verified(amount, type=kind, verified=False, min_invest_letter=False))[0] == "needs_ack"


def test_the_letter_helps_since_the_day_of_the_staffs_answer() -> None:
    for on, decision in (("2025-03-11", "needs_ack"), ("2025-03-12", "allow")):
        assert decided(verified("200000.00", on=on, verified=False, min_invest_letter=True))[0] == decision


def test_there_was_no_such_rule_before_2013() -> None:
    for on, decision in (("2013-09-22", "deny"), ("2013-09-23", "allow")):
        assert decided(verified(on=on, verified=True)) == (decision, "US-D-506c")
        assert decided(private(on=on)) == (decision, "US-D-506b")


# What the company may raise, and when it may be resold


@pytest.mark.parametrize(
    ("on", "cap"), [("2017-01-20", "5000000.00"), ("2021-03-14", "5000000.00"), ("2021-03-15", "10000000.00")]
)
def test_rule_504_has_a_limit_that_other_exempt_sales_use_up(on: str, cap: str) -> None:
    def ask_504(amount: str, *history: Case) -> Case:
        return ask("US-REGD", "offering_cap", amount, on=on, history=list(history), offering={"rule": "504"})

    assert decided(ask_504(cap)) == ("allow", "US-D-504")
    assert decided(ask_504(f"{cap[:-1]}1")) == ("deny", "US-D-504")
    sold = bought(on, "2000000.00", issuer="iss-A", exemption="reg_cf")
    assert limit(ask_504("1.00", sold)) == (cap, f"{int(float(cap)) - 2_000_000}.00")


@pytest.mark.parametrize("rule", ["506b", "506c"])
def test_rule_506_has_none(rule: str) -> None:
    case = ask("US-REGD", "offering_cap", "900000000.00", offering={"rule": rule})
    assert (decided(case)[0], limit(case)) == ("allow", (None, None))


def test_restricted_securities_are_held_for_a_year() -> None:
    assert BUILT["US-REGD"].resale_restricted_until(date(2024, 2, 29)) == date(2025, 2, 28)
