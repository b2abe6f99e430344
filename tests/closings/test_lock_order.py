"""Two who need the same rows wait for one another; nobody is thrown out, and nothing falls between them.

Each test stops one act half-way, lets the other run into it, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from app.closings import actions as closings
from app.closings import queries as closing_queries
from app.compliance import actions as compliance
from app.compliance.models import CaseOutcome
from app.errors import Refused
from app.jobs import close_offerings, process_inbox
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.models import Offering
from app.payments import queries as payment_queries
from app.pledges import actions as pledges
from app.pledges import outcomes
from app.pledges.models import Pledge
from tests.builders import World

SOMEBODY_WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
NOTE = "The money comes from an account that we cannot place."


@pytest.fixture
def second() -> Iterator[ThreadPoolExecutor]:
    """Somebody else, at the same time."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def run_into(world: World, second: ThreadPoolExecutor, act: Callable[[], None]) -> Future[None]:
    """Let the other one start, and go on as soon as it waits for us."""
    going = second.submit(act)
    for _ in range(20_000):
        if going.done() or world.sql(SOMEBODY_WAITS):
            return going
    raise AssertionError("neither done nor waiting")


def collect(world: World, pledge: Pledge) -> tuple[int, object]:
    """The collection of a paid pledge, and what the gateway says of it."""
    with world.looking() as view:
        row = payment_queries.collection(view.session, pledge.id)
    assert row is not None
    ref = row.ref()
    assert ref is not None
    return row.id, world.platform.custodian.fetch(ref)


def withdraw(world: World, offering: Offering) -> None:
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)


def close(world: World) -> None:
    close_offerings.run(world.platform)


@pytest.mark.parametrize("how", ["withdrawn", "closed"])
def test_an_offering_that_ends_while_a_payment_is_recorded(world: World, second: ThreadPoolExecutor, how: str) -> None:
    """Each needs the pledge and the offering's counters."""
    offering = world.live(target="250")
    world.held(offering)
    paid = world.pledged(offering)
    world.pay(paid)
    if how == "closed":
        world.pass_deadline(offering)
    instruction_id, outcome = collect(world, paid)
    with world.acting() as tx:
        pledges.take(tx, paid.id)
        other = run_into(world, second, lambda: withdraw(world, offering) if how == "withdrawn" else close(world))
        outcomes.collected(tx, instruction_id, outcome)  # type: ignore[arg-type]
    other.result()
    for _ in range(2):
        world.run_jobs()
        world.let_backoffs_pass()
    if how == "withdrawn":
        assert world.pledge(paid.id).status == "refunded"
    else:
        with world.looking() as view:
            (closing,) = closing_queries.of_offering(view.session, offering.id)
            assert (closing.status, closing.total_minor) == ("proposed", 50_000)
    assert world.broken_promises() == []


def test_a_cancellation_that_began_before_the_closing_never_leaves_it_stuck(world: World) -> None:
    """It saw a live offering; when it went on, the closing had been drawn up with its pledge in it."""
    offering = world.live(target="250")
    pledge = world.held(offering)
    # As under rules that let everybody cancel until the deadline itself.
    world.sql("UPDATE pledges SET cancel_until = NULL")
    with world.acting() as tx:
        seen = offering_queries.offering(tx.session, offering.id)
        assert seen.status == "live"
        world.pass_deadline(offering)
        world.run_jobs()
        with pytest.raises(Refused, match="not_cancellable"):
            pledges.cancel(tx, pledge.id)
        tx.session.rollback()
    world.approve_closing(offering)
    world.run_jobs()
    assert (world.pledge(pledge.id).status, world.offering(offering.id).status) == ("settled", "settled")
    assert world.broken_promises() == []


def test_a_closing_waits_for_a_cancellation_that_has_begun(world: World, second: ThreadPoolExecutor) -> None:
    offering = world.live(target="250")
    staying, leaving = world.held(offering), world.held(offering)
    world.sql("UPDATE pledges SET cancel_until = NULL")
    world.pass_deadline(offering)
    with world.acting() as tx:
        pledges.take(tx, leaving.id)
        other = run_into(world, second, lambda: close(world))
        pledges.cancel(tx, leaving.id)
    other.result()
    world.run_jobs()
    world.approve_closing(offering)
    world.run_jobs()
    assert (world.pledge(staying.id).status, world.pledge(leaving.id).status) == ("settled", "refunded")
    assert world.broken_promises() == []


@pytest.mark.parametrize("outcome", [CaseOutcome.APPROVE, CaseOutcome.REFUSE])
def test_an_investor_who_cancels_while_the_officer_decides(
    world: World, second: ThreadPoolExecutor, outcome: CaseOutcome
) -> None:
    pledge, officer = world.pledged(world.live(), 10_000), world.officer()
    (case_ref,) = world.queue()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case_ref)

    def decide() -> None:
        with world.acting(officer) as tx:
            pledges.resolve_referral(tx, case_ref, outcome, ["source_of_funds"], NOTE, world.platform.payment_window)

    with world.acting() as tx:
        pledges.take(tx, pledge.id)
        other = run_into(world, second, decide)
        pledges.cancel(tx, pledge.id)
    with pytest.raises(Refused, match="not_your_case"):
        other.result()
    assert world.pledge(pledge.id).status == "cancelled"
    assert world.broken_promises() == []


def test_an_officer_who_decides_while_the_company_gives_up(world: World, second: ThreadPoolExecutor) -> None:
    offering, _, case_ref = world.submitted()
    officer = world.officer()
    with world.acting(officer) as tx:
        compliance.take_case(tx, case_ref)

    def decide() -> None:
        with world.acting(officer) as tx:
            compliance.resolve_offering(tx, case_ref, CaseOutcome.APPROVE, [], "")

    with world.acting() as tx:
        offerings.lock(tx, offering.id)
        other = run_into(world, second, decide)
        closings.withdraw_offering(tx, offering.id)
    with pytest.raises(Refused, match="not_your_case"):
        other.result()
    assert world.offering(offering.id).status == "withdrawn"
    assert world.queue() == []


def test_events_recorded_while_an_offering_is_withdrawn_are_all_refunded(
    world: World, second: ThreadPoolExecutor
) -> None:
    """Twelve payments are being recorded by one worker while the company gives up."""
    offering = world.live()
    paid = [world.pledged(offering, 10) for _ in range(12)]
    for pledge in paid:
        world.pay(pledge)
    world.deliver_events()
    recording = second.submit(process_inbox.run, world.platform)
    withdraw(world, offering)
    recording.result()
    for _ in range(3):
        world.let_backoffs_pass()
        world.run_jobs()
    assert {world.pledge(pledge.id).status for pledge in paid} == {"refunded"}
    assert world.sql("SELECT sum(amount_minor) FROM sandbox.transactions") == [(0,)]
    assert world.broken_promises() == []
