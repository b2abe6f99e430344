"""A wire without a reference: it lies apart, until two people say which pledge it is for, or that it goes back."""

from __future__ import annotations

import pytest

from app.payments.port import OpKind
from tests.payments.scenarios.scene import Scene
from tests.reconciliation.deciding import AMOUNT, decide, standing
from tests.reconciliation.planting import wire


@pytest.mark.scenario(39)
def test_a_wire_without_a_reference_finds_its_pledge_and_becomes_its_shares(scene: Scene) -> None:
    offering = scene.world.live(target="250")
    pledge = scene.asked(offering)
    scene.sends()
    entry = wire(scene.world, offering, AMOUNT)
    assert scene.books(offering) == {"1100": AMOUNT, "2200": -AMOUNT} and scene.status(pledge) == "reserved"
    decide(scene.world, entry, pledge)
    scene.until_quiet()
    assert scene.status(pledge) == "held" and scene.instructions(pledge, OpKind.CANCEL) == [("succeeded", None, 1)]
    scene.settles(offering)
    assert scene.status(pledge) == "settled" and scene.books(offering) == {}
    assert scene.entries(offering.id)[:2] == ["unidentified_funds_received", "receipt_identified"]
    shares = "SELECT shares, amount_minor FROM register_entries WHERE offering_id = :id"
    assert scene.world.sql(shares, id=offering.id) == [(100, AMOUNT)]


@pytest.mark.scenario(39)
def test_a_wire_without_a_reference_goes_back_and_the_offering_closes_without_it(scene: Scene) -> None:
    offering = scene.world.live(target="250")
    pledge = scene.world.held(offering)
    entry = wire(scene.world, offering, 7_000)
    decide(scene.world, entry, None)
    scene.until_quiet()
    assert entry not in standing(scene.world)
    assert scene.books(offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    scene.settles(offering)
    assert scene.status(pledge) == "settled" and scene.books(offering) == {}


@pytest.mark.scenario(39)
def test_it_goes_back_from_an_offering_that_has_ended_too(scene: Scene) -> None:
    offering = scene.world.live(target="5000")
    pledge = scene.world.held(offering)
    entry = wire(scene.world, offering, 7_000)
    scene.world.pass_deadline(offering)
    scene.until_quiet()
    assert scene.status(pledge) == "refunded" and scene.books(offering) == {"1100": 7_000, "2200": -7_000}
    decide(scene.world, entry, None)
    scene.until_quiet()
    assert scene.books(offering) == {} and scene.world.offering(offering.id).status == "refunded"
