"""Leaving: in every status, at the last permitted instant, and while the money moves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app import clock
from app.closings import actions as closings
from app.errors import Refused
from app.jobs import expire_pledges, process_inbox, send_payments
from app.offerings.models import Offering
from app.payments.sandbox.tables import Token
from app.pledges import actions as pledges
from app.pledges import due
from app.pledges.models import Pledge
from tests.builders import World

AMOUNT = 25_000


def freeze(world: World, pledge: Pledge, after: timedelta) -> None:
    """Stop the clock so long after the last permitted instant."""
    assert pledge.cancel_until is not None
    with world.acting() as tx:
        clock.freeze(tx.session, pledge.cancel_until + after)


def offering_of(world: World, pledge: Pledge) -> Offering:
    return world.offering(pledge.offering_id)


def taken(world: World, pledge: Pledge) -> tuple[int, int, int]:
    progress = offering_of(world, pledge).progress
    assert progress is not None
    return progress.taken_shares, progress.taken_minor, progress.held_minor


def end(world: World, pledge: Pledge) -> tuple[str, list[tuple[str, str, int]]]:
    """Where it all ended: the pledge, and what the provider made for it."""
    for _ in range(2):
        world.let_backoffs_pass()
        world.run_jobs()
    assert taken(world, pledge) == (0, 0, 0)
    assert world.broken_promises() == []
    return world.pledge(pledge.id).status, sorted(world.at_the_gateway(offering_of(world, pledge)))


UNPAID = ("cancelled", [("payment", "cancelled", AMOUNT)])
REFUNDED = ("refunded", [("payment", "succeeded", AMOUNT), ("refund", "succeeded", AMOUNT)])


# The last instant


@pytest.mark.parametrize("microseconds", [-1, 0])
def test_at_the_last_permitted_instant_it_can_be_cancelled(world: World, microseconds: int) -> None:
    pledge = world.held(world.live())
    freeze(world, pledge, timedelta(microseconds=microseconds))
    world.cancel(pledge)
    assert end(world, pledge) == REFUNDED


@pytest.mark.parametrize("status", ["held", "processing"])
def test_one_microsecond_later_it_cannot(world: World, status: str) -> None:
    pledge = in_status(world, status)
    freeze(world, pledge, timedelta(microseconds=1))
    before = world.contents()
    with pytest.raises(Refused, match="too_late_to_cancel") as refused:
        world.cancel(pledge)
    assert refused.value.facts["until"] == pledge.cancel_until
    assert world.contents() == before


def test_who_waited_for_a_lock_past_the_last_instant_is_too_late(world: World) -> None:
    pledge = world.held(world.live())
    freeze(world, pledge, -timedelta(seconds=1))
    with world.acting() as waiting:
        freeze(world, pledge, timedelta(microseconds=1))
        with pytest.raises(Refused, match="too_late_to_cancel"):
            pledges.cancel(waiting, pledge.id)
        waiting.session.rollback()
    assert world.pledge(pledge.id).status == "held"


@pytest.mark.parametrize("status", ["reserved", "sent", "in_review"])
def test_an_unpaid_pledge_can_be_left_until_the_deadline(world: World, status: str) -> None:
    pledge = in_status(world, status)
    freeze(world, pledge, timedelta(hours=47))
    world.cancel(pledge)
    assert end(world, pledge)[0] == "cancelled"


# In every status


def _reserved(world: World, offering: Offering) -> Pledge:
    return world.pledged(offering)


def _sent(world: World, offering: Offering) -> Pledge:
    pledge = world.pledged(offering)
    send_payments.run(world.platform)
    return pledge


def _processing(world: World, offering: Offering) -> Pledge:
    pledge = world.pledged(offering)
    world.pay(pledge, Token.DELAYED_OK)
    world.run_jobs()
    return pledge


def _cancelling(world: World, offering: Offering) -> Pledge:
    pledge = _sent(world, offering)
    world.cancel(pledge)
    return pledge


def _cancelled(world: World, offering: Offering) -> Pledge:
    pledge = _reserved(world, offering)
    world.cancel(pledge)
    return pledge


def _failed(world: World, offering: Offering) -> Pledge:
    pledge = world.pledged(offering)
    world.pay(pledge, Token.DECLINE)
    world.run_jobs()
    return pledge


def _refund_due(world: World, offering: Offering) -> Pledge:
    pledge = world.held(offering)
    world.cancel(pledge)
    return pledge


def _refunded(world: World, offering: Offering) -> Pledge:
    pledge = _refund_due(world, offering)
    world.run_jobs()
    return pledge


def _allotted(world: World, offering: Offering) -> Pledge:
    pledge = world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    world.approve_closing(offering)
    return pledge


def _settled(world: World, offering: Offering) -> Pledge:
    pledge = _allotted(world, offering)
    world.run_jobs()
    return pledge


WAYS: dict[str, Callable[[World, Offering], Pledge]] = {
    "in_review": lambda world, offering: world.pledged(offering, 10_000),
    "reserved": _reserved,
    "sent": _sent,
    "processing": _processing,
    "held": lambda world, offering: world.held(offering),
    "cancelling": _cancelling,
    "cancelled": _cancelled,
    "failed": _failed,
    "refund_due": _refund_due,
    "refunded": _refunded,
    "allotted": _allotted,
    "settled": _settled,
}


def in_status(world: World, status: str) -> Pledge:
    pledge = world.pledge(WAYS[status](world, world.live(target="250")).id)
    assert pledge.status == {"sent": "reserved"}.get(status, status)
    return pledge


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("in_review", ("cancelled", [])),
        ("reserved", ("cancelled", [])),
        ("sent", UNPAID),
        ("held", REFUNDED),
    ],
)
def test_cancelling_ends_a_pledge_by_the_way_that_its_money_allows(
    world: World, status: str, expected: tuple[str, list[tuple[str, str, int]]]
) -> None:
    pledge = in_status(world, status)
    world.cancel(pledge)
    assert end(world, pledge) == expected
    assert world.pledge(pledge.id).stop_reason == "investor"


@pytest.mark.parametrize(
    "status", ["cancelling", "cancelled", "failed", "refund_due", "refunded", "allotted", "settled"]
)
def test_what_has_ended_or_is_settled_cannot_be_cancelled(world: World, status: str) -> None:
    pledge = in_status(world, status)
    before = world.contents()
    with pytest.raises(Refused, match="not_cancellable"):
        world.cancel(pledge)
    assert world.contents() == before


@pytest.mark.parametrize(
    ("token", "expected"),
    [(Token.DELAYED_OK, REFUNDED), (Token.DELAYED_FAIL, ("failed", [("payment", "failed", AMOUNT)]))],
)
def test_a_slow_payment_that_was_cancelled_is_refunded_when_it_comes(
    world: World, token: Token, expected: tuple[str, list[tuple[str, str, int]]]
) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge, token)
    world.run_jobs()
    world.cancel(pledge)
    world.run_jobs()
    # The bank is at work: nobody can stop it now, and the place stays taken until it has spoken.
    assert world.pledge(pledge.id).status == "cancelling"
    assert taken(world, pledge) == (100, AMOUNT, 0)
    world.move_clock(days=3, minutes=1)
    assert end(world, pledge) == expected


# While the payment succeeds


def test_paid_before_the_cancellation_but_heard_of_after_it_is_refunded(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.cancel(pledge)
    assert world.pledge(pledge.id).status == "cancelling"
    assert end(world, pledge) == REFUNDED


def test_paid_after_the_cancellation_but_before_the_gateway_was_asked_is_refunded(world: World) -> None:
    pledge = _sent(world, world.live())
    world.cancel(pledge)
    (ref,) = world.sql("SELECT provider_ref FROM instructions WHERE kind = 'collect'")[0]
    assert world.platform.sandbox is not None
    world.platform.sandbox.pay(ref.split("/")[1], Token.OK)
    assert end(world, pledge) == REFUNDED


def test_the_event_of_the_payment_before_the_answer_to_the_cancellation(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.cancel(pledge)
    world.deliver_events()
    process_inbox.run(world.platform)
    assert world.pledge(pledge.id).status == "refund_due"
    assert end(world, pledge) == REFUNDED


def test_cancelled_and_paid_in_the_same_moment_is_never_held(world: World) -> None:
    """The investor cancels in one process while another records the payment; eight times over."""
    offering = world.live()
    pledged = [world.pledged(offering) for _ in range(8)]
    for pledge in pledged:
        world.pay(pledge)
    world.deliver_events()
    with ThreadPoolExecutor(4) as pool:
        leaving = [pool.submit(world.cancel, pledge) for pledge in pledged]
        pool.submit(process_inbox.run, world.platform).result()
        for future in leaving:
            future.result()
    for _ in range(2):
        world.let_backoffs_pass()
        world.run_jobs()
    assert {world.pledge(pledge.id).status for pledge in pledged} == {"refunded"}
    assert world.sql("SELECT kind, count(*) FROM sandbox.objects GROUP BY kind ORDER BY kind") == [
        ("payment", 8), ("refund", 8),
    ]  # fmt: skip
    assert world.broken_promises() == []


def test_who_was_leaving_already_keeps_the_reason(world: World) -> None:
    """The offering ends before the gateway has answered: they are told that they cancelled, not that it ended."""
    pledge = _cancelling(world, world.live())
    world.pass_deadline(offering_of(world, pledge))
    assert end(world, pledge) == UNPAID
    assert world.pledge(pledge.id).stop_reason == "investor"
    assert world.sql("SELECT facts ->> 'stop_reason' FROM messages WHERE kind = 'pledge_cancelled'") == [("investor",)]


# Expiry


def test_an_unpaid_pledge_gives_its_place_back(world: World) -> None:
    pledge = _sent(world, world.live())
    world.move_clock(seconds=world.platform.payment_window.total_seconds())
    expire_pledges.run(world.platform)
    assert world.pledge(pledge.id).status == "reserved"  # its last instant

    world.move_clock(seconds=1)
    assert end(world, pledge) == UNPAID
    assert world.pledge(pledge.id).stop_reason == "expired"


def test_who_paid_in_time_keeps_the_pledge_although_we_hear_of_it_late(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.move_clock(seconds=world.platform.payment_window.total_seconds() + 1)
    expire_pledges.run(world.platform)
    assert world.pledge(pledge.id).status == "cancelling"
    world.run_jobs()
    kept = world.pledge(pledge.id)
    assert (kept.status, kept.stop_reason, taken(world, pledge)) == ("held", None, (100, AMOUNT, AMOUNT))
    assert world.sql("SELECT kind FROM messages WHERE kind LIKE 'pledge_held'") == [("pledge_held",)]
    assert world.broken_promises() == []


def test_who_pays_when_the_time_is_over_gets_the_money_back(world: World) -> None:
    pledge = _sent(world, world.live())
    world.move_clock(seconds=world.platform.payment_window.total_seconds() + 1)
    world.pay(pledge)
    expire_pledges.run(world.platform)
    assert end(world, pledge) == REFUNDED
    assert world.pledge(pledge.id).stop_reason == "expired"


def test_who_paid_for_what_is_then_withdrawn_gets_the_money_back(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)
    with world.acting() as tx:
        closings.withdraw_offering(tx, pledge.offering_id)
    assert end(world, pledge) == REFUNDED
    assert world.pledge(pledge.id).stop_reason == "offering_withdrawn"


@pytest.mark.parametrize("status", ["processing", "held", "in_review"])
def test_what_is_paid_or_waits_for_an_officer_does_not_expire(world: World, status: str) -> None:
    pledge = in_status(world, status)
    world.move_clock(seconds=world.platform.payment_window.total_seconds() + 1)
    with world.acting() as tx:
        due.expire(tx, pledge.id)
    assert world.pledge(pledge.id).status == status


def test_a_pledge_that_cannot_be_ended_does_not_hold_up_the_others(world: World) -> None:
    """One whose offering counts nothing for it, against every rule."""
    broken, sound = world.pledged(world.live()), world.pledged(world.live())
    world.force("UPDATE offering_progress SET taken_shares = 0 WHERE offering_id = :id", id=broken.offering_id)
    world.move_clock(days=1)
    with pytest.raises(ExceptionGroup):
        expire_pledges.run(world.platform)
    assert world.pledge(sound.id).status == "cancelled"


# Once


@pytest.fixture
def refunded(world: World) -> Pledge:
    pledge = world.held(world.live())
    world.cancel(pledge)
    assert world.platform.sandbox is not None
    world.platform.sandbox.behave(copies=3)
    return pledge


def test_a_refund_is_paid_once_whatever_is_repeated(world: World, refunded: Pledge) -> None:
    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(send_payments.run, world.platform) for _ in range(3)]:
            future.result()
    assert end(world, refunded) == REFUNDED
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.sql("SELECT count(*) FROM sandbox.transactions WHERE kind = 'refund'") == [(1,)]
    assert world.sql("SELECT count(*) FROM journal_entries WHERE kind = 'refund_paid'") == [(1,)]
    assert world.sql("SELECT kind FROM messages WHERE kind LIKE 'refund%' ORDER BY id") == [
        ("refund_due",), ("refund_paid",),
    ]  # fmt: skip
