"""The thin whole, by its actions: from a promise to an entry in the register, with the books behind it."""

from __future__ import annotations

from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.share_register import queries as register
from tests.builders import World


def test_a_pledge_becomes_shares(world: World) -> None:
    offering = world.live()
    pledges = [world.held(offering, shares=8_000) for _ in range(3)]
    assert [pledge.status for pledge in pledges] == ["held"] * 3
    with world.looking() as view:
        assert ledger.balance(view.session, Code.ESCROW_CASH, "USD", offering_id=offering.id) == 6_000_000
        assert world.offering(offering.id).progress.held_minor == 6_000_000

    world.settled(offering)

    assert world.offering(offering.id).status == "settled"
    assert [world.pledge(pledge.id).status for pledge in pledges] == ["settled"] * 3
    with world.looking() as view:
        entries = register.of_offering(view.session, offering.id)
        assert [(entry.pledge_id, entry.shares) for entry in entries] == [(pledge.id, 8_000) for pledge in pledges]
        assert ledger.balance(view.session, Code.ESCROW_CASH, "USD", offering_id=offering.id) == 0
        assert ledger.balance(view.session, Code.FEE_INCOME, "USD") == 300_000
        assert ledger.balance(view.session, Code.PLATFORM_CASH, "USD") == 300_000
    progress = world.offering(offering.id).progress
    assert (progress.held_minor, progress.settled_minor, progress.started_minor) == (0, 6_000_000, 0)
