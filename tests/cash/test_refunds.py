"""Refunds go back to where the money came from, or into the cash account where that is chosen and no scheme forbids it."""

from __future__ import annotations

import pytest

from app.cash import actions
from app.errors import Refused
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges import refund_choice
from app.pledges.lifecycle import REFUNDED
from app.pledges.models import Pledge
from tests.builders import World
from tests.cash.conftest import UnpaidPledges
from tests.cash.keeping import at_the_custodian, choose_cash, has, topped_up


def choose_refunds(world: World, investor: Investor, to_cash: bool = True) -> None:
    with world.acting() as tx:
        actions.choose_refunds(tx, investor.id, to_cash=to_cash)


def paid(
    world: World, offering: Offering, investor: Investor, method: str = "bank_transfer", shares: int = 100
) -> Pledge:
    """A held pledge, whatever the sandbox was paid with said to be something else."""
    pledge = world.held(offering, shares, investor)
    world.force("UPDATE instructions SET method = :method WHERE pledge_id = :id", method=method, id=pledge.id)
    return pledge


def choose(world: World, pledge: Pledge, *, to_cash: bool) -> None:
    with world.acting() as tx:
        refund_choice.choose(tx, pledge.id, to_cash=to_cash)


def test_a_refund_goes_back_to_its_source_unless_something_else_was_chosen(world: World) -> None:
    investor, offering = world.investor(), world.live()
    world.cancel(paid(world, offering, investor))
    world.run_jobs()
    assert has(world, investor, "0")
    assert ("refund", "succeeded", 25_000) in world.at_the_gateway(offering)


def test_who_chose_it_has_refunds_in_the_cash_account(world: World) -> None:
    investor, offering = world.investor(), world.live()
    choose_refunds(world, investor)
    pledge = paid(world, offering, investor)
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == REFUNDED
    assert has(world, investor, "250")
    assert at_the_custodian(world) == 25_000
    assert world.broken_promises() == []
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_refunded'") == [(1,)]


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
def test_what_a_scheme_wants_back_goes_to_its_source_whatever_was_chosen(world: World, method: str) -> None:
    investor, offering = world.investor(), world.live()
    choose_refunds(world, investor)
    pledge = paid(world, offering, investor, method)
    world.cancel(pledge)
    before = world.contents()
    with pytest.raises(Refused, match="refund_to_source"):
        choose(world, pledge, to_cash=True)
    assert world.contents() == before
    world.run_jobs()
    assert has(world, investor, "0")
    assert world.broken_promises() == []


def test_one_refund_is_sent_elsewhere_while_it_waits_and_not_later(world: World) -> None:
    investor, offering = world.investor(), world.live()
    pledge = paid(world, offering, investor)
    world.cancel(pledge)
    choose(world, pledge, to_cash=True)
    choose(world, pledge, to_cash=False)
    choose(world, pledge, to_cash=True)
    world.run_jobs()
    assert has(world, investor, "250")
    before = world.contents()
    with pytest.raises(Refused, match="refund_sent"):
        choose(world, pledge, to_cash=False)
    assert world.contents() == before
    assert world.broken_promises() == []


def test_what_came_out_of_the_cash_account_goes_back_there_only(world: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)
    world.run_jobs()
    world.cancel(pledge)
    with pytest.raises(Refused, match="refund_to_source"):
        choose(world, pledge, to_cash=False)
    world.run_jobs()
    assert has(world, investor, "1000")


def test_a_missed_target_gives_everything_back_where_each_wanted_it(world: World, unpaid: UnpaidPledges) -> None:
    offering = world.live()
    here, there, kept = world.investor(), world.investor(), topped_up(world)
    choose_refunds(world, here)
    paid(world, offering, here), paid(world, offering, there)
    choose_cash(world, unpaid.of(kept, offering))
    world.run_jobs()
    world.pass_deadline(offering)
    world.run_jobs()
    world.move_clock(days=6)
    world.run_jobs()
    assert {one.status for one in world.pledges_of(offering)} == {REFUNDED}
    assert has(world, here, "250") and has(world, there, "0") and has(world, kept, "1000")
    assert at_the_custodian(world, f"offering-{offering.id}") == 0
    assert world.broken_promises() == []
