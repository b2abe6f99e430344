"""Events are hints: whether they come once, twice, late, in another order or never, the end is the same."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from app.actor import Role
from app.jobs import process_inbox
from app.payments import inbox
from app.payments.port import Envelope
from app.payments.sandbox.provider import Provider
from app.payments.sandbox.tables import Token
from tests.builders import World
from tests.reconciliation.planting import listen


def sandbox(world: World) -> Provider:
    assert world.platform.sandbox is not None
    return world.platform.sandbox


def tell(world: World, event_id: str, body: bytes, type_: str = "payment.succeeded") -> bool:
    """What the webhook page does with a verified event."""
    with world.acting() as tx:
        return inbox.store(tx, "sandbox", Envelope(event_id, type_, body))


def about(kind: str, id_: str) -> bytes:
    return f'{{"object": {{"kind": "{kind}", "id": "{id_}"}}}}'.encode()


def status(world: World, event_id: str) -> tuple[Any, ...]:
    return world.sql("SELECT status, attempts, last_error FROM gateway_events WHERE event_id = :id", id=event_id)[0]


def refunded_story(world: World) -> int:
    """A pledge that was paid, cancelled and refunded, and the id of it; the provider told five events or so."""
    pledge = world.held(world.live())
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    return pledge.id


def test_the_same_event_twice_is_one_row(world: World) -> None:
    assert tell(world, "evt_1", b"{}") is True
    assert tell(world, "evt_1", b"{}") is False
    assert world.sql("SELECT count(*) FROM gateway_events") == [(1,)]


def test_doubled_events_change_nothing(world: World) -> None:
    sandbox(world).behave(copies=3)
    refunded_story(world)
    assert world.broken_promises() == []
    assert world.sql("SELECT kind, count(*) FROM journal_entries GROUP BY kind ORDER BY kind") == [
        ("funds_collected", 1), ("refund_owed", 1), ("refund_paid", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_everything_told_again_in_any_order_changes_nothing(world: World, seed: int) -> None:
    """Not even as events that were never seen: the state comes from asking."""
    refunded_story(world)
    ended = world.pledged(world.live())
    world.pay(ended, Token.DECLINE)
    world.run_jobs()
    before = world.contents("gateway_events")

    told = sandbox(world).all_events()
    assert {event.type for event in told} == {"payment.succeeded", "refund.succeeded", "payment.failed"}
    random.Random(seed).shuffle(told)
    for number, event in enumerate(told):
        tell(world, f"again_{number}", event.body(), event.type)
    process_inbox.run(world.platform)
    assert world.contents("gateway_events") == before
    assert world.sql("SELECT DISTINCT status FROM gateway_events") == [("done",)]


def test_an_event_that_comes_days_late_changes_nothing(world: World) -> None:
    sandbox(world).behave(delay_s=86_400)
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(pledge.id).status == "held"  # asking was quicker
    before = world.contents("gateway_events")

    world.sql("UPDATE sandbox.events SET deliver_at = clock_timestamp()")
    world.run_jobs()
    assert world.contents("gateway_events") == before
    assert world.sql("SELECT status, count(*) FROM gateway_events GROUP BY status") == [("done", 1)]


def test_without_any_event_asking_finds_out(world: World) -> None:
    sandbox(world).behave(drop=["payment.succeeded", "payment.failed", "refund.succeeded"])
    offering = world.live()
    paid, declined = world.pledged(offering), world.pledged(offering)
    world.pay(paid)
    world.pay(declined, Token.DECLINE)
    world.run_jobs()
    assert world.pledge(paid.id).status == "reserved"

    world.let_backoffs_pass()
    world.run_jobs()
    assert (world.pledge(paid.id).status, world.pledge(declined.id).status) == ("held", "failed")
    world.cancel(paid)
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(paid.id).status == "refunded"
    assert world.sql("SELECT count(*) FROM gateway_events") == [(0,)]
    assert world.broken_promises() == []


def test_an_event_before_the_answer_to_our_call_waits_for_it(world: World) -> None:
    """The gateway was quicker than our own note of what it answered."""
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.force("UPDATE instructions SET provider_ref = NULL, status = 'sending' WHERE pledge_id = :id", id=pledge.id)
    world.deliver_events()
    process_inbox.run(world.platform)
    assert world.sql("SELECT status, last_error FROM gateway_events") == [("new", "object_unknown")]

    world.let_backoffs_pass()
    world.run_jobs()
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(pledge.id).status == "held"
    assert world.sql("SELECT status FROM gateway_events") == [("done",)]


def test_an_event_about_something_unknown_waits_for_a_person_and_is_set_aside_by_one(world: World) -> None:
    tell(world, "evt_stranger", about("payment", "pay_of_somebody_else"))
    for attempt in range(1, inbox.MOST_ATTEMPTS + 1):
        process_inbox.run(world.platform)
        assert status(world, "evt_stranger") == ("new", attempt, "object_unknown")
        world.let_backoffs_pass()
    assert world.broken_promises() == []

    process_inbox.run(world.platform)
    assert status(world, "evt_stranger")[0] == "poison"
    assert world.broken_promises() == ["I20 no event of the gateway is stuck"]
    world.let_backoffs_pass()
    process_inbox.run(world.platform)
    assert status(world, "evt_stranger")[1] == inbox.MOST_ATTEMPTS + 1  # nobody tries it any more

    (called,) = listen(world)
    assert (called.kind, called.action, called.owner) == ("R17", "call", "operator")
    with world.acting(world.actor(world.user(Role.OPERATOR))) as tx:
        inbox.set_aside(tx, int(called.key.removeprefix("inbox:")), "Another shop on our account.")
    assert status(world, "evt_stranger")[0] == "set_aside"
    assert world.broken_promises() == [] and listen(world) == []
    assert world.sql("SELECT kind, status FROM breaks") == [("R17", "cleared")]


@pytest.mark.parametrize("body", [b"{}", b'{"object": null}', b'{"object": {"kind": "balance"}}'])
def test_an_event_that_does_not_concern_us_is_ignored(world: World, body: bytes) -> None:
    tell(world, "evt_other", body, "balance.available")
    process_inbox.run(world.platform)
    assert status(world, "evt_other") == ("ignored", 1, None)
    assert world.broken_promises() == []


def test_an_event_of_a_type_that_nobody_knows_only_makes_us_look(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.run_jobs()
    before = world.contents("gateway_events")
    (ref,) = world.sql("SELECT provider_ref FROM instructions")[0]
    tell(world, "evt_new_type", about(*ref.split("/")), "payment.celebrated")
    process_inbox.run(world.platform)
    assert status(world, "evt_new_type") == ("done", 1, None)
    assert world.contents("gateway_events") == before


@pytest.mark.parametrize(
    "poison",
    [
        b"not json", b"[]", b'{"object": "a text"}', b'{"object": {"id": 7}}', b"\xff",
        about("payment", "\\u0000"), about("payment", "\\ud800"),
    ],
)  # fmt: skip
def test_a_poison_event_does_not_hold_up_the_others(world: World, poison: bytes) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    tell(world, "evt_poison", poison)
    world.deliver_events()
    process_inbox.run(world.platform)
    assert world.pledge(pledge.id).status == "held"

    for _ in range(inbox.MOST_ATTEMPTS):
        world.let_backoffs_pass()
        process_inbox.run(world.platform)
    assert status(world, "evt_poison")[:2] == ("poison", inbox.MOST_ATTEMPTS + 1)
    assert world.sql("SELECT count(*) FROM gateway_events WHERE status = 'done'") == [(1,)]


def test_many_events_about_one_thing_are_one_question(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    ((ref,),) = world.sql("SELECT provider_ref FROM instructions")
    for number in range(5):
        tell(world, f"evt_{number}", about(*ref.split("/")))
    gateway, asked = world.platform.gateway_named("sandbox"), []
    fetch = gateway.fetch
    monkeypatch.setattr(gateway, "fetch", lambda ref: asked.append(ref) or fetch(ref))
    process_inbox.run(world.platform)
    assert len(asked) == 1
    assert world.pledge(pledge.id).status == "held"
    assert world.sql("SELECT status, count(*) FROM gateway_events GROUP BY status") == [("done", 5)]


def test_events_that_are_taken_together_wake_another_job_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    offering, woken = world.live(), list[set[str]]()
    for pledge in [world.pledged(offering) for _ in range(3)]:
        world.pay(pledge)
    world.deliver_events()
    monkeypatch.setattr(world.platform.database, "on_wake", woken.append)
    process_inbox.run(world.platform)
    assert woken == [{"send_notifications"}]
    assert world.sql("SELECT DISTINCT status FROM pledges") == [("held",)]


def test_an_event_of_a_gateway_that_is_gone_does_not_hold_up_the_others(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    with world.acting() as tx:
        inbox.store(tx, "gone", Envelope("evt_gone", "payment.succeeded", b"{}"))
    world.deliver_events()
    process_inbox.run(world.platform)
    assert world.pledge(pledge.id).status == "held"
    assert status(world, "evt_gone")[0] == "new"


def test_events_that_are_being_handled_are_nobody_elses_meanwhile(world: World) -> None:
    tell(world, "evt_1", b"{}")
    with world.acting() as tx:
        assert [event.event_id for event in inbox.lease(tx, 10)] == ["evt_1"]
        with world.acting() as other:
            assert inbox.lease(other, 10) == []
    with world.acting() as tx:
        assert inbox.lease(tx, 10) == []


def test_an_event_that_fails_waits_twice_as_long_each_time_and_an_hour_at_most(world: World) -> None:
    tell(world, "evt_1", b"{}")
    waits = []
    for _ in range(inbox.MOST_ATTEMPTS):
        world.sql("UPDATE gateway_events SET next_attempt_at = clock_timestamp() - interval '1 second'")
        with world.acting() as tx:
            (event,) = inbox.lease(tx, 10)
            waits.append((event.next_attempt_at - tx.wall_now).total_seconds())
    assert waits[:3] == pytest.approx([10, 20, 40], abs=1) and waits[-1] == pytest.approx(3_600, abs=1)
    assert all(later == pytest.approx(min(2 * sooner, 3_600), abs=1) for sooner, later in itertools.pairwise(waits))
