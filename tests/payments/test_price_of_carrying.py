"""A gateway takes a price of its own for carrying an offering's money: the platform's cost, and never money that was carried."""

from __future__ import annotations

import pytest

from app.payments.port import Ref
from tests.builders import World
from tests.cash.collecting import line_behind, take_price
from tests.payments.carrying import Carried, costs
from tests.payments.carrying import carried as carried
from tests.payments.conftest import cards_world as cards_world
from tests.payments.test_what_comes_back_of_losses import Story
from tests.reconciliation.planting import kinds, listen

#: What is taken, in minor units.
MORE = 25


def ends(carried: Carried) -> int:
    """Its deadline passes, and the sum is on its way; what gateways cost so far."""
    carried.paid(shares=300)
    carried.paid(shares=300)
    carried.world.pass_deadline(carried.offering)
    carried.leaves()
    return costs(carried.world)


def test_it_is_booked_beside_what_was_carried_and_paid_in(cards_world: World) -> None:
    story = Story(cards_world)
    story.paid(shares=300)
    story.days(5)
    story.ends()
    story.days(2)
    ((sent,),) = cards_world.sql("SELECT provider_ref FROM instructions WHERE kind = 'to_custody'")
    take_price(cards_world, Ref.read(sent), 25)
    cards_world.move_clock(minutes=20)
    for _ in range(3):
        listen(cards_world)
        story.days(1)
    booked = "SELECT kind, count(*) FROM journal_entries WHERE kind IN ('custody_transfer_sent', 'gateway_price_taken') GROUP BY 1"
    assert dict(cards_world.sql(booked)) == {"custody_transfer_sent": 1, "gateway_price_taken": 1}
    assert story.books() == {"1100": 75_000, "2010": -75_000} and story.cards.balance() == 0
    assert not set(kinds(cards_world)) - {"R1", "R6", "R14"} and cards_world.broken_promises() == []


@pytest.mark.parametrize("minor", [-MORE, "all"], ids=["little", "as much as was sent"])
def test_a_price_of_the_sender_is_no_second_sum(carried: Carried, minor: int | str) -> None:
    before, ((_, _, amount),) = ends(carried), carried.instructions("to_custody")
    taken = MORE if minor == -MORE else amount
    line_behind(carried.world, carried.newest("to_custody"), -taken)
    carried.hears()
    assert carried.entries().count("custody_transfer_sent") == 1 and len(carried.instructions("arrival")) >= 1
    assert costs(carried.world) == before + taken
    carried.rests(days=3)
    assert carried.instructions("from_custody") == [("succeeded", None, taken)]
    listen(carried.world)
    assert carried.is_put_to_officers() and carried.is_done()


def test_a_price_of_the_sender_that_comes_after_the_payout_is_made_good(carried: Carried) -> None:
    before = ends(carried)
    carried.rests(days=1)
    assert carried.is_put_to_officers() and carried.is_done()
    line_behind(carried.world, carried.newest("to_custody"), -MORE)
    carried.hears()
    carried.rests(days=2)
    listen(carried.world)
    assert carried.books() == {} and carried.is_balanced() and carried.clean()
    assert costs(carried.world) == before + MORE


def test_a_price_of_what_came_back_is_made_good_once(carried: Carried) -> None:
    before = ends(carried)
    line_behind(carried.world, carried.newest("to_custody"), -MORE)
    carried.comes_back()
    carried.hears()
    assert carried.is_balanced() and costs(carried.world) == before + MORE
    carried.rests(days=3)
    first, second = (minor for _, _, minor in carried.instructions("to_custody"))
    assert second == first - MORE  # the custodian has had the rest from the platform
    listen(carried.world)
    assert carried.is_put_to_officers() and carried.is_done()


def sends_for_a_refund(carried: Carried) -> None:
    """The custodian sends to the collector what that lacks for a refund, and charges for it."""
    pledge, _ = carried.paid()
    carried.world.cancel(pledge)
    carried.leaves("from_custody")
    line_behind(
        carried.world, carried.newest("from_custody"), -MORE, schema="sandbox",
        account=f"offering-{carried.offering.id}",
    )  # fmt: skip


def test_a_price_of_what_the_custodian_sent_is_paid_in_there(carried: Carried) -> None:
    carried.world.held(carried.offering, 300)  # with the custodian
    sends_for_a_refund(carried)
    before = costs(carried.world)
    carried.hears()
    carried.rests(days=2)
    assert len(carried.instructions("from_custody")) == 1 and costs(carried.world) == before + MORE
    assert not {"1010", "1150", "2020"} & set(carried.books()) and carried.is_balanced()
    carried.world.pass_deadline(carried.offering)
    carried.rests()
    listen(carried.world)
    assert carried.is_put_to_officers() and carried.is_done()


def test_a_price_that_no_escrow_account_has_is_shown_to_a_person(carried: Carried) -> None:
    sends_for_a_refund(carried)
    carried.rests(days=1)
    carried.hears()
    assert "gateway_price_taken" not in carried.entries()
    assert len(carried.instructions("from_custody")) == 1 and carried.world.broken_promises() == []
    assert "R2" in kinds(carried.world)


@pytest.mark.parametrize("where", ["sent", "received", "paid in", "price of receiving"])
def test_what_nobody_can_tell_is_shown_to_a_person_and_moves_nothing(carried: Carried, where: str) -> None:
    ends(carried)
    account = f"offering-{carried.offering.id}"
    if where == "sent":
        ((_, _, amount),) = carried.instructions("to_custody")
        line_behind(carried.world, carried.newest("to_custody"), -amount, kind="other")
    else:
        carried.rests(days=1)
        ref = carried.newest("top_up" if where == "paid in" else "arrival")
        kind = "other" if where == "received" else "fee"
        line_behind(carried.world, ref, -MORE, schema="sandbox", account=account, kind=kind)
    entries = carried.entries()
    carried.world.move_clock(minutes=20)
    for _ in range(2):
        listen(carried.world)
        carried.world.run_jobs()
    assert carried.entries() == entries or where == "sent"  # which then arrives
    assert "gateway_price_taken" not in carried.entries()
    assert carried.entries().count("custody_transfer_sent") == 1 and carried.entries().count("top_up_received") == 1
    assert "R2" in kinds(carried.world)
