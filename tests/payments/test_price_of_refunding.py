"""A gateway takes a price of its own for giving a pledge's money back: the platform's cost, and never the investor's."""

from __future__ import annotations

import pytest

from app.payments.sandbox.tables import Token
from tests.cash.collecting import line_behind
from tests.payments.carrying import Carried, costs
from tests.payments.carrying import carried as carried
from tests.payments.conftest import cards_world as cards_world
from tests.reconciliation.deciding import decide
from tests.reconciliation.planting import kinds, listen, wire

#: What is taken, in minor units.
MORE = 25


def is_over(carried: Carried) -> bool:
    """Every account is empty, here and there, and the platform was told of nothing that is not explained."""
    listen(carried.world)
    return carried.books() == {} and carried.is_balanced() and carried.clean()


@pytest.mark.parametrize("days", [0, 4], ids=["before what was kept is made good", "after"])
def test_of_a_collector_it_is_paid_in_and_carried_there(carried: Carried, days: int) -> None:
    pledge, _ = carried.paid()
    carried.world.cancel(pledge)
    carried.rests(days=days)
    before = costs(carried.world)
    line_behind(carried.world, carried.newest("refund"), -MORE)
    for _ in range(2):
        carried.hears()
    carried.rests(days=3)
    assert costs(carried.world) == before + MORE and carried.entries().count("gateway_price_taken") == 1
    assert carried.status(pledge) == "refunded" and carried.told("refund_paid") == 1
    assert is_over(carried)


def test_of_a_custodian_that_holds_others_money_it_is_paid_in_when_the_offering_ends(carried: Carried) -> None:
    carried.world.held(carried.offering, 300)
    pledge = carried.world.held(carried.offering)
    carried.world.cancel(pledge)
    carried.rests()
    before = costs(carried.world)
    account = f"offering-{carried.offering.id}"
    line_behind(carried.world, carried.newest("refund"), -MORE, schema="sandbox", account=account)
    carried.hears()
    assert carried.books() == {"1100": 75_000 - MORE, "1190": MORE, "2010": -75_000}
    carried.world.pass_deadline(carried.offering)
    carried.rests(days=1)
    listen(carried.world)
    assert costs(carried.world) == before + MORE
    assert carried.is_put_to_officers() and carried.is_done()


def test_what_no_escrow_account_has_is_shown_to_a_person(carried: Carried) -> None:
    pledge = carried.world.held(carried.offering)
    carried.world.cancel(pledge)
    carried.rests()
    account = f"offering-{carried.offering.id}"
    line_behind(carried.world, carried.newest("refund"), -MORE, schema="sandbox", account=account)
    carried.hears()
    carried.rests(days=1)
    assert "gateway_price_taken" not in carried.entries() and carried.instructions("top_up") == []
    assert "R2" in kinds(carried.world) and carried.world.broken_promises() == []


def test_behind_a_refund_that_failed_it_is_no_refund(carried: Carried) -> None:
    """The money is owed as before, and what came back is all of it."""
    pledge, _ = carried.paid(token=Token.REFUND_FAIL_D3)
    carried.world.cancel(pledge)
    carried.rests()
    line_behind(carried.world, carried.newest("refund"), -MORE)
    carried.hears()
    carried.cards.days(3)
    carried.hears()
    assert carried.status(pledge) == "refund_due" and carried.told("refund_failed") == 1
    assert carried.entries().count("gateway_price_taken") == 1 and carried.entries().count("refund_failed") == 1
    assert carried.books()["2020"] == -pledge.to_pay.minor and carried.is_balanced()


def test_behind_what_nobody_owned_and_two_people_sent_back(carried: Carried) -> None:
    carried.world.held(carried.offering, 300)
    entry = wire(carried.world, carried.offering, 5_000)
    decide(carried.world, entry, None)
    carried.rests()
    before = costs(carried.world)
    account = f"offering-{carried.offering.id}"
    line_behind(carried.world, carried.newest("refund"), -MORE, schema="sandbox", account=account)
    carried.hears()
    assert carried.books() == {"1100": 75_000 - MORE, "1190": MORE, "2010": -75_000}
    assert costs(carried.world) == before + MORE and carried.clean()
