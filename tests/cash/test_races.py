"""The same money asked for twice at once: it goes once, and who comes second is told how much is left."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError

from app.cash import actions
from app.payments.models import Instruction
from tests.builders import World, usd
from tests.cash.conftest import UnpaidPledges
from tests.cash.keeping import ask_withdrawal, at_the_custodian, choose_cash, has, topped_up, with_bank
from tests.racing import came_of, crowded


@pytest.fixture
def crowd(world: World) -> Iterator[World]:
    with crowded(world) as found:
        yield found


def test_of_ten_withdrawals_at_once_only_those_go_that_the_money_lasts_for(world: World, crowd: World) -> None:
    investor = with_bank(world, topped_up(world))
    came = Counter(came_of([lambda: ask_withdrawal(crowd, investor, "300")] * 10))
    assert came == {"done": 3, "cash_not_enough": 7}
    assert has(world, investor, "100", "900")
    world.run_jobs()
    assert has(world, investor, "100")
    assert at_the_custodian(world) == 10_000
    assert world.broken_promises() == []


def test_one_form_pressed_ten_times_at_once_is_one_withdrawal(world: World, crowd: World) -> None:
    investor, key = with_bank(world, topped_up(world)), uuid.uuid4()
    assert came_of([lambda: ask_withdrawal(crowd, investor, "300", key)] * 10) == ["done"] * 10
    assert has(world, investor, "700", "300")
    assert world.sql("SELECT count(*) FROM instructions WHERE kind = 'pay_back'") == [(1,)]


def test_a_withdrawal_that_races_a_pledge_for_the_same_money_leaves_it_to_one(
    world: World, crowd: World, unpaid: UnpaidPledges
) -> None:
    for _ in range(5):
        investor, offering = with_bank(world, topped_up(world, "300")), world.live()
        pledge = unpaid.of(investor, offering)
        came = came_of([lambda: choose_cash(crowd, pledge), lambda: ask_withdrawal(crowd, investor, "300")])  # noqa: B023
        assert sorted(came) == ["cash_not_enough", "done"]
        world.run_jobs()
        assert has(world, investor, "50") or has(world, investor, "0")
    assert world.broken_promises() == []


def test_two_pledges_race_for_the_same_cash(world: World, crowd: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world, "300"), world.live()
    pledges = [unpaid.of(investor, offering) for _ in range(2)]
    came = came_of([lambda one=one: choose_cash(crowd, one) for one in pledges])  # type: ignore[misc]
    assert sorted(came) == ["cash_not_enough", "done"]
    world.run_jobs()
    assert sorted(one.status for one in world.pledges_of(offering)) == ["held", "reserved"]
    assert world.broken_promises() == []


def test_the_database_itself_refuses_to_reserve_what_is_not_there(world: World) -> None:
    investor = with_bank(world, topped_up(world, "300"))
    asked = ask_withdrawal(world, investor, "200")
    again = Instruction(id=asked.id + 1, amount_minor=usd("200").minor, currency="USD")
    before = world.contents()
    with pytest.raises(IntegrityError, match="no_debit_balance"), world.acting() as tx:
        actions.reserve(tx, investor.id, again)
    assert world.contents() == before


def test_the_database_pays_nobody_elses_account(world: World) -> None:
    other = with_bank(world, world.investor())
    asked = ask_withdrawal(world, with_bank(world, topped_up(world, "300")), "200")
    (payee,) = world.sql("SELECT id FROM bank_accounts WHERE investor_id = :id", id=other.id)[0]
    before = world.contents()
    with pytest.raises(IntegrityError, match="payee_id"):
        world.sql("UPDATE instructions SET payee_id = :payee WHERE id = :id", payee=payee, id=asked.id)
    with pytest.raises(IntegrityError, match="taken_out_to_somebody"):
        world.sql("UPDATE instructions SET payee_id = NULL WHERE id = :id", id=asked.id)
    assert world.contents() == before
