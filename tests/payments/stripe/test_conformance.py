"""The adapter keeps every promise of the port that it claims, on the pretend Stripe."""

from __future__ import annotations

import pytest

from app.payments.conformance import kit
from app.payments.conformance.kit import Case, Check
from tests.payments.stripe.bench import StripeBench
from tests.payments.stripe.far import Far

#: What is not asked of it, and why: who is declined may pay with something else on the same page; within its one balance
#: nothing is carried from account to account; and where it only collects, it is no custodian.
NOT_ASKED = {"a_declined_payment_moves_nothing", "a_move_takes_here_what_it_gives_there"}
ONLY_OF_CUSTODIANS = "a_deposit_is_named_so_that_it_is_known_again"


@pytest.mark.parametrize("platform_account", ["", "ba_platform"], ids=["as a collector", "as a custodian, too"])
@pytest.mark.parametrize("check", kit.checks(), ids=lambda one: one.name)
def test_stripe_keeps_a_promise(far: Far, check: Check, platform_account: str) -> None:
    bench = StripeBench(far, STRIPE_PLATFORM_ACCOUNT=platform_account)
    verdict = kit.verdict(check, Case(bench, bench.now()))
    not_asked = NOT_ASKED | (set() if platform_account else {ONLY_OF_CUSTODIANS})
    assert verdict.result == ("not asked" if check.name in not_asked else "holds"), verdict.note
