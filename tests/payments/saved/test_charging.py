"""What was kept is charged near the deadline, on several days if it must be, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.jobs import charge_saved, reconcile, send_payments
from app.payments.port import Method
from app.payments.sandbox.tables import Fault, Token
from tests.payments.saved.story import BEFORE, BETWEEN, Saved
from tests.payments.test_sending import sent_long_ago

MINOR = 25_000


def test_it_is_charged_on_its_day_and_held_as_by_any_method(saved: Saved) -> None:
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE - timedelta(seconds=1))
    assert saved.after_jobs(pledge).status == "authorised" and saved.payments() == []
    pledge = saved.when_due(pledge)
    assert (pledge.status, pledge.instrument, pledge.charge_at) == ("held", None, None)
    assert saved.payments() == [("succeeded", MINOR)]
    assert saved.counters() == (MINOR, 0, MINOR) and saved.in_the_book(pledge) == 0
    assert saved.told(pledge) == ["pledge_promised", "pledge_held"]
    assert saved.world.broken_promises() == []


def test_many_workers_charge_it_once(saved: Saved) -> None:
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE)
    with ThreadPoolExecutor(4) as pool:
        asked = sum(pool.map(lambda _: charge_saved.run(saved.world.platform), range(8)))
    assert asked == 1
    assert saved.after_jobs(pledge).status == "held"
    assert saved.payments() == [("succeeded", MINOR)]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.REFUSED_CONNECTION, Fault.E409])
def test_a_lost_answer_to_the_charge_charges_once(saved: Saved, fault: Fault) -> None:
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE)
    saved.cards.provider.next_fault("payment", fault)
    charge_saved.run(saved.world.platform)
    send_payments.run(saved.world.platform)
    saved.world.let_backoffs_pass()
    assert saved.after_jobs(pledge).status == "held"
    assert saved.payments() == [("succeeded", MINOR)]
    assert saved.world.broken_promises() == []


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_a_charge_of_which_nobody_hears_for_a_day_is_looked_for_and_made_once(saved: Saved, fault: Fault) -> None:
    """Its key is forgotten by then; while the gateway cannot say, it is not known, and never called failed."""
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE)
    saved.cards.provider.next_fault("payment", fault)
    charge_saved.run(saved.world.platform)
    send_payments.run(saved.world.platform)
    sent_long_ago(saved.world, pledge)
    saved.cards.provider.is_down = True
    send_payments.run(saved.world.platform)
    charges = "SELECT status FROM instructions WHERE kind = 'collect' ORDER BY id"
    assert saved.world.sql(charges) == [("unknown",)]
    assert saved.world.pledge(pledge.id).status == "authorised"
    saved.cards.provider.is_down = False
    saved.world.let_backoffs_pass()
    pledge = saved.after_jobs(pledge)
    if fault is Fault.TIMEOUT_BEFORE:  # proven absent: it is charged on another day
        assert (pledge.status, saved.payments()) == ("authorised", [])
        pledge = saved.when_due(pledge)
    assert (pledge.status, saved.payments()) == ("held", [("succeeded", MINOR)])
    assert saved.world.broken_promises() == []


def test_a_charge_that_only_the_gateways_list_shows_is_not_called_failed(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    pledge = saved.promised()
    saved.at(saved.deadline - BEFORE)
    saved.cards.provider.next_fault("payment", Fault.TIMEOUT_AFTER)
    charge_saved.run(saved.world.platform)
    send_payments.run(saved.world.platform)
    saved.cards.provider.drop("payment.succeeded")
    sent_long_ago(saved.world, pledge)
    with monkeypatch.context() as patch:
        patch.setattr(type(saved.cards.provider), "find", lambda *_: None)
        saved.world.move_clock(minutes=20)
        reconcile.read(saved.world.platform, saved.cards.gateway)
        send_payments.run(saved.world.platform)
        assert saved.world.sql("SELECT status FROM instructions WHERE kind = 'collect'") == [("unknown",)]
        reconcile.settle(saved.world.platform)
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, saved.payments()) == ("held", [("succeeded", MINOR)])
    assert saved.world.broken_promises() == []


def test_declined_it_is_tried_on_other_days_and_then_ends_without_any_charge(saved: Saved) -> None:
    pledge = saved.promised(Token.OFF_SESSION_DECLINE)
    first = pledge.charge_at
    assert first is not None
    for number in (1, 2):
        pledge = saved.when_due(pledge)
        assert (pledge.status, pledge.charge_at) == ("authorised", first + number * BETWEEN)
        assert saved.payments() == [("failed", MINOR)] * number
        assert saved.counters() == (0, MINOR, MINOR)
        assert saved.world.broken_promises() == []
    pledge = saved.when_due(pledge)
    assert (pledge.status, pledge.instrument, pledge.charge_at) == ("failed", None, None)
    assert saved.payments() == [("failed", MINOR)] * 3
    assert saved.counters() == (0, 0, 0) and saved.in_the_book(pledge) == 0
    assert saved.told(pledge) == ["pledge_promised", "charge_declined", "charge_declined", "payment_failed"]
    saved.at(saved.deadline)
    saved.world.run_jobs()
    assert len(saved.payments()) == 3
    assert saved.world.broken_promises() == []


def test_the_message_of_a_declined_charge_names_the_next_try(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_DECLINE))
    assert pledge.charge_at is not None
    ((told,),) = saved.world.sql("SELECT facts->>'charge_at' FROM messages WHERE kind = 'charge_declined'")
    assert told == pledge.charge_at.isoformat()


def test_a_bank_that_asks_for_its_customer_gets_them_by_a_link(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_NEEDS_ACTION))
    assert (pledge.status, pledge.charge_at) == ("authorised", None)
    assert saved.payments() == [("requires_action", MINOR)]
    assert saved.told(pledge) == ["pledge_promised", "charge_needs_you"]
    saved.cards.pays(saved.cards.payment_of(pledge))
    pledge = saved.after_jobs(pledge)
    assert pledge.status == "held"
    assert saved.counters() == (MINOR, 0, MINOR)
    assert saved.world.broken_promises() == []


def test_a_charge_that_is_declined_on_that_page_is_tried_again(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_NEEDS_ACTION))
    saved.cards.declines(saved.cards.payment_of(pledge))
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, pledge.charge_at) == ("authorised", saved.world.now() + BETWEEN)


def test_a_link_that_nobody_follows_ends_with_the_offering_without_any_charge(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(Token.OFF_SESSION_NEEDS_ACTION))
    saved.at(saved.deadline)
    pledge = saved.after_jobs(pledge)
    assert (pledge.status, pledge.stop_reason, pledge.instrument) == ("cancelled", "offering_ended", None)
    assert saved.payments() == [("cancelled", MINOR)]
    assert saved.counters() == (0, 0, 0)
    assert saved.now().status == "refunded"
    assert saved.world.broken_promises() == []


def test_a_debit_is_on_its_way_until_the_bank_has_answered(saved: Saved) -> None:
    pledge = saved.when_due(saved.promised(method=Method.ACH_DEBIT))
    assert pledge.status == "processing" and saved.counters() == (0, 0, MINOR)
    assert saved.in_the_book(pledge) == 0
    assert saved.world.broken_promises() == []
    saved.cards.days(4)
    saved.world.let_backoffs_pass()
    assert saved.after_jobs(pledge).status == "held"
    assert saved.world.broken_promises() == []


def test_a_debit_that_the_bank_did_not_pay_is_promised_again_and_tried_again(saved: Saved) -> None:
    pledge = saved.promised(Token.DELAYED_FAIL, Method.ACH_DEBIT)
    for number in (1, 2):
        pledge = saved.when_due(pledge)
        assert pledge.status == "processing", number
        saved.cards.days(4)
        saved.world.let_backoffs_pass()
        pledge = saved.after_jobs(pledge)
        if number == 1:
            assert (pledge.status, saved.counters()) == ("authorised", (0, MINOR, MINOR))
            assert saved.in_the_book(pledge) == MINOR
            assert saved.world.broken_promises() == []
    # The third try would come after the deadline.
    assert (pledge.status, saved.counters(), len(saved.payments())) == ("failed", (0, 0, 0), 2)
    assert saved.told(pledge) == ["pledge_promised", "charge_declined", "payment_failed"]
    assert saved.world.broken_promises() == []


def test_only_money_that_is_held_meets_the_target(saved: Saved) -> None:
    """Twice the target is promised, and one bank does not pay."""
    staying, leaving = saved.promised(shares=60), saved.promised(Token.OFF_SESSION_DECLINE, shares=60)
    saved.when_due(staying)
    saved.at(saved.deadline)
    saved.world.run_jobs()
    assert saved.now().status == "refunded"
    assert saved.world.pledge(staying.id).status == "refunded"
    assert saved.world.pledge(leaving.id).status == "cancelled"
    assert saved.world.broken_promises() == []


def test_from_the_promise_to_the_shares(saved: Saved) -> None:
    pledge = saved.promised()
    assert saved.when_due(pledge).status == "held"
    saved.world.pass_deadline(saved.offering)
    for _ in range(4):  # it is carried to the custodian
        saved.world.run_jobs()
        saved.cards.days(1)
    saved.world.run_jobs()
    saved.world.approve_closing(saved.offering)
    saved.world.run_jobs()
    pledge = saved.world.pledge(pledge.id)
    assert pledge.status == "settled"
    assert saved.counters() == (0, 0, MINOR)
    assert saved.world.sql("SELECT shares FROM register_entries WHERE pledge_id = :id", id=pledge.id) == [(100,)]
    assert saved.world.broken_promises() == []
