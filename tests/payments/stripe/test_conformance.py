"""The adapter keeps every promise of the port that it claims, on the pretend Stripe."""

from __future__ import annotations

import pytest

from app.payments.conformance import kit
from app.payments.conformance.kit import Case, Check
from tests.payments.stripe.bench import StripeBench
from tests.payments.stripe.far import Far

#: What is not asked of it, and why: it is no custodian; who is declined may pay with something else on the same page.
NOT_ASKED = {
    "a_declined_payment_moves_nothing",
    "a_move_takes_here_what_it_gives_there",
    "a_deposit_is_named_so_that_it_is_known_again",
}


@pytest.fixture
def case(far: Far) -> Case:
    bench = StripeBench(far)
    return Case(bench, bench.now())


@pytest.mark.parametrize("check", kit.checks(), ids=lambda one: one.name)
def test_stripe_keeps_a_promise(case: Case, check: Check) -> None:
    verdict = kit.verdict(check, case)
    assert verdict.result == ("not asked" if check.name in NOT_ASKED else "holds"), verdict.note
