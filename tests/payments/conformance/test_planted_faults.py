"""A fault in an adapter is seen, by the check that names it and by no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from app.database import normalised
from app.payments.conformance import kit
from app.payments.sandbox.provider import Provider
from tests.conftest import TEMPLATE
from tests.payments.conformance import mistold, planted
from tests.servers import Server


@pytest.fixture(scope="module")
def url(server: Server) -> Iterator[URL]:
    name = server.create(TEMPLATE)
    yield normalised(server.url(name))
    server.drop(name)


FAULTS: dict[type, set[str]] = {
    planted.NoKeyStore: {
        "the_same_key_is_the_same_result", "another_body_under_a_key_is_a_conflict",
        "a_key_is_kept_by_two_workers_at_once", "a_lost_answer_is_found_by_our_own_id",
        "a_refund_that_is_sent_twice_is_one", "a_payout_is_shown_by_its_line",
    },
    planted.CheckThenAct: {"a_key_is_kept_by_two_workers_at_once"},
    planted.Generous: {"a_refund_beyond_what_was_paid_is_refused", "a_refund_of_what_nobody_paid_is_refused"},
    planted.SucceedsAtOnce: {"success_rests_on_evidence"},
    planted.WrongExponent: {"currencies_without_minor_digits_keep_their_amount"},
    planted.BelievesTheFuture: {"an_event_from_the_future_is_refused"},
    planted.BelievesEverybody: {"a_changed_event_is_refused", "an_event_signed_by_somebody_else_is_refused"},
    planted.TakesAnOutageForAbsence: {"an_outage_is_not_an_absence"},
    planted.TakesSilenceForFailure: {
        "the_map_of_errors_is_closed", "a_lost_answer_is_found_by_our_own_id",
        "what_never_arrived_is_absent_and_can_be_sent",
    },
    planted.TellsItsSecret: {"a_secret_is_never_in_the_text_of_an_error"},
    planted.HidesRefunds: {"transactions_hold_every_line_of_evidence"},
    planted.RefundsByAmount: {"two_equal_partial_refunds_are_two_refunds"},
    planted.ForgetsSuccess: {"success_stays"},
    planted.AsksAgain: {"what_was_kept_is_charged_without_its_holder"},
    planted.KeepsAnything: {"a_way_to_pay_is_kept_exactly_where_a_method_says_so"},
    planted.HidesItsPrice: {"balances_are_the_sums_of_lines"},
    planted.ClaimsToHoldMoney: {"a_move_takes_here_what_it_gives_there"},
    mistold.RemembersNoKey: {"the_gateway_says_what_it_is"},
    mistold.KnowsNoKroner: {"every_currency_has_an_answer"},
    mistold.DoesWhatItIsNot: {"what_the_gateway_is_not_it_refuses_as_unsupported"},
    mistold.NamesNoPage: {"a_payer_is_told_where_to_pay"},
    mistold.NeverHearsOfTransfers: {"every_method_takes_money"},
    mistold.NamesTheCharge: {"evidence_sums_to_the_amount"},
    mistold.LosesCents: {"amount_and_currency_are_what_was_asked"},
    mistold.KnowsTwoDigits: {"currencies_with_three_minor_digits_keep_their_amount"},
    mistold.GivesNoReason: {"a_declined_payment_moves_nothing"},
    mistold.StopsInWordsOnly: {"a_payment_can_be_stopped_before_it_is_made"},
    mistold.StopsWhatWasMade: {"a_payment_that_was_made_is_not_stopped"},
    mistold.TakesAbsenceForAnOutage: {"what_is_not_there_is_rejected"},
    mistold.FindsSomething: {
        "what_was_never_sent_is_not_found", "what_never_arrived_is_absent_and_can_be_sent",
    },
    mistold.TellsRefundsNet: {"a_refund_is_shown_by_its_line"},
    mistold.CallsWantOfMoneyARefusal: {"no_more_is_paid_out_than_is_there"},
    mistold.NamesDepositsAlike: {"a_deposit_is_named_so_that_it_is_known_again"},
    mistold.NewestFirst: {"transactions_come_once_and_in_order"},
    mistold.PointsAtNothing: {"an_event_names_its_object"},
    mistold.NamesEventsAnew: {"the_same_event_has_the_same_id"},
    mistold.BelievesThePast: {"an_old_event_is_refused"},
    mistold.BelievesEveryWorld: {"an_event_of_another_environment_is_refused"},
    mistold.StumblesOverJunk: {"what_is_no_event_is_refused"},
}  # fmt: skip


def test_every_check_has_a_fault_that_it_sees() -> None:
    assert set().union(*FAULTS.values()) == {check.name for check in kit.checks()}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__)
def test_a_planted_fault_is_named(url: URL, fault: type) -> None:
    bench = planted.bench(url, far_side=fault) if issubclass(fault, Provider) else planted.bench(url, fault)
    found = {verdict.name: verdict for verdict in kit.run(bench) if verdict.result == "broken"}
    bench.close()
    assert set(found) == FAULTS[fault], found


def test_what_a_check_tells_of_a_fault_holds_no_secret(url: URL) -> None:
    bench = planted.bench(url, planted.TellsItsSecret)
    notes = [verdict.note for verdict in kit.run(bench)]
    bench.close()
    assert planted.SECRET not in "".join(notes)


@pytest.mark.parametrize("gateway", [planted.OnlyTakes, planted.OnlyHolds], ids=lambda one: one.__name__)
def test_a_gateway_of_one_role_conforms_and_is_not_asked_about_the_other(url: URL, gateway: type) -> None:
    bench = planted.bench(url, gateway)
    found = {verdict.name: verdict.result for verdict in kit.run(bench)}
    bench.close()
    assert set(found.values()) == {"holds", "not asked"}
    held, taken = found["a_move_takes_here_what_it_gives_there"], found["evidence_sums_to_the_amount"]
    assert (held, taken) == (("not asked", "holds") if gateway is planted.OnlyTakes else ("holds", "not asked"))
    assert found["a_payout_is_shown_by_its_line"] == found["a_lost_answer_is_found_by_our_own_id"] == "holds"


def test_nothing_is_asked_of_a_gateway_that_moves_real_money(url: URL) -> None:
    bench = planted.bench(url, planted.RealThing)
    with pytest.raises(kit.RealMoney):
        list(kit.run(bench))
    bench.close()
