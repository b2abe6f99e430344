"""How many of the bad ones each rule finds, and how many of those that it finds are bad, in a made-up year.

Shown by `pytest -s tests/monitoring/test_measured.py`. The floors are what was measured, rounded down.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.monitoring import rules
from app.monitoring.rules import Seen
from app.regimes.platform_policy import review_threshold
from app.screening import names
from tests.monitoring.population import TARGET, Person, Year, at, payers
from tests.monitoring.told import TODAY, policy


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


def structured(person: Person) -> object:
    threshold = review_threshold("USD", TODAY)
    assert threshold is not None
    return rules.structuring(person.in_order(), threshold, policy("structuring"))


OF_PEOPLE: dict[str, Callable[[Person], object]] = {
    "structuring": structured,
    "velocity": lambda one: rules.velocity(one.in_order(), policy("velocity")),
    "cycling": lambda one: rules.refund_cycling(one.in_order(), policy("refund_cycling")),
    "burst": lambda one: rules.burst(one.in_order(), policy("burst")),
    "figures": lambda one: rules.figures_jump(one.declared, one.in_order(), policy("figures_jump")),
    "elsewhere": lambda one: rules.elsewhere(one.in_order(), "US", policy("elsewhere")),
}
#: rule -> (recall, precision) at least
FLOORS = {
    "structuring": (0.97, 0.57), "velocity": (0.98, 0.59), "cycling": (0.73, 1), "burst": (0.86, 0.62), "figures": (0.91, 0.97),
    "elsewhere": (0.99, 0.96), "shared_account": (0.84, 1), "fast_fill": (0.8, 0.66), "insiders": (0.9, 1), "payer": (0.96, 1),
}  # fmt: skip


def measured(rule: str, found: set[int], bad: set[int], bad_otherwise: set[int]) -> None:
    hits, wrong = len(found & bad), found - bad
    recall, precision = hits / len(bad), hits / len(found)
    told = (
        f"{rule}: recall {recall:.3f}, precision {precision:.3f}; of {len(bad)} bad {hits} were found,"
        f" and {len(wrong)} others, {len(wrong & bad_otherwise)} of them bad in another way"
    )
    print(told)
    assert recall >= FLOORS[rule][0] and precision >= FLOORS[rule][1], told


@pytest.mark.parametrize("rule", OF_PEOPLE)
def test_a_rule_about_one_investor_finds_most_and_seldom_errs(year: Year, rule: str) -> None:
    measured(rule, {one.id for one in year.people if OF_PEOPLE[rule](one)}, year.bad[rule], year.bad_people)


def test_the_rule_about_accounts_finds_most_and_seldom_errs(year: Year) -> None:
    found: set[int] = set()
    for pledges in year.of_accounts().values():
        while group := rules.shared_account(
            [one for one in pledges if one.investor_id not in found], policy("shared_account")
        ):
            found |= {one.investor_id for one in group}
    measured("shared_account", found, year.bad["shared_account"], year.bad_people)


def test_the_rules_about_an_offering_find_most_and_seldom_err(year: Year) -> None:
    of: dict[int, list[Seen]] = {n: year.of_offering(n) for n in range(len(year.opened))}
    fast = {
        n for n, opened in enumerate(year.opened) if rules.fast_fill(of[n], at(opened), TARGET, policy("fast_fill"))
    }
    measured("fast_fill", fast, year.bad["fast_fill"], year.bad["insiders"])
    insiders = {n for n in of if rules.insider_funding(of[n], TARGET, policy("insider_funding"))}
    measured("insiders", insiders, year.bad["insiders"], year.bad["fast_fill"])


def test_the_rule_about_payers_finds_most_and_seldom_errs() -> None:
    below = policy("payer_differs")["alert_below_bps"]
    paid = dict(enumerate(payers()))
    found = {n for n, one in paid.items() if names.alike(one.investor, one.account) * 100 < below}
    measured("payer", found, {n for n, one in paid.items() if one.is_other}, set())
