"""Events that cannot be handled: whatever was done by hand explains itself, and a person ends what nothing explains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from app.actor import Actor, Role
from app.errors import NotFound, Refused
from app.jobs import process_inbox
from app.payments import inbox, queries
from app.reconciliation import actions as reconciliation
from tests.builders import World, usd
from tests.payments.test_events import about, status, tell
from tests.reconciliation.planting import breaks, line, listen, wire
from tests.reconciliation.test_unasked import by_hand

WHY = "Another shop on our account."
STRANGER = about("payment", "pay_of_somebody_else")


def number(world: World, event_id: str) -> int:
    ((found,),) = world.sql("SELECT id FROM gateway_events WHERE event_id = :id", id=event_id)
    return int(found)


def poisoned(world: World, event_id: str, body: bytes) -> int:
    """An event that was tried as often as any; its number."""
    tell(world, event_id, body)
    for _ in range(inbox.MOST_ATTEMPTS + 1):
        process_inbox.run(world.platform)
        world.sql("UPDATE gateway_events SET next_attempt_at = clock_timestamp() - interval '1 second'")
    assert status(world, event_id)[0] == "poison"
    return number(world, event_id)


def operator(world: World) -> Actor:
    return world.actor(world.user(Role.OPERATOR))


def moved(world: World) -> bool | None:
    with world.looking() as view:
        (one,) = queries.events_not_handled(view.session, 10)
        return one.moved


def test_the_event_of_a_refund_that_was_made_by_hand_is_handled_once_it_is_booked(world: World) -> None:
    pledge = world.held(world.live())
    by_hand(world, usd("250"))
    world.deliver_events()
    process_inbox.run(world.platform)
    refund = "SELECT status, last_error FROM gateway_events WHERE type = 'refund.succeeded'"
    assert world.sql(refund) == [("new", "object_unknown")]

    assert listen(world) == [] and world.pledge(pledge.id).status == "refunded"
    world.let_backoffs_pass()
    before = world.contents("gateway_events")
    process_inbox.run(world.platform)
    assert world.sql(refund) == [("done", None)]
    assert world.contents("gateway_events") == before
    assert world.broken_promises() == []


def test_the_event_of_money_that_lies_apart_is_handled(world: World) -> None:
    entry = wire(world, world.live(), 7_000)
    ((source,),) = world.sql(
        "SELECT t.source FROM gateway_transactions t JOIN journal_entries e"
        " ON e.evidence = t.gateway || ':' || t.transaction_id WHERE e.id = :id", id=entry,
    )  # fmt: skip
    tell(world, "evt_apart", about(*source.split("/")))
    process_inbox.run(world.platform)
    assert status(world, "evt_apart") == ("done", 1, None)


def test_while_one_of_its_lines_is_not_booked_it_is_no_event_that_explains_itself(world: World) -> None:
    offering = world.live()
    wire(world, offering, 7_000)
    ((source,),) = world.sql("SELECT source FROM gateway_transactions WHERE amount_minor = 7000")
    line(world, source.split("/")[1], -500, account=f"offering-{offering.id}")
    listen(world)
    tell(world, "evt_more", about(*source.split("/")))
    process_inbox.run(world.platform)
    assert status(world, "evt_more") == ("new", 1, "object_unknown")


def test_a_part_that_was_refunded_by_hand_leaves_its_event_to_a_person(world: World) -> None:
    world.held(world.live())
    by_hand(world, usd("100"))
    listen(world)
    world.deliver_events()
    process_inbox.run(world.platform)
    assert moved(world) is True
    assert world.sql("SELECT status FROM gateway_events WHERE type = 'refund.succeeded'") == [("new",)]


@pytest.mark.parametrize("way", ["again", "aside"])
def test_either_act_makes_the_promise_whole_and_clears_the_break(world: World, way: str) -> None:
    event = poisoned(world, "evt_stranger", STRANGER)
    assert [one.kind for one in listen(world)] == ["R17"]
    assert world.broken_promises() == ["I20 no event of the gateway is stuck"]
    with world.acting(operator(world)) as tx:
        if way == "again":
            inbox.replay(tx, event)
        else:
            inbox.set_aside(tx, event, f" {WHY} ")
    assert world.broken_promises() == [] and listen(world) == []
    process_inbox.run(world.platform)
    expected = {"again": ("new", 1, "object_unknown"), "aside": ("set_aside", 13, "object_unknown")}
    assert status(world, "evt_stranger") == expected[way]
    acts = world.sql(
        "SELECT event, from_status, to_status FROM audit_events WHERE subject_type = 'gateway_events' ORDER BY id"
    )
    assert acts == [
        ("give_up", "new", "poison"),
        ("replay", "poison", "new") if way == "again" else ("set_aside", "poison", "set_aside"),
    ]


def test_what_was_set_aside_keeps_who_and_why_until_it_is_tried_again(world: World) -> None:
    event, who = poisoned(world, "evt_stranger", STRANGER), operator(world)
    with world.acting(who) as tx:
        inbox.set_aside(tx, event, WHY)
    kept = "SELECT note, set_aside_by FROM gateway_events"
    assert world.sql(kept) == [(WHY, who.user_id)]
    with world.acting(who) as tx:
        inbox.replay(tx, event)
    assert world.sql(kept) == [(None, None)]
    assert status(world, "evt_stranger") == ("new", 0, None)


def test_an_event_that_nobody_could_read_ends_as_well(world: World) -> None:
    event = poisoned(world, "evt_poison", b"not json")
    assert moved(world) is None
    with world.acting(operator(world)) as tx:
        inbox.set_aside(tx, event, WHY)
    assert world.broken_promises() == []


def test_what_we_asked_for_is_never_set_aside(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    ((ref,),) = world.sql("SELECT provider_ref FROM instructions")
    world.force("UPDATE instructions SET provider_ref = NULL, status = 'sending'")
    event = poisoned(world, "evt_early", about(*ref.split("/")))
    world.force("UPDATE instructions SET provider_ref = :ref", ref=ref)
    refused(world, lambda: _aside(world, event, WHY), "event_of_ours")
    with pytest.raises(IntegrityError, match="something of ours"):
        world.sql(
            "UPDATE gateway_events SET status = 'set_aside', note = 'x', set_aside_by = (SELECT min(id) FROM users)"
        )
    with world.acting(operator(world)) as tx:
        inbox.replay(tx, event)
    process_inbox.run(world.platform)
    assert status(world, "evt_early") == ("done", 1, None)
    assert world.pledge(pledge.id).status == "held"


def _aside(world: World, event: int, note: str) -> None:
    with world.acting(world.actor(world.user(Role.OPERATOR))) as tx:
        inbox.set_aside(tx, event, note)


def refused(world: World, act: Callable[[], None], code: str) -> None:
    leave_out = ("users", "role_grants", "audit_events", "audit_unsealed")
    before = world.contents(*leave_out)
    with pytest.raises(Refused, match=code):
        act()
    assert world.contents(*leave_out) == before


def test_what_cannot_be_set_aside(world: World) -> None:
    tell(world, "evt_new", STRANGER)
    event = number(world, "evt_new")
    refused(world, lambda: _aside(world, event, WHY), "event_not_tried")
    process_inbox.run(world.platform)
    refused(world, lambda: _aside(world, event, " too short" + " " * 40), "note_too_short")
    tell(world, "evt_other", b"{}")
    process_inbox.run(world.platform)
    refused(world, lambda: _aside(world, number(world, "evt_other"), WHY), "illegal_move")
    with pytest.raises(NotFound):
        _aside(world, event + 999, WHY)


def test_who_was_quicker_than_the_worker_is_right(world: World) -> None:
    """A person sets aside what is being tried once more at this very moment."""
    tell(world, "evt_stranger", STRANGER)
    process_inbox.run(world.platform)
    world.let_backoffs_pass()
    with world.acting() as tx:
        (leased,) = inbox.lease(tx, 10)
    _aside(world, leased.id, WHY)
    with world.acting() as tx:
        inbox.keep_failures(tx, [inbox.Failed(leased, "late", [])])
        inbox.finish(tx, [leased], "handle")
    assert status(world, "evt_stranger") == ("set_aside", 2, "object_unknown")


def test_whether_money_moved_is_known_only_once_the_list_was_read(world: World) -> None:
    tell(world, "evt_stranger", STRANGER)
    process_inbox.run(world.platform)
    assert moved(world) is None
    world.move_clock(minutes=20)
    listen(world)
    assert moved(world) is False
    line(world, "pay_of_somebody_else", 500)
    listen(world)
    assert moved(world) is True


def test_an_event_is_handled_itself_and_its_break_not_explained(world: World) -> None:
    poisoned(world, "evt_stranger", STRANGER)
    (found,) = listen(world)
    who = operator(world)

    def explain() -> None:
        with world.acting(who) as tx:
            reconciliation.explain(tx, found.ref, WHY)

    refused(world, explain, "event_to_handle")
    assert [one.ref for one in breaks(world)] == [found.ref]
