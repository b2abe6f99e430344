"""Chinese law that counts people: fifty partners, two hundred holders, fifty shareholders."""

from __future__ import annotations

from typing import Any

import pytest

from app.regimes.facts import BadFacts
from app.regimes.registry import assess_case
from tests.regimes.asking import Case
from tests.regimes.asking_elsewhere import ask


def cohort(kind: str, *, on: str | None = None, **event: Any) -> Case:
    return ask("CN-LAW", "cohort", "400000.00", on=on, event={"type": kind, **event}, type="natural")


def answer(case: Case) -> tuple[Any, ...]:
    told = assess_case(case)
    return tuple(told.get(name) for name in ("decision", "reason_rule", "cap", "remaining", "unit"))


def followers(count: int) -> list[str]:
    return [f"f{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("general", "limited", "decision", "left"),
    [
        (["gp1"], followers(48), "allow", 1),  # one general partner: forty-nine followers
        (["gp1"], followers(49), "deny", 0),
        (["gp1", "gp2"], followers(47), "allow", 1),  # two: forty-eight
        (["gp1", "gp2"], followers(48), "deny", 0),
        (["gp1"], ["lead", *followers(47)], "allow", 1),  # a lead who is no general partner takes a seat
        (["gp1"], ["lead", *followers(48)], "deny", 0),
        (["lead"], ["lead", *followers(48)], "allow", 1),  # the same person twice is one
        (["lead"], ["lead", *followers(49)], "deny", 0),
        (["gp1"], ["f0", "f0", "f0"], "allow", 48),
        (["gp1"], followers(80), "deny", 0),
        ([], followers(3), "deny", 47),  # nobody is a general partner
    ],
)
def test_a_partnership_has_fifty_partners_the_general_ones_included(
    general: list[str], limited: list[str], decision: str, left: int
) -> None:
    case = cohort("lp_partners", gp=general, lps=limited)
    assert answer(case) == (decision, "CN-PEL-61", 50, left, "partners")


@pytest.mark.parametrize(
    ("on", "existing", "direct", "behind", "employees", "decision", "left"),
    [
        ("2016-10-10", 10, 91, [49, 49], 0, "allow", 1),
        ("2016-10-10", 10, 92, [49, 49], 0, "deny", 0),
        ("2016-10-10", 10, 200, [], 0, "deny", 0),
        ("2020-02-29", 40, 62, [49, 49], 30, "deny", 0),
        ("2020-03-01", 40, 62, [49, 49], 30, "allow", 30),  # employees of a lawful plan are not counted any more
        ("2020-03-01", 40, 62, [49, 49], 90, "allow", 40),  # there are no more of them than holders
        ("2020-03-01", 40, 62, [49, 49], None, "deny", 0),
    ],
)
def test_a_company_has_two_hundred_holders_with_those_behind_vehicles(
    on: str, existing: int, direct: int, behind: list[int], employees: int | None, decision: str, left: int
) -> None:
    case = cohort(
        "issuer_lookthrough", on=on, existing_holders=existing, direct_new=direct, spv_investors=behind,
        esop_employees=employees,
    )  # fmt: skip
    assert answer(case) == (decision, "CN-SL-9", 200, left, "holders")


@pytest.mark.parametrize(
    ("existing", "direct", "vehicles", "decision", "left"),
    [
        (5, 44, ["spv1"], "deny", 0),
        (5, 43, ["spv1"], "allow", 1),
        (5, 0, ["spv1", "spv2"], "allow", 43),
        (5, 0, None, "allow", 45),
    ],
)
def test_a_limited_company_has_fifty_shareholders_and_a_vehicle_is_one(
    existing: int, direct: int, vehicles: list[str] | None, decision: str, left: int
) -> None:
    for on in ("2016-10-10", "2024-06-30", "2024-07-01"):
        case = cohort("llc_shareholders", on=on, existing_holders=existing, direct_new=direct, spvs=vehicles)
        assert answer(case) == (decision, "CN-CL-LLC50", 50, left, "shareholders")


@pytest.mark.parametrize(
    ("kind", "rule", "first", "before"),
    [
        ("lp_partners", "CN-PEL-61", "2007-06-01", "2007-05-31"),
        ("issuer_lookthrough", "CN-SL-9", "2006-01-01", "2005-12-31"),
        ("llc_shareholders", "CN-CL-LLC50", "2006-01-01", "2005-12-31"),
    ],
)
def test_before_the_texts_that_we_know_nothing_is_allowed(kind: str, rule: str, first: str, before: str) -> None:
    assert answer(cohort(kind, on=before, gp=["g"]))[:3] == ("deny", rule, None)
    assert answer(cohort(kind, on=first, gp=["g"]))[:2] == ("allow", rule)


@pytest.mark.parametrize(
    ("field", "event"),
    [
        ("event.type", {"type": "headcount"}),
        ("event.type", {"type": ["lp_partners"]}),
        ("event.gp", {"type": "lp_partners", "gp": "gp1"}),
        ("event.lps", {"type": "lp_partners", "lps": [1]}),
        ("event.existing_holders", {"type": "issuer_lookthrough", "existing_holders": -1}),
        ("event.direct_new", {"type": "issuer_lookthrough", "direct_new": "91"}),
        ("event.spv_investors", {"type": "issuer_lookthrough", "spv_investors": 98}),
        ("event.spv_investors", {"type": "issuer_lookthrough", "spv_investors": [49, None]}),
        ("event.spvs", {"type": "llc_shareholders", "spvs": 2}),
    ],
)
def test_what_cannot_be_counted_is_named(field: str, event: dict[str, Any]) -> None:
    with pytest.raises(BadFacts, match=rf"^{field.replace('.', chr(92) + '.')}"):
        assess_case(ask("CN-LAW", "cohort", event=event))
