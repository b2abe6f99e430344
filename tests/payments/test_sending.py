"""An instruction is sent once, whatever becomes of the worker, the connection or the clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from app.closings import actions as closings
from app.database import Snapshot
from app.errors import Refused
from app.jobs import outcomes, send_payments
from app.money import Money
from app.payments import actions as payments
from app.payments import queries
from app.payments.actions import Due
from app.payments.errors import KeyConflict
from app.payments.models import Instruction
from app.payments.port import Method, Op, OpKind, Outcome, Payer
from app.payments.sandbox.tables import Fault
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World, usd


def lease(world: World) -> list[Due]:
    with world.acting() as tx:
        return payments.lease(tx, 20)


def execute(world: World, due: Due) -> Outcome:
    """Do at the gateway what was handed out, without recording it."""
    op, gateway = Op(due.op_id, due.generation, world.platform.environment), world.platform.custodian
    if due.kind is OpKind.REFUND:
        assert due.about_ref is not None
        return gateway.refund(op, due.about_ref, due.amount)
    assert due.kind is OpKind.COLLECT
    return collect(world, op, due.amount, f"offering-{due.offering_id}")


def collect(world: World, op: Op, amount: Money, account: str) -> Outcome:
    payer = Payer("investor-1", "Ada Example", "US")
    return world.platform.custodian.collect(
        op, amount, method=Method.CARD, account=account, payer=payer, reference="P", return_url="/"
    )


def of(world: World, pledge: Pledge, kind: OpKind = OpKind.COLLECT) -> Instruction:
    with world.looking() as view:
        return next(row for row in queries.of_pledge(view.session, pledge.id) if row.kind == kind)


def wait_for(world: World, kind: OpKind) -> Pledge:
    """A pledge whose collection, or refund, is waiting to be sent."""
    offering = world.live()
    if kind is OpKind.COLLECT:
        return world.pledged(offering)
    pledge = world.held(offering)
    world.cancel(pledge)
    return pledge


BOTH = pytest.mark.parametrize("kind", [OpKind.COLLECT, OpKind.REFUND])


@BOTH
def test_a_worker_that_dies_before_the_call_loses_nothing(world: World, kind: OpKind) -> None:
    pledge = wait_for(world, kind)
    assert [due.kind for due in lease(world) if not due.only_ask] == [kind]

    world.let_backoffs_pass()
    world.run_jobs()
    assert of(world, pledge, kind).status == {"collect": "action_required", "refund": "succeeded"}[kind]
    assert world.broken_promises() == []


@pytest.mark.scenario(28)
@BOTH
def test_a_worker_that_dies_between_sent_and_recorded_repeats_nothing(world: World, kind: OpKind) -> None:
    pledge = wait_for(world, kind)
    (due,) = [due for due in lease(world) if not due.only_ask]
    made = execute(world, due)

    world.let_backoffs_pass()
    world.run_jobs()
    found = of(world, pledge, kind)
    assert found.provider_ref == f"{made.ref.kind}/{made.ref.id}"
    assert found.status == {"collect": "action_required", "refund": "succeeded"}[kind]
    assert (
        len([one for one in world.at_the_gateway(world.offering(pledge.offering_id)) if one[0] == made.ref.kind]) == 1
    )
    assert world.broken_promises() == []


def test_the_answer_of_a_worker_that_everybody_thought_dead_changes_nothing(world: World) -> None:
    pledge = wait_for(world, OpKind.REFUND)
    (due,) = [due for due in lease(world) if not due.only_ask]
    late = execute(world, due)
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"

    before = world.contents()
    outcomes.apply(world.platform, due.id, due.kind, late)
    assert world.contents() == before


def test_a_worker_whose_turn_is_over_puts_nothing_back(world: World) -> None:
    """Its connection was refused at last, while another worker is sending the same instruction."""
    pledge = wait_for(world, OpKind.COLLECT)
    (first,) = lease(world)
    world.let_backoffs_pass()
    (second,) = lease(world)
    with world.acting() as tx:
        payments.put_back(tx, first, "refused_connection")
    assert of(world, pledge).status == "sending"
    outcomes.apply(world.platform, second.id, second.kind, execute(world, second))
    assert of(world, pledge).status == "action_required"


def test_what_was_just_asked_is_due_however_late_a_busy_worker_notes_the_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pledge = wait_for(world, OpKind.COLLECT)
    begin = Snapshot.__init__

    def slowly(self: Snapshot, session: Session, times: tuple[datetime, datetime]) -> None:
        begin(self, session, times)
        self._wall_now -= timedelta(milliseconds=500)

    monkeypatch.setattr(Snapshot, "__init__", slowly)
    assert [due.pledge_id for due in lease(world)] == [pledge.id]


def test_what_is_handed_out_is_nobody_elses_meanwhile(world: World) -> None:
    wait_for(world, OpKind.COLLECT)
    assert len(lease(world)) == 1
    assert lease(world) == []


def test_workers_at_the_same_time_never_get_the_same_instruction(world: World) -> None:
    offering, workers = world.live(), 4
    investor = world.investor()
    expected = {of(world, world.pledged(offering, 10, investor)).id for _ in range(30)}
    start = Barrier(workers)

    def work() -> list[int]:
        got = []
        start.wait()
        for _ in range(8):
            with world.acting() as tx:
                got += [due.id for due in payments.lease(tx, 2)]
        return got

    with ThreadPoolExecutor(workers) as pool:
        handed_out = [id_ for future in [pool.submit(work) for _ in range(workers)] for id_ in future.result()]
    assert sorted(handed_out) == sorted(expected)


# Keys are not remembered for ever


def sent_long_ago(world: World, pledge: Pledge) -> None:
    world.sql(
        "UPDATE instructions SET first_sent_at = clock_timestamp() - interval '23 hours 1 minute' WHERE pledge_id = :id",
        id=pledge.id,
    )
    world.let_backoffs_pass()


def test_what_may_have_been_executed_is_never_sent_again_after_the_keys_are_forgotten(world: World) -> None:
    pledge = world.pledged(world.live())
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payment", Fault.TIMEOUT_BEFORE)
    send_payments.run(world.platform)
    assert of(world, pledge).status == "unknown"

    sent_long_ago(world, pledge)
    world.run_jobs()
    # Nobody can ever pay it, so the pledge gives its place back.
    assert (of(world, pledge).status, world.pledge(pledge.id).status) == ("failed", "failed")
    assert world.at_the_gateway(world.offering(pledge.offering_id)) == []
    assert world.broken_promises() == []


def test_a_refund_whose_keys_are_forgotten_waits_for_a_person_and_is_paid_once(world: World) -> None:
    pledge = wait_for(world, OpKind.REFUND)
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("refund", Fault.TIMEOUT_BEFORE)
    send_payments.run(world.platform)
    sent_long_ago(world, pledge)
    world.run_jobs()
    with world.looking() as view:
        (stopped,) = queries.waiting_for_a_person(view.session)
    assert (stopped.kind, stopped.status, stopped.code) == ("refund", "review", "key_forgotten")
    assert [promise[:3] for promise in world.broken_promises()] == ["I21"]

    with world.acting() as tx:
        payments.try_again(tx, stopped.op_id)
    with pytest.raises(Refused, match="not_to_be_repeated"), world.acting() as tx:
        payments.try_again(tx, stopped.op_id)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    made = world.at_the_gateway(world.offering(pledge.offering_id))
    assert len([one for one in made if one[0] == "refund"]) == 1
    assert world.broken_promises() == []


@pytest.mark.parametrize("kind", ["payment", "refund"])
def test_what_was_executed_is_found_although_its_key_is_forgotten(world: World, kind: str) -> None:
    pledge = wait_for(world, OpKind.COLLECT if kind == "payment" else OpKind.REFUND)
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault(kind, Fault.TIMEOUT_AFTER)
    send_payments.run(world.platform)
    world.sql("DELETE FROM sandbox.keys")
    sent_long_ago(world, pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == {"payment": "reserved", "refund": "refunded"}[kind]
    made = world.at_the_gateway(world.offering(pledge.offering_id))
    assert len([one for one in made if one[0] == kind]) == 1
    assert world.broken_promises() == []


def test_a_request_to_stop_a_payment_never_grows_too_old(world: World) -> None:
    pledge = world.pledged(world.live())
    world.run_jobs()
    world.cancel(pledge)
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("cancel", Fault.TIMEOUT_BEFORE)
    send_payments.run(world.platform)
    sent_long_ago(world, pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "cancelled"


def test_one_that_is_too_old_does_not_hold_up_the_others(world: World) -> None:
    """It was unclear once, then refused: it waits in the queue when its keys are forgotten."""
    offering = world.live()
    old, young = world.pledged(offering), None
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payment", Fault.TIMEOUT_BEFORE, Fault.REFUSED_CONNECTION)
    send_payments.run(world.platform)
    world.let_backoffs_pass()
    send_payments.run(world.platform)
    assert of(world, old).status == "queued"
    sent_long_ago(world, old)

    young = world.pledged(offering)
    send_payments.run(world.platform)
    assert (of(world, old).status, of(world, young).status) == ("failed", "action_required")


def test_what_was_proven_not_executed_is_tried_for_as_long_as_it_takes(world: World) -> None:
    """A gateway that was out of reach for a day has no keys to forget."""
    pledge = world.pledged(world.live())
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payment", *[Fault.REFUSED_CONNECTION] * 3)
    for _ in range(3):
        send_payments.run(world.platform)
        assert of(world, pledge).status == "queued"
        world.sql("UPDATE instructions SET first_sent_at = first_sent_at - interval '10 hours'")
        world.let_backoffs_pass()
    send_payments.run(world.platform)
    assert of(world, pledge).status == "action_required"


def test_what_was_proven_not_executed_can_be_taken_back_at_once(world: World) -> None:
    pledge = world.pledged(world.live())
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payment", Fault.REFUSED_CONNECTION)
    send_payments.run(world.platform)

    world.cancel(pledge)
    assert (world.pledge(pledge.id).status, of(world, pledge).status) == ("cancelled", "cancelled")
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.at_the_gateway(world.offering(pledge.offering_id)) == []
    assert world.broken_promises() == []


# The same key, and strangers in the queue


def test_the_same_key_names_the_same_object_and_another_body_is_refused(world: World) -> None:
    pledge = wait_for(world, OpKind.COLLECT)
    (due,) = lease(world)
    assert execute(world, due).ref == execute(world, due).ref
    op = Op(due.op_id, due.generation, world.platform.environment)
    with pytest.raises(KeyConflict):
        collect(world, op, usd("1"), "offering-1")
    assert len(world.at_the_gateway(world.offering(pledge.offering_id))) == 1


@pytest.mark.scenario(15)
def test_a_key_that_was_used_for_something_else_goes_to_a_person(world: World) -> None:
    pledge = wait_for(world, OpKind.COLLECT)
    assert world.platform.sandbox is not None
    key = Op(of(world, pledge).op_id, 1, world.platform.environment).key
    world.platform.sandbox.create("payment", key, uuid4(), account="offering-0", amount_minor=1, currency="USD")

    world.run_jobs()
    found = of(world, pledge)
    assert (found.status, found.code) == ("review", "key_conflict")
    assert world.at_the_gateway(world.offering(pledge.offering_id)) == []
    assert world.pledge(pledge.id).status == "reserved"
    assert world.broken_promises() == []


def test_an_instruction_that_cannot_be_handled_does_not_hold_up_the_others(world: World) -> None:
    """One of a gateway that is no longer there, first in the queue; the run is still noted as failed."""
    offering = world.live()
    stranger, pledge = world.pledged(offering), world.pledged(offering)
    world.sql("UPDATE instructions SET gateway = 'gone' WHERE pledge_id = :id", id=stranger.id)
    with pytest.raises(ExceptionGroup, match="Refused"):
        send_payments.run(world.platform)
    assert of(world, pledge).status == "action_required"


def test_a_withdrawn_instruction_is_never_sent(world: World) -> None:
    pledge = world.pledged(world.live())
    with world.acting() as tx:
        closings.withdraw_offering(tx, pledge.offering_id)
    world.run_jobs()
    assert (world.pledge(pledge.id).status, of(world, pledge).status) == ("cancelled", "cancelled")
    assert world.at_the_gateway(world.offering(pledge.offering_id)) == []


def test_what_a_transaction_asks_for_is_told_by_kind_and_only_to_itself(world: World) -> None:
    offering = world.live()
    first, second = world.held(offering, 100), world.held(offering, 40)
    with world.acting() as tx:
        for pledge in (first, second):
            pledges.cancel(tx, pledge.id)
        tx.session.flush()
        assert queries.asked_in_this_transaction(tx.session) == [("refund", 2, first.amount + second.amount)]
        (refund,) = queries.refunds(tx.session, first.id)
        assert payments.withdraw(tx, payments.lock(tx, refund.id))
        tx.session.flush()
        assert queries.asked_in_this_transaction(tx.session) == [("refund", 1, second.amount)]
    with world.acting() as tx:
        assert queries.asked_in_this_transaction(tx.session) == []
