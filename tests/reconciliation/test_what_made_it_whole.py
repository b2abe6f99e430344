"""A break that is cleared names the entry that made it whole, also where no line of a gateway proves it."""

from __future__ import annotations

from app.jobs import send_payments
from app.payments.sandbox.tables import Fault, Token
from tests.builders import World
from tests.reconciliation.test_sixteen_kinds import kinds_after


def resolved_by(world: World, kind: str) -> list[str]:
    """The kinds of the entries that made breaks of a kind whole."""
    found = world.sql(
        "SELECT e.kind FROM breaks b JOIN journal_entries e ON e.id = b.entry_id WHERE b.kind = :kind", kind=kind
    )
    return [one for (one,) in found]


def test_r9_is_cleared_by_the_entry_of_what_was_unknown(world: World) -> None:
    assert world.platform.sandbox is not None
    world.cancel(world.held(world.live()))
    world.platform.sandbox.next_fault("refund", *[Fault.TIMEOUT_AFTER] * 2)
    send_payments.run(world.platform)
    world.move_clock(hours=2)
    assert kinds_after(world) == ["R9"]
    world.let_backoffs_pass()
    world.run_jobs()
    assert kinds_after(world) == []
    assert resolved_by(world, "R9") == ["refund_paid"]


def test_r10_a_refund_that_takes_too_long_calls_a_person(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.REFUND_DELAYED)
    world.run_jobs()
    world.cancel(pledge)
    world.run_jobs()
    assert kinds_after(world) == []
    world.move_clock(days=6)
    assert "R10" in kinds_after(world)
    world.run_jobs()
    assert "R10" not in kinds_after(world)
    assert resolved_by(world, "R10") == ["refund_paid"]
