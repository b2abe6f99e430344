"""A custodian by files keeps every promise of the port that can be asked of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.database import normalised
from app.payments.conformance import kit
from app.payments.conformance.kit import Case, Check
from app.payments.escrow_files.bench import FilesBench
from app.payments.escrow_files.setup import escrow_agent
from tests.conftest import TEMPLATE
from tests.payments.files.conftest import SIGNER
from tests.servers import Server

#: What is not asked of it, and why: nobody has a page to be sent to or to say no on, and it tells nothing by itself.
NOT_ASKED = {
    "what_was_kept_is_charged_without_its_holder",
    "a_payer_is_told_where_to_pay",
    "currencies_without_minor_digits_keep_their_amount",
    "currencies_with_three_minor_digits_keep_their_amount",
    "a_declined_payment_moves_nothing",
    "a_payment_can_be_stopped_before_it_is_made",
    "a_refund_of_what_nobody_paid_is_refused",
    "an_event_names_its_object",
    "the_same_event_has_the_same_id",
    "a_changed_event_is_refused",
    "an_event_signed_by_somebody_else_is_refused",
    "an_old_event_is_refused",
    "an_event_from_the_future_is_refused",
    "an_event_of_another_environment_is_refused",
}


@pytest.fixture(scope="module")
def case(server: Server) -> Iterator[Case]:
    name = server.create(TEMPLATE)
    bench = FilesBench("escrow_files", escrow_agent, normalised(server.url(name)), SIGNER)
    yield Case(bench, bench.now())
    bench.close()
    server.drop(name)


@pytest.mark.parametrize("check", kit.checks(), ids=lambda one: one.name)
def test_files_keep_a_promise(case: Case, check: Check) -> None:
    verdict = kit.verdict(check, case)
    assert verdict.result == ("not asked" if check.name in NOT_ASKED else "holds"), verdict.note
