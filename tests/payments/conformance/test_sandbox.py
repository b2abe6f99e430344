"""Both sandboxes keep every promise of the port, and what proves it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.payments.conformance import kit
from app.payments.conformance.bench import Bench
from app.payments.conformance.kit import Case, Check


@pytest.fixture(scope="module", params=["sandbox", "sandbox_cards"])
def case(request: pytest.FixtureRequest, make_bench: Callable[[str], Bench]) -> Case:
    bench = make_bench(request.param)
    return Case(bench, bench.now())


@pytest.mark.parametrize("check", kit.checks(), ids=lambda one: one.name)
def test_a_sandbox_keeps_a_promise(case: Case, check: Check) -> None:
    verdict = kit.verdict(check, case)
    assert verdict.result in ("holds", "not asked"), verdict.note


def test_every_check_has_a_name_of_its_own_and_says_what_it_promises() -> None:
    names = [check.name for check in kit.checks()]
    assert len(names) == len(set(names)) >= 30
    assert all(len(check.promise) > 20 for check in kit.checks())
