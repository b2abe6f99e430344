"""Whatever goes wrong between us and the gateway, the end is the same as if nothing had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.closings import actions as closings
from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.offerings.models import Offering
from app.payments.sandbox.tables import Fault
from app.pledges.models import Pledge
from tests.builders import World

#: One pledge of 20,000 USD reaches this target.
SHARES, TARGET = 8_000, "20000"


@dataclass(frozen=True)
class End:
    """Everything that must not depend on what went wrong."""

    pledge: str
    offering: str
    at_the_gateway: list[tuple[str, str, int]]
    instructions: list[tuple[str, str]]
    in_escrow: int


def until_quiet(world: World) -> None:
    """Let every retry happen."""
    world.run_jobs()
    for _ in range(10):
        if not world.sql("SELECT 1 FROM instructions WHERE status IN ('queued', 'sending', 'unknown', 'pending')"):
            return
        world.let_backoffs_pass()
        world.run_jobs()


def end_of(world: World, offering: Offering, pledge: Pledge) -> End:
    assert world.broken_promises() == []
    with world.looking() as view:
        in_escrow = ledger.balance(view.session, Code.ESCROW_CASH, "USD", offering_id=offering.id)
    kinds = world.sql("SELECT kind, status FROM instructions WHERE offering_id = :id ORDER BY id", id=offering.id)
    return End(
        world.pledge(pledge.id).status,
        world.offering(offering.id).status,
        world.at_the_gateway(offering),
        [(kind, status) for kind, status in kinds],
        in_escrow,
    )


def _pledged(world: World, offering: Offering) -> Pledge:
    return world.pledged(offering, SHARES)


def _leaving_unpaid(world: World, offering: Offering) -> Pledge:
    pledge = _pledged(world, offering)
    until_quiet(world)
    world.cancel(pledge)
    return pledge


def _leaving_paid(world: World, offering: Offering) -> Pledge:
    pledge = world.held(offering, SHARES)
    world.cancel(pledge)
    return pledge


def _at_the_closing(world: World, offering: Offering) -> Pledge:
    pledge = world.held(offering, SHARES)
    world.pass_deadline(offering)
    world.run_jobs()
    return pledge


def _pay(world: World, offering: Offering, pledge: Pledge) -> None:
    world.pay(pledge)


def _approve(world: World, offering: Offering, pledge: Pledge) -> None:
    world.approve_closing(offering)


def _nothing(world: World, offering: Offering, pledge: Pledge) -> None:
    pass


#: operation of the gateway -> what happens before something breaks, and what people do after it
STORIES: dict[str, tuple[Callable[[World, Offering], Pledge], Callable[[World, Offering, Pledge], None]]] = {
    "payment": (_pledged, _pay),
    "cancel": (_leaving_unpaid, _nothing),
    "refund": (_leaving_paid, _nothing),
    "payout": (_at_the_closing, _approve),
    "move": (_at_the_closing, _approve),
}


def play(world: World, operation: str, *faults: Fault) -> End:
    """Tell the story with these faults in it; nothing unfinished is left behind."""
    before, after = STORIES[operation]
    assert world.platform.sandbox is not None
    offering = world.live(target=TARGET)
    pledge = before(world, offering)
    world.platform.sandbox.next_fault(operation, *faults)
    until_quiet(world)
    after(world, offering, pledge)
    until_quiet(world)
    end = end_of(world, offering, pledge)
    if end.offering == "live":
        with world.acting() as tx:
            closings.withdraw_offering(tx, offering.id)
        until_quiet(world)
    return end


PAID = 2_000_000
FEE = PAID // 20
WITHOUT_FAULT = {
    "payment": End("held", "live", [("payment", "succeeded", PAID)], [("collect", "succeeded")], PAID),
    "cancel": End(
        "cancelled", "live", [("payment", "cancelled", PAID)], [("collect", "cancelled"), ("cancel", "succeeded")], 0
    ),
    "refund": End(
        "refunded", "live", [("payment", "succeeded", PAID), ("refund", "succeeded", PAID)],
        [("collect", "succeeded"), ("refund", "succeeded")], 0,
    ),
    "payout": End(
        "settled", "settled",
        [("payment", "succeeded", PAID), ("move", "succeeded", FEE), ("payout", "succeeded", PAID - FEE)],
        [("collect", "succeeded"), ("release", "succeeded"), ("fee", "succeeded")], 0,
    ),
}  # fmt: skip
WITHOUT_FAULT["move"] = WITHOUT_FAULT["payout"]


@pytest.mark.parametrize("operation", STORIES)
def test_without_a_fault(shared_world: World, operation: str) -> None:
    assert play(shared_world, operation) == WITHOUT_FAULT[operation]


@pytest.mark.parametrize("operation", STORIES)
@pytest.mark.parametrize("fault", Fault)
def test_one_fault_changes_nothing_about_the_end(shared_world: World, operation: str, fault: Fault) -> None:
    assert play(shared_world, operation, fault) == WITHOUT_FAULT[operation]
    assert shared_world.sql("SELECT count(*) FROM sandbox.faults") == [(0,)]


@pytest.mark.parametrize("operation", STORIES)
def test_faults_in_a_row_change_nothing_about_the_end(shared_world: World, operation: str) -> None:
    row = (Fault.E429, Fault.REFUSED_CONNECTION, Fault.E500, Fault.TIMEOUT_BEFORE, Fault.E409, Fault.TIMEOUT_AFTER)
    assert play(shared_world, operation, *row) == WITHOUT_FAULT[operation]
    assert shared_world.sql("SELECT count(*) FROM sandbox.faults") == [(0,)]
