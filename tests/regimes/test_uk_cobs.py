"""The UK's rules: statements and their forms, ten percent, a day's wait, appropriateness, what a company may offer."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.money import Money
from app.regimes import facts
from app.regimes.profile import EarlierPledge, Intent, Profile
from app.regimes.registry import BUILT, assess_case
from app.regimes.uk_cobs import UkCobs
from app.regimes.verdict import Decision
from tests.regimes.asking import Case, decided, limit
from tests.regimes.asking_europe import UK_DAY, certified, restricted, uk_pledge, uk_raise, wealthy

UK = BUILT["UK-COBS"]
CATEGORY, STALE, WAIT = (
    ("needs_ack", "UK-COBS-CAT"),
    ("needs_ack", "UK-COBS-CAT-STALE"),
    ("needs_wait", "UK-COBS-412A18"),
)
WITHIN, BEYOND = ("allow", "UK-COBS-RESTRICTED"), ("deny", "UK-COBS-RESTRICTED")


def bought(on: str, amount: str, kind: str | None = "nrrs", status: str = "settled") -> Case:
    purchase = {"date": on, "amount": amount, "issuer": "other", "status": status}
    return purchase if kind is None else {**purchase, "kind": kind}


# Restricted investors


@pytest.mark.parametrize(
    ("on", "amount", "answer"),
    [
        ("2022-06-01", "5000.00", WITHIN), ("2022-06-01", "5000.01", BEYOND),
        ("2023-01-31", "5000.00", WITHIN), ("2023-01-31", "5000.01", BEYOND),
        ("2023-02-01", "4999.99", WITHIN), ("2023-02-01", "5000.00", BEYOND),
    ],
)  # fmt: skip
def test_not_more_than_a_tenth_became_less_than_a_tenth_on_1_february_2023(
    on: str, amount: str, answer: tuple[str, str]
) -> None:
    case = uk_pledge(amount, on=on, statement=restricted("2022-06-01", net_assets="50000.00"))
    assert (decided(case), limit(case)) == (answer, ("5000.00", "5000.00"))


@pytest.mark.parametrize(
    ("purchase", "left"),
    [
        (bought("2024-01-05", "2000.00"), "3000.00"),
        (bought("2024-01-05", "2000.00", None), "3000.00"),
        (bought("2024-01-05", "2000.00", "crypto"), "3000.00"),
        (bought("2024-01-05", "2000.00", "p2p"), "3000.00"),
        (bought("2024-01-05", "2000.00", "ltaf"), "3000.00"),
        (bought("2023-06-03", "2000.00"), "3000.00"),  # twelve months, both ends in
        (bought("2023-06-02", "2000.00"), "5000.00"),
        (bought("2024-06-03", "2000.00"), "3000.00"),
        (bought("2024-06-04", "2000.00"), "5000.00"),
        (bought("2024-01-05", "2000.00", status="committed"), "3000.00"),
        (bought("2024-01-05", "2000.00", status="settled_resold"), "3000.00"),
        (bought("2024-01-05", "2000.00", status="cancelled"), "5000.00"),
        (bought("2024-01-05", "2000.00", status="refunded"), "5000.00"),
        (bought("2024-01-05", "2000.00", status="lapsed"), "5000.00"),
        (bought("2024-01-05", "9000.00"), "0.00"),
    ],
)
def test_every_high_risk_investment_of_twelve_months_counts_wherever_it_was_made(purchase: Case, left: str) -> None:
    assert limit(uk_pledge(history=[purchase])) == ("5000.00", left)
    assert decided(uk_pledge(left, history=[purchase])) == BEYOND
    if left != "0.00":
        assert decided(uk_pledge(f"{float(left) - 0.01:.2f}", history=[purchase])) == WITHIN


@pytest.mark.parametrize(("kind", "left"), [("nrrs", "3000.00"), ("crypto", "5000.00"), ("p2p", "5000.00")])
def test_before_february_2023_only_what_cannot_readily_be_sold_counted(kind: str, left: str) -> None:
    statement, history = restricted("2022-06-01", net_assets="50000.00"), [bought("2023-01-05", "2000.00", kind)]
    assert limit(uk_pledge(on="2023-01-31", statement=statement, history=history)) == ("5000.00", left)
    assert limit(uk_pledge(on="2023-02-01", statement=statement, history=history)) == ("5000.00", "3000.00")


def test_what_somebody_declares_from_other_platforms_counts_too() -> None:
    assert limit(uk_pledge(other_platform_12m="1500.00", history=[bought("2024-01-05", "2000.00")]))[1] == "1500.00"


@pytest.mark.parametrize(
    ("figures", "cap"),
    [
        ({"gross_assets": "400000.00", "home_equity": "200000.00", "pension": "100000.00", "insurance_rights": "0.00",
          "liabilities": "50000.00"}, "5000.00"),
        ({"gross_assets": "400000.00", "home_equity": "200000.00", "pension": "100000.00", "insurance_rights": "10000.00",
          "liabilities": "50000.00"}, "4000.00"),
        ({"gross_assets": "50000.00"}, "5000.00"),
        ({"gross_assets": "50000.00", "liabilities": "60000.00"}, "0.00"),
        ({"gross_assets": "400000.00", "net_assets": "50000.00"}, "5000.00"),  # what is stated comes first
        ({"net_assets": "50000.09"}, "5000.00"),  # rounded down
        ({"net_assets": "50000.10"}, "5000.01"),
        ({"net_assets": "-50000.00"}, "0.00"),
    ],
)  # fmt: skip
def test_home_pension_and_insurance_are_no_net_assets(figures: Case, cap: str) -> None:
    assert limit(uk_pledge(statement=restricted(**figures)))[0] == cap


def test_a_statement_without_any_figure_says_nothing() -> None:
    case = uk_pledge(statement=restricted())
    assert (decided(case), limit(case)) == (("needs_ack", "UK-COBS-RESTRICTED"), (None, None))


def test_the_limit_comes_back_when_a_purchase_leaves_the_twelve_months() -> None:
    verdict = UK.assess(facts.read(uk_pledge(history=[bought("2023-07-01", "2000.00")])))
    assert verdict.frees == (date(2024, 7, 2), Money.of("2000.00", "GBP"))


# Which statement, and how long it is good


@pytest.mark.parametrize(
    ("signed_on", "on", "answer"),
    [
        ("2023-06-01", "2024-05-31", WITHIN), ("2023-06-01", "2024-06-01", STALE),
        ("2024-06-03", UK_DAY, WITHIN), ("2024-06-04", UK_DAY, CATEGORY), (None, UK_DAY, CATEGORY),
        ("2024-02-29", "2025-02-27", WITHIN), ("2024-02-29", "2025-02-28", STALE),
        ("2023-10-01", "2024-02-01", WITHIN),  # only the forms of the Order were withdrawn
    ],
)  # fmt: skip
def test_a_statement_is_good_for_twelve_months(signed_on: str | None, on: str, answer: tuple[str, str]) -> None:
    case = uk_pledge(on=on, statement={"kind": "restricted", "signed_on": signed_on, "net_assets": "50000.00"})
    assert decided(case) == answer
    assert limit(case)[0] == ("5000.00" if answer == WITHIN else None)


def test_without_a_statement_there_is_no_offer() -> None:
    for statement in ({"category_statement": None}, {}):
        case = uk_pledge()
        case["investor"] = {"appropriateness": "passed", **statement}
        assert (decided(case), limit(case)) == (CATEGORY, (None, None))


RICH, NOT_RICH = ("allow", "UK-FPO-48"), ("needs_ack", "UK-FPO-48")


@pytest.mark.parametrize(
    ("signed_on", "figures", "answer"),
    [
        ("2024-01-30", {"income": "100000.00"}, RICH),
        ("2024-01-30", {"income": "99999.99"}, NOT_RICH),
        ("2024-01-30", {"net_assets": "250000.00"}, RICH),
        ("2024-01-30", {"net_assets": "249999.99", "income": "99999.99"}, NOT_RICH),
        ("2024-01-31", {"income": "100000.00"}, NOT_RICH),
        ("2024-01-31", {"income": "169999.99", "net_assets": "429999.99"}, NOT_RICH),
        ("2024-01-31", {"income": "170000.00"}, RICH),
        ("2024-03-26", {"net_assets": "430000.00"}, RICH),
        ("2024-03-26", {"income": "120000.00", "net_assets": "300000.00"}, NOT_RICH),
        ("2024-03-27", {"income": "100000.00"}, RICH),
        ("2024-03-27", {"net_assets": "249999.99"}, NOT_RICH),
        ("2024-03-27", {"net_assets": "250000.00"}, RICH),
        ("2024-03-27", {"gross_assets": "500000.00", "home_equity": "250000.01"}, NOT_RICH),
        ("2024-03-27", {"gross_assets": "500000.00", "home_equity": "250000.00"}, RICH),
        ("2024-03-27", {}, NOT_RICH),
    ],
)
def test_high_net_worth_goes_by_the_figures_of_the_day_of_signing(
    signed_on: str, figures: dict[str, str], answer: tuple[str, str]
) -> None:
    case = uk_pledge("9000000.00", on=signed_on, statement=wealthy(signed_on, **figures))
    assert (decided(case), limit(case)) == (answer, (None, None))


def test_the_figures_are_those_of_the_signing_and_not_of_the_pledge() -> None:
    assert decided(uk_pledge(on="2024-04-15", statement=wealthy("2024-03-26", income="120000.00"))) == NOT_RICH
    assert decided(uk_pledge(on="2024-04-15", statement=wealthy("2024-03-26", income="170000.00"))) == RICH
    for turnover, decision in (("1599999.99", "needs_ack"), ("1600000.00", "allow")):
        statement = certified("2024-03-26", director_turnover=turnover)
        assert decided(uk_pledge(on="2024-04-15", statement=statement)) == (decision, "UK-FPO-50A")


@pytest.mark.parametrize(
    ("signed_on", "on", "answer"),
    [
        ("2023-10-01", "2024-01-30", RICH), ("2023-10-01", "2024-01-31", STALE), ("2024-01-30", "2024-01-31", STALE),
        ("2024-01-30", "2024-04-15", STALE),  # the old forms did not come back
        ("2024-01-31", "2024-01-31", RICH), ("2024-02-15", "2025-01-30", RICH), ("2024-02-15", "2025-01-31", STALE),
        ("2024-03-26", "2025-01-30", RICH), ("2024-03-26", "2025-01-31", STALE), ("2024-03-27", "2025-01-31", RICH),
        ("2024-03-27", "2025-03-26", RICH), ("2024-03-27", "2025-03-27", STALE),
    ],
)  # fmt: skip
def test_the_forms_of_january_2024_came_at_once_and_ended_after_a_year(
    signed_on: str, on: str, answer: tuple[str, str]
) -> None:
    assert decided(uk_pledge(on=on, statement=wealthy(signed_on, income="200000.00"))) == answer
    same = (answer[0], "UK-FPO-50A") if answer == RICH else answer
    assert decided(uk_pledge(on=on, statement=certified(signed_on, director_turnover="1600000.00"))) == same


@pytest.mark.parametrize(
    ("signed_on", "grounds", "decision"),
    [
        ("2024-01-30", {"director_turnover": "1000000.00"}, "allow"),
        ("2024-01-30", {"director_turnover": "999999.99"}, "needs_ack"),
        ("2024-01-30", {"unlisted_investments_2y": 2}, "allow"),
        ("2024-01-30", {"unlisted_investments_2y": 1}, "needs_ack"),
        ("2024-02-15", {"director_turnover": "1599999.99"}, "needs_ack"),
        ("2024-02-15", {"director_turnover": "1600000.00"}, "allow"),
        ("2024-02-15", {"unlisted_investments_2y": 5}, "needs_ack"),  # no ground in these weeks
        ("2024-03-26", {"unlisted_investments_2y": 5, "director_turnover": "1000000.00"}, "needs_ack"),
        ("2024-03-27", {"unlisted_investments_2y": 2}, "allow"),
        ("2024-03-27", {"director_turnover": "1000000.00"}, "allow"),
        ("2024-02-15", {"finance_work_2y": True}, "allow"),
        ("2024-02-15", {"finance_work_2y": False}, "needs_ack"),
        ("2024-02-15", {"angel_network_months": 7}, "allow"),
        ("2024-02-15", {"angel_network_months": 6}, "needs_ack"),
        ("2024-03-27", {}, "needs_ack"),
    ],
)
def test_one_ground_of_the_day_of_signing_certifies(signed_on: str, grounds: Case, decision: str) -> None:
    case = uk_pledge("9000000.00", on=signed_on, statement=certified(signed_on, **grounds))
    assert (decided(case), limit(case)) == ((decision, "UK-FPO-50A"), (None, None))


# Appropriateness


@pytest.mark.parametrize(("test", "decision"), [("failed", "deny"), (None, "needs_ack")])
def test_nobody_goes_on_without_a_passed_test_of_whatever_category(test: str | None, decision: str) -> None:
    for amount in ("100.00", "5000.00"):
        case = uk_pledge(amount, appropriateness=test)
        assert (decided(case), limit(case)) == ((decision, "UK-COBS-10"), ("5000.00", "5000.00"))
    rich = uk_pledge(statement=wealthy("2024-05-01", income="200000.00"), appropriateness=test)
    assert (decided(rich), limit(rich)) == ((decision, "UK-COBS-10"), (None, None))
    sure = uk_pledge(statement=certified("2024-05-01", unlisted_investments_2y=2), appropriateness=test)
    assert decided(sure) == (decision, "UK-COBS-10")


def test_what_the_statement_lacks_is_said_before_the_test() -> None:
    poor = wealthy("2024-05-01", income="1.00")
    assert decided(uk_pledge(statement=poor, appropriateness="failed")) == NOT_RICH


# The wait of somebody new


def first_offer(asked_at: str | None, at: str, **others: Any) -> Case:
    event = {"at": at} | ({} if asked_at is None else {"dofp_requested_at": asked_at})
    on = others.pop("on", at[:10])
    return uk_pledge(on=on, category="cooling_off", event=event, **{"first_time": True, **others})


@pytest.mark.parametrize(
    ("asked_at", "at", "answer"),
    [
        ("2024-06-01T10:00:00+01:00", "2024-06-02T09:59:59+01:00", WAIT),
        ("2024-06-01T10:00:00+01:00", "2024-06-02T10:00:00+01:00", WITHIN),
        ("2024-06-01T10:00:00+01:00", "2024-06-02T09:00:00+00:00", WITHIN),  # the same instant elsewhere
        ("2025-03-29T10:00:00+00:00", "2025-03-30T10:59:59+01:00", WAIT),  # the clocks go forward
        ("2025-03-29T10:00:00+00:00", "2025-03-30T11:00:00+01:00", WITHIN),
        ("2024-10-26T10:00:00+01:00", "2024-10-27T08:59:59+00:00", WAIT),  # and back
        ("2024-10-26T10:00:00+01:00", "2024-10-27T09:00:00+00:00", WITHIN),
        ("2024-06-02T10:00:00+01:00", "2024-06-01T10:00:00+01:00", WAIT),  # asked for later
        (None, "2024-06-02T10:00:00+01:00", WAIT),  # not asked for yet
    ],
)
def test_somebody_new_waits_24_hours_that_pass(asked_at: str | None, at: str, answer: tuple[str, str]) -> None:
    case = first_offer(asked_at, at)
    assert (decided(case), limit(case)) == (answer, (None, None) if answer == WAIT else ("5000.00", "5000.00"))


def test_the_wait_is_for_new_ones_of_every_category_and_since_february_2023() -> None:
    times = ("2024-06-02T09:00:00+01:00", "2024-06-02T09:00:01+01:00")
    for known in (False, None):
        assert decided(first_offer(*times, first_time=known)) == WITHIN
    assert decided(first_offer(*times, statement=wealthy("2024-05-01", income="200000.00"))) == WAIT
    assert decided(first_offer(*times, appropriateness="failed")) == WAIT
    early = {"statement": restricted("2023-01-30", net_assets="50000.00")}
    at_once = ("2023-01-31T09:00:00+00:00", "2023-01-31T09:05:00+00:00")
    assert decided(first_offer(*at_once, **early)) == WITHIN
    assert decided(first_offer(*at_once, on="2023-02-01", **early)) == WAIT


def test_a_pledge_asks_for_the_wait_as_well() -> None:
    event = {"dofp_requested_at": "2024-06-03T09:00:00+01:00", "at": "2024-06-03T10:00:00+01:00"}
    assert decided(uk_pledge(event=event, first_time=True)) == WAIT


# What a company may offer


@pytest.mark.parametrize(
    ("amount", "on", "rate", "answer"),
    [
        ("6000000.00", "2026-01-18", "1.15", ("allow", "UK-PR-8M")),
        ("8000000.00", "2026-01-18", "1.00", ("allow", "UK-PR-8M")),
        ("8000000.01", "2026-01-18", "1.00", ("deny", "UK-PR-8M")),
        ("6956521.73", "2026-01-18", "1.15", ("allow", "UK-PR-8M")),  # 7,999,999.9895
        ("6956521.74", "2026-01-18", "1.15", ("deny", "UK-PR-8M")),  # 8,000,000.001: nothing is rounded
        ("5000000.01", "2018-07-20", "1.00", ("deny", "UK-PR-8M")),
        ("5000000.01", "2018-07-21", "1.00", ("allow", "UK-PR-8M")),
        ("5000000.00", "2026-01-19", None, ("allow", "UK-POATR-5M")),
        ("5000000.01", "2026-01-19", None, ("deny", "UK-POATR-5M")),
    ],
)
def test_eight_million_euros_became_five_million_pounds(
    amount: str, on: str, rate: str | None, answer: tuple[str, str]
) -> None:
    assert decided(uk_raise(amount, on=on, rate=rate)) == answer


def test_what_a_company_offered_in_twelve_months_counts_in_the_currency_of_the_limit() -> None:
    def sold(on: str, amount: str, **others: str) -> Case:
        return {"date": on, "amount": amount, "issuer": "iss-A", "status": "settled", **others}

    assert limit(uk_raise("1.00", sold("2025-01-18", "1000000.01"), on="2026-01-18", rate="1.15"))[1] == "6849999.98"
    assert limit(uk_raise("1.00", sold("2025-01-17", "1000000.00"), on="2026-01-18", rate="1.15"))[1] == "8000000.00"
    assert limit(uk_raise("1.00", sold("2025-01-19", "1000000.00"))) == ("5000000.00", "4000000.00")
    assert limit(uk_raise("1.00", sold("2025-01-18", "1000000.00")))[1] == "5000000.00"
    assert limit(uk_raise("1.00", sold("2025-06-01", "1000000.00", issuer="iss-B")))[1] == "5000000.00"
    assert limit(uk_raise("1.00", sold("2025-06-01", "1000000.00", status="refunded")))[1] == "5000000.00"


def test_a_public_offer_platform_has_no_limit_since_it_exists() -> None:
    lifted = uk_raise("9000000.00", pop=True)
    assert (decided(lifted), limit(lifted)) == (("allow", "UK-POATR-POP"), (None, None))
    assert decided(uk_raise("9000000.00", on="2026-01-18", rate="1.15", pop=True)) == ("deny", "UK-PR-8M")
    assert decided(uk_raise("9000000.00", pop=None)) == ("deny", "UK-POATR-5M")
    text = (Path(facts.__file__).parent / "uk_cobs.toml").read_text(encoding="utf-8")
    setting = "we_operate_a_public_offer_platform = "
    ours = UkCobs(text.replace(f"{setting}false", f"{setting}true"))
    assert ours.assess(facts.read(uk_raise("9000000.00", pop=None))).rule == "UK-POATR-POP"
    assert ours.assess(facts.read(uk_raise("9000000.00", pop=False))).rule == "UK-POATR-5M"


@pytest.mark.parametrize("category", ["investor_cap", "cooling_off", "offering_cap"])
def test_the_rules_began_on_1_april_2014(category: str) -> None:
    nothing = {"cap": None, "remaining": None, "decision": "deny", "reason_rule": "UK-COBS-EFFECTIVE"}
    assert assess_case(uk_pledge(on="2014-03-31", category=category)) == {"id": "one", **nothing}
    assert decided(uk_pledge(on="2014-04-01", statement=restricted("2014-04-01", net_assets="50000.00"))) == WITHIN
    assert decided(uk_raise("1.00", on="2014-04-01", rate="1.20")) == ("allow", "UK-PR-8M")


# What the platform asks by itself


def test_a_pledge_on_the_platform_is_a_case_with_what_it_knows_of_the_person() -> None:
    pounds = Money.of("2000.00", "GBP")
    intent = Intent(pounds, "7", "O-1", None, date(2024, 6, 3))
    earlier = [EarlierPledge(date(2024, 1, 5), pounds, "7", is_settled=True, offering="O-2")]
    signed = restricted(net_assets="50000.00")
    knows: Case = {"category_statement": signed, "appropriateness": "passed", "first_time": False, "class": "retail"}
    case = UK.pledge_case(Profile("natural", other_platform_12m=pounds, standing=knows), earlier, intent)
    assert limit({"id": "one", **case}) == ("5000.00", "1000.00")
    assert decided(case) == BEYOND
    assert "class" not in case["investor"]
    assert decided(UK.pledge_case(Profile("natural"), [], intent)) == CATEGORY
    new = {**knows, "first_time": True, "dofp_requested_at": "2024-06-02T12:00:00+01:00"}
    for at, answer in (("2024-06-03T11:59:59+01:00", WAIT), ("2024-06-03T12:00:00+01:00", WITHIN)):
        assert decided(UK.pledge_case(Profile("natural", standing={**new, "at": at}), [], intent)) == answer


def test_a_company_may_raise_five_million_and_is_paid_at_its_target() -> None:
    five, more = Money.of("5000000.00", "GBP"), Money.of("5000000.01", "GBP")
    on = date(2026, 3, 3)
    assert UK.may_raise(amount=five, issuer="7", earlier=[], on=on).decision is Decision.ALLOW
    assert UK.may_raise(amount=more, issuer="7", earlier=[], on=on).decision is Decision.DENY
    assert UK.may_release(opened_on=on, on=on, held=five, target=five).allows
    assert not UK.may_release(opened_on=on, on=on, held=five, target=more).allows
    assert (UK.earliest_deadline(on), UK.resale_restricted_until(on)) == (on, None)
    assert UK.release_rule in UK.pack.rules


def test_the_risk_warning_is_shown_in_its_exact_words() -> None:
    exact = (
        "Don't invest unless you're prepared to lose all the money you invest. This is a high-risk investment and you "
        "are unlikely to be protected if something goes wrong. Take 2 mins to learn more."
    )
    assert [one.text("en") for one in UK.pack.statements_on(date(2022, 12, 1))] == [exact]
    assert UK.pack.statements_on(date(2022, 11, 30)) == ()
