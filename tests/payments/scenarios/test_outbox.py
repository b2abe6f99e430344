"""Calls whose answer is lost, late, an error or somebody else's: each is done once, whatever we heard of it."""

from __future__ import annotations

import pytest

from app.jobs import outcomes, send_payments
from app.payments import actions as payments
from app.payments.actions import Due
from app.payments.port import Op, OpKind, Outcome
from app.payments.sandbox.tables import Fault, Token
from app.pledges.models import Pledge
from tests.payments.scenarios.scene import Scene
from tests.racing import at_once


def collection(scene: Scene, pledge: Pledge) -> tuple[str, str | None, int]:
    (found,) = scene.instructions(pledge, OpKind.COLLECT)
    return found


def keys(scene: Scene, pledge: Pledge) -> int:
    """Under how many keys the sandbox made something for a pledge's offering."""
    ((number,),) = scene.world.sql(
        "SELECT count(*) FROM sandbox.keys k JOIN sandbox.objects o ON o.id = k.object_id WHERE o.account = :account",
        account=f"offering-{pledge.offering_id}",
    )
    return int(number)


def pays_there(scene: Scene, pledge: Pledge) -> None:
    """The payer pays what the sandbox has, whether we know of it or not."""
    ((payment_id,),) = scene.world.sql(
        "SELECT id FROM sandbox.objects WHERE kind = 'payment' AND account = :account",
        account=f"offering-{pledge.offering_id}",
    )
    scene.sandbox.pay(payment_id, Token.OK)


def held_once(scene: Scene, pledge: Pledge) -> bool:
    """Paid by one payment under one key, and booked by one entry."""
    scene.sends()
    pays_there(scene, pledge)
    scene.until_quiet()
    assert scene.entries(pledge.offering_id) == ["funds_collected"]
    assert (scene.made(pledge), keys(scene, pledge), collection(scene, pledge)[2]) == (1, 1, 1)
    return scene.status(pledge) == "held"


def refunded_once(scene: Scene, pledge: Pledge) -> bool:
    scene.until_quiet()
    assert scene.entries(pledge.offering_id) == ["funds_collected", "refund_owed", "refund_paid"]
    assert scene.made(pledge, "refund") == 1
    return scene.status(pledge) == "refunded"


@pytest.mark.scenario(9)
def test_a_charge_whose_answer_and_event_are_lost_is_found_and_held_once(scene: Scene) -> None:
    scene.sandbox.drop("payment.succeeded")
    scene.sandbox.next_fault("payment", Fault.TIMEOUT_AFTER)
    pledge = scene.asked()
    scene.sends()
    assert (collection(scene, pledge)[0], scene.made(pledge)) == ("unknown", 1)
    pays_there(scene, pledge)
    scene.until_quiet()
    assert (scene.status(pledge), scene.made(pledge), keys(scene, pledge)) == ("held", 1, 1)
    assert scene.entries(pledge.offering_id) == ["funds_collected"]
    assert not scene.world.sql("SELECT 1 FROM sandbox.events WHERE type = 'payment.succeeded'")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.TIMEOUT_BEFORE, marks=pytest.mark.scenario(10), id="S10"),
        pytest.param(Fault.E500, marks=pytest.mark.scenario(12), id="S12"),
    ],
)
def test_a_charge_that_was_not_made_is_sent_again_under_the_same_key(scene: Scene, fault: Fault) -> None:
    scene.sandbox.next_fault("payment", fault)
    pledge = scene.asked()
    scene.sends()
    assert (collection(scene, pledge)[0], scene.made(pledge)) == ("unknown", 0)
    assert held_once(scene, pledge)


@pytest.mark.scenario(11)
def test_an_error_that_its_key_replays_for_a_day_ends_with_a_person_and_one_refund(scene: Scene) -> None:
    pledge, _ = scene.paid(scene.regulated())
    scene.cards.provider.stick("refund")
    scene.world.cancel(pledge)
    for _ in range(5):
        scene.sends()
        assert [row[0] for row in scene.instructions(pledge, OpKind.REFUND)] == ["unknown"]
    scene.a_day_ago(pledge)
    scene.sends()
    assert scene.instructions(pledge, OpKind.REFUND) == [("review", "key_forgotten", 1)]
    for _ in range(3):
        scene.sends()  # nobody tries it by itself any more
    assert scene.instructions(pledge, OpKind.REFUND) == [("review", "key_forgotten", 1)]
    assert scene.status(pledge) == "refund_due"
    ((op_id,),) = scene.world.sql(
        "SELECT op_id FROM instructions WHERE kind = 'refund' AND pledge_id = :id", id=pledge.id
    )
    with scene.world.acting() as tx:
        payments.try_again(tx, op_id)
    scene.until_quiet()
    assert scene.instructions(pledge, OpKind.REFUND) == [("succeeded", None, 2)]
    assert scene.status(pledge) == "refunded"
    made = "SELECT count(*) FROM sandbox_cards.objects WHERE kind = 'refund' AND op_id = :op_id"
    assert scene.world.sql(made, op_id=op_id) == [(1,)]


@pytest.mark.scenario(13)
def test_who_is_asked_too_often_is_asked_later_and_nothing_changes_meanwhile(scene: Scene) -> None:
    scene.sandbox.next_fault("payment", Fault.E429, Fault.E429)
    pledge = scene.asked()
    waits = []
    for _ in range(2):
        scene.sends()
        assert (collection(scene, pledge)[0], scene.status(pledge), scene.made(pledge)) == ("queued", "reserved", 0)
        waits += scene.world.sql(
            "SELECT next_attempt_at - clock_timestamp(), first_sent_at FROM instructions WHERE pledge_id = :id",
            id=pledge.id,
        )
    assert waits[0][0].total_seconds() > 5 and waits[1][0] > waits[0][0]
    assert {first for _, first in waits} == {None}  # no key grows old
    assert held_once(scene, pledge)


def leased(scene: Scene, pledge: Pledge) -> Due:
    scene.world.let_backoffs_pass()
    with scene.world.acting() as tx:
        return next(due for due in payments.lease(tx, 100) if due.pledge_id == pledge.id and not due.only_ask)


def refunds(scene: Scene, due: Due) -> Outcome:
    """What a worker asks of the gateway, without noting the answer."""
    assert due.about_ref is not None
    op = Op(due.op_id, due.generation, scene.world.platform.environment)
    return scene.world.platform.custodian.refund(op, due.about_ref, due.amount)


@pytest.mark.scenario(14)
def test_a_worker_that_everybody_thought_dead_and_its_successor_have_one_effect(scene: Scene) -> None:
    pledge = scene.leaving()
    zombie, successor = leased(scene, pledge), leased(scene, pledge)
    made = at_once([lambda due=due: refunds(scene, due) for due in (zombie, successor)])  # type: ignore[misc]
    assert made[0] == made[1]
    scene.sandbox.next_fault("refund", Fault.E409)
    scene.sends()
    assert refunded_once(scene, pledge)
    before = scene.world.contents()
    assert isinstance(made[0], Outcome)
    outcomes.apply(scene.world.platform, zombie.id, zombie.kind, made[0])
    assert scene.world.contents() == before


@pytest.mark.scenario(14)
def test_what_is_being_done_right_now_is_unclear_and_then_found(scene: Scene) -> None:
    pledge = scene.leaving()
    scene.sandbox.next_fault("refund", Fault.E409)
    send_payments.run(scene.world.platform)
    assert scene.instructions(pledge, OpKind.REFUND) == [("unknown", None, 1)]
    assert refunded_once(scene, pledge)


@pytest.mark.scenario(28)
def test_a_worker_that_dies_after_the_refund_and_before_its_note_repeats_nothing(scene: Scene) -> None:
    pledge = scene.leaving()
    refunds(scene, leased(scene, pledge))
    assert scene.instructions(pledge, OpKind.REFUND) == [("sending", None, 1)]
    assert refunded_once(scene, pledge)


@pytest.mark.scenario(29)
def test_it_is_found_although_its_key_is_forgotten_and_its_event_lost(scene: Scene) -> None:
    pledge = scene.leaving()
    scene.sandbox.drop("refund.succeeded")
    refunds(scene, leased(scene, pledge))
    scene.world.sql("DELETE FROM sandbox.keys")
    scene.a_day_ago(pledge)
    assert refunded_once(scene, pledge)
    assert scene.instructions(pledge, OpKind.REFUND) == [("succeeded", None, 1)]
