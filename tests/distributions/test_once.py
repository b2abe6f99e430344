"""Whatever stops or doubles a step, everybody has their part once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.jobs import outcomes, send_payments
from app.ledger.chart import Code
from app.offerings.models import Offering
from app.payments.port import OpKind, Outcome
from app.payments.sandbox.tables import Fault
from app.wiring import Platform
from tests.builders import World
from tests.distributions.conftest import Payer
from tests.racing import came_of, crowded


@pytest.fixture
def offering(payer: Payer) -> Offering:
    return payer.sold(100, 33)


@pytest.fixture
def crowd(world: World) -> Iterator[World]:
    with crowded(world) as found:
        yield found


def cash(world: World) -> int:
    """What all holders have together."""
    ((minor,),) = world.sql("SELECT coalesce(sum(credits - debits), 0) FROM ledger_accounts WHERE code = '2030'")
    return int(minor)


def entries(world: World) -> dict[str, int]:
    return dict(world.sql(
        "SELECT kind, count(*) FROM journal_entries WHERE kind LIKE 'distribution_%' OR kind = 'carry_charged' GROUP BY kind"
    ))  # fmt: skip


ONCE = {"distribution_received": 1, "distribution_declared": 2, "distribution_paid": 1, "carry_charged": 1}


def test_two_workers_that_hear_the_same_answer_book_it_once(
    world: World, payer: Payer, offering: Offering, crowd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = outcomes.apply

    def twice(platform: Platform, id_: int, kind: OpKind, outcome: Outcome) -> None:
        """The first to do it, with five others in the same moment."""
        if kind not in (OpKind.DEPOSIT, OpKind.TO_CASH) or outcome.state != "succeeded":
            apply(platform, id_, kind, outcome)
            return
        assert came_of([lambda: apply(crowd.platform, id_, kind, outcome)] * 6) == ["done"] * 6

    monkeypatch.setattr(outcomes, "apply", twice)
    found = payer.distribute(offering, 70_000)
    assert found.status == "paid"
    assert entries(world) == ONCE
    assert cash(world) == found.net.minor
    assert world.broken_promises() == []


@pytest.mark.parametrize("kind", [OpKind.DEPOSIT, OpKind.TO_CASH])
def test_a_worker_that_dies_before_it_writes_the_answer_down_is_followed_by_one_that_does(
    world: World, payer: Payer, offering: Offering, monkeypatch: pytest.MonkeyPatch, kind: OpKind
) -> None:
    apply, died = outcomes.apply, []

    def dying(platform: Platform, id_: int, of: OpKind, outcome: Outcome) -> Any:
        if of is kind and outcome.state == "succeeded" and not died:
            died.append(id_)
            raise SystemExit
        return apply(platform, id_, of, outcome)

    payer.propose(offering, 70_000)
    payer.agree()
    send_payments.run(world.platform)
    monkeypatch.setattr(outcomes, "apply", dying)
    world.move_clock(hours=2)
    for _ in range(3):
        world.let_backoffs_pass()
        try:
            send_payments.run(world.platform)
        except SystemExit:
            assert world.broken_promises() == []
    assert died
    payer.send()
    assert entries(world) == ONCE
    assert cash(world) == 70_000 - payer.balance(Code.FEE_INCOME) + fees_before(world)
    assert world.broken_promises() == []


def fees_before(world: World) -> int:
    """What the platform earned otherwise."""
    ((minor,),) = world.sql(
        "SELECT sum(p.amount_minor) FROM postings p JOIN journal_entries e ON e.id = p.entry_id"
        " JOIN ledger_accounts a ON a.id = p.account_id WHERE a.code = '4000' AND e.kind <> 'carry_charged'"
    )
    return int(minor)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE, Fault.E500])
@pytest.mark.parametrize("operation", ["arrival", "move"])
def test_an_answer_that_is_lost_is_asked_for_again(
    world: World, payer: Payer, offering: Offering, operation: str, fault: Fault
) -> None:
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault(operation, fault)
    payer.distribute(offering, 70_000)
    payer.send()  # what is asked for again is again an hour on its way
    found = payer.latest(offering)
    assert found.status == "paid"
    assert entries(world) == ONCE
    assert cash(world) == found.net.minor
    assert world.broken_promises() == []
