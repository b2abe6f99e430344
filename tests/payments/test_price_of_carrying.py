"""A gateway that books its price for carrying an offering's money as a line of its own: the platform's cost."""

from __future__ import annotations

from app.payments.port import Ref
from tests.builders import World
from tests.cash.collecting import take_price
from tests.payments.test_what_comes_back_of_losses import Story
from tests.reconciliation.planting import kinds, listen


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
