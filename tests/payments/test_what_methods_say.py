"""What a gateway says of its methods and of itself decides what the platform does, long after the payment too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.actor import SYSTEM
from app.closings import actions as closings
from app.errors import Refused
from app.jobs import send_payments
from app.offerings.models import OversubscriptionRule
from app.payments import actions as payments
from app.payments.sandbox import adapter
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.tables import Fault
from app.pledges import whereabouts
from app.pledges.models import Pledge
from tests.builders import World
from tests.changes.story import Story

DAY = timedelta(days=1)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment is given back only from the sixtieth day on."""
    monkeypatch.setattr(adapter, "CARD", replace(adapter.CARD, refund_not_before=60 * DAY))


def refunds(world: World) -> list[str]:
    return [status for (status,) in world.sql("SELECT status FROM instructions WHERE kind = 'refund' ORDER BY id")]


def told(world: World) -> list[str | None]:
    return [
        at for (at,) in world.sql("SELECT facts->>'not_before' FROM messages WHERE kind = 'refund_due' ORDER BY id")
    ]


def paid_at(world: World, pledge: Pledge) -> datetime:
    ((at,),) = world.sql(
        "SELECT paid_at FROM instructions WHERE kind = 'collect' AND pledge_id = :id AND refund_not_before IS NOT NULL",
        id=pledge.id,
    )
    assert isinstance(at, datetime)
    return at


def tracked(world: World, pledge: Pledge) -> whereabouts.Refund:
    with world.looking() as view:
        found, offering = world.pledge(pledge.id), world.offering(pledge.offering_id)
        refund = whereabouts.of_pledge(view.session, found, offering, world.platform.regime(offering.regime)).refund
    assert refund is not None
    return refund


@pytest.mark.usefixtures("late")
def test_a_refund_waits_until_its_gateway_makes_it_and_its_investor_knows_the_day(world: World) -> None:
    pledge = world.held(world.live())
    earliest = paid_at(world, pledge) + 60 * DAY
    world.move_clock(days=3)
    world.cancel(pledge)
    assert told(world) == [earliest.isoformat()]
    refund = tracked(world, pledge)
    assert refund.not_before == earliest and earliest <= refund.due_by < earliest + DAY
    world.run_jobs()
    world.move_clock(days=56)
    world.run_jobs()
    assert refunds(world) == ["queued"]
    assert [kind for kind, _, _ in world.at_the_gateway(world.offering(pledge.offering_id))] == ["payment"]
    assert world.broken_promises() == []
    world.move_clock(days=1)
    world.run_jobs()
    assert (refunds(world), world.pledge(pledge.id).status) == (["succeeded"], "refunded")
    assert tracked(world, pledge).due_by == refund.due_by
    assert world.broken_promises() == []


@pytest.mark.usefixtures("late")
def test_so_do_the_refunds_of_everybody_when_an_offering_ends(world: World) -> None:
    offering = world.live()
    pledge = world.held(offering)
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)
    world.run_jobs()
    assert refunds(world) == ["queued"] and told(world) == [(paid_at(world, pledge) + 60 * DAY).isoformat()]
    world.move_clock(days=60)
    world.run_jobs()
    assert refunds(world) == ["succeeded"] and world.broken_promises() == []


def test_without_such_a_wait_the_day_is_that_of_the_policy_and_nothing_is_told(world: World) -> None:
    pledge = world.held(world.live())
    world.cancel(pledge)
    refund = tracked(world, pledge)
    assert told(world) == [None] and refund.not_before is None and refund.due_by < world.now() + 10 * DAY
    world.run_jobs()
    assert refunds(world) == ["succeeded"]


def test_what_gives_back_all_or_nothing_is_refused_where_a_part_may_go_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "CARD", replace(adapter.CARD, partial_refund=False))
    scaled = world.live(rule=OversubscriptionRule.PRO_RATA)
    before = world.contents()
    with pytest.raises(Refused, match="method_refused") as refused:
        world.pledged(scaled)
    assert refused.value.facts["why"] == "no_part_back"
    assert (
        world.sql("SELECT count(*) FROM instructions") == [(0,)]
        and before["instructions"] == world.contents()["instructions"]
    )
    assert world.held(world.live()).status == "held"


def test_no_change_makes_part_refunds_possible_once_somebody_paid_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(adapter, "CARD", replace(adapter.CARD, partial_refund=False))
        offering = world.live()
        pledge = world.held(offering)
    story = Story.of(world, offering)
    story.terms(oversubscription_rule=OversubscriptionRule.PRO_RATA)
    before = world.contents()
    with pytest.raises(Refused, match="paid_whole"):
        story.propose()
    assert world.contents() == before
    world.cancel(pledge)
    story.propose()


@pytest.mark.parametrize(
    ("window", "age", "again"),
    [
        (timedelta(hours=24), timedelta(hours=23), True),
        (timedelta(hours=24), timedelta(hours=23, seconds=1), False),
        (timedelta(hours=2), timedelta(hours=2), False),
        (timedelta(hours=2), timedelta(minutes=115), True),
        (timedelta(days=30), timedelta(days=28), True),
        (None, timedelta(days=4_000), True),
    ],
)
def test_a_key_is_sent_again_only_safely_within_what_its_gateway_remembers(
    window: timedelta | None, age: timedelta, again: bool
) -> None:
    assert replace(SandboxGateway.caps, key_window=window).takes_again(age) is again


@pytest.mark.parametrize(("window", "ends"), [(timedelta(hours=2), "failed"), (None, "action_required")])
def test_an_old_attempt_is_sent_again_as_its_own_gateway_allows(
    world: World, monkeypatch: pytest.MonkeyPatch, window: timedelta | None, ends: str
) -> None:
    monkeypatch.setattr(SandboxGateway, "caps", replace(SandboxGateway.caps, key_window=window))
    pledge = world.pledged(world.live())
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payment", Fault.TIMEOUT_BEFORE)
    send_payments.run(world.platform)
    world.sql(
        "UPDATE instructions SET first_sent_at = clock_timestamp() - interval '3 hours' WHERE pledge_id = :id",
        id=pledge.id,
    )
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.sql("SELECT status FROM instructions WHERE pledge_id = :id", id=pledge.id) == [(ends,)]
    assert world.broken_promises() == []


@pytest.mark.usefixtures("late")
def test_what_waits_for_its_day_is_not_looked_at_before(world: World) -> None:
    """One of many, too; the day is kept with the refund, and gone when it has come."""
    pledges = [world.held(world.live(target="1000", days=25)) for _ in range(2)]
    world.cancel(pledges[0])
    world.pass_deadline(world.offering(pledges[1].offering_id))  # what fails gives everything back at once
    world.run_jobs()
    waits = "SELECT waits_until FROM instructions WHERE kind = 'refund' ORDER BY pledge_id"
    assert world.sql(waits) == [(paid_at(world, one) + 60 * DAY,) for one in pledges]
    assert "refund" not in looked_at(world)
    world.move_clock(days=60)
    assert "refund" in looked_at(world)
    world.run_jobs()
    assert world.sql(waits) == [(None,), (None,)] and refunds(world) == ["succeeded"] * 2


def looked_at(world: World) -> list[str]:
    """What one run is handed out, of everything that there is."""
    with world.platform.database.rehearsal(SYSTEM) as tx:
        return [due.kind.value for due in payments.lease(tx, 100)]
