"""Topped up by what a collector offers: the money is carried to the custodian, and free when it is there."""

from __future__ import annotations

import uuid

import pytest

from app.cash import actions
from app.errors import Refused
from app.jobs import keep_cash
from app.payments.port import Method
from app.payments.sandbox.tables import Token
from tests.builders import World, usd
from tests.cash.collecting import PRICE, Collected
from tests.cash.collecting import collected as collected
from tests.cash.keeping import ask_top_up, ask_withdrawal, at_the_custodian, has, with_bank
from tests.payments.conftest import cards_world as cards_world
from tests.reconciliation.planting import listen


def test_what_only_a_collector_takes_is_offered_and_the_custodian_comes_first(cards_world: World) -> None:
    asked = ask_top_up(cards_world, cards_world.investor(), usd("50"), method=Method.ALIPAY)
    assert (asked.gateway, asked.to_gateway) == ("sandbox_cards", "sandbox")
    asked = ask_top_up(cards_world, cards_world.investor(), usd("50"), method=Method.CARD)
    assert (asked.gateway, asked.to_gateway) == ("sandbox", None)


def test_it_is_free_when_the_custodian_has_it_and_costs_the_investor_nothing(collected: Collected) -> None:
    collected.pays()
    assert has(collected.world, collected.investor, "0") and collected.coming() == 100_000
    assert at_the_custodian(collected.world) == PRICE  # what the collector kept, paid in by the platform
    with_bank(collected.world, collected.investor)
    before = collected.world.contents()
    with pytest.raises(Refused, match="cash_not_enough"):
        ask_withdrawal(collected.world, collected.investor, "100")
    assert collected.world.contents() == before
    collected.rests(days=6)
    assert has(collected.world, collected.investor, "1000") and collected.coming() == 0
    assert collected.books() == {"1110": 100_000, "2030": -100_000}
    assert at_the_custodian(collected.world) == 100_000
    assert collected.world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_paid_in'") == [(1,)]
    assert collected.clean()
    ask_withdrawal(collected.world, collected.investor, "1000")
    collected.rests()
    assert collected.books() == {}


def test_each_is_carried_once_however_often_the_job_runs(collected: Collected) -> None:
    collected.pays()
    collected.pays()
    collected.rests(days=8)
    assert collected.world.sql("SELECT kind, status, count(*) FROM instructions GROUP BY 1, 2 ORDER BY 1") == [
        ("arrival", "succeeded", 2), ("collect", "succeeded", 2), ("to_custody", "succeeded", 2),
        ("top_up", "succeeded", 2),
    ]  # fmt: skip
    assert has(collected.world, collected.investor, "2000")
    assert collected.clean()


def test_a_dispute_before_it_is_carried_takes_what_was_coming(collected: Collected) -> None:
    payment = collected.pays()
    collected.cards.dispute(payment)
    collected.rests(days=8)
    assert has(collected.world, collected.investor, "0") and collected.coming() == 0
    assert collected.books() == {}
    assert collected.world.sql("SELECT count(*) FROM alerts") == [(0,)]
    assert collected.clean()


def test_a_dispute_while_it_is_carried_frees_nothing(collected: Collected) -> None:
    payment = collected.pays()
    sent = "SELECT count(*) FROM instructions WHERE kind = 'arrival' AND status = 'pending'"
    for _ in range(8):
        if collected.world.sql(sent) == [(1,)]:
            break
        collected.rests(days=1)
    assert collected.world.sql(sent) == [(1,)]
    collected.cards.dispute(payment)
    collected.world.run_jobs()
    collected.rests(days=8)
    assert has(collected.world, collected.investor, "0") and collected.coming() == 0
    assert collected.books() == {}
    assert collected.clean()


@pytest.mark.parametrize("used", [False, True])
def test_a_dispute_after_it_is_free_is_made_good_at_the_collector(collected: Collected, used: bool) -> None:
    payment = collected.pays()
    collected.rests(days=6)
    if used:
        with_bank(collected.world, collected.investor)
        ask_withdrawal(collected.world, collected.investor, "700")
        collected.rests()
    collected.cards.dispute(payment)
    collected.rests(days=8)
    assert has(collected.world, collected.investor, "0")
    assert collected.books() == {}
    assert collected.world.sql("SELECT rule FROM alerts") == ([("PLATFORM-TOPUP",)] if used else [])
    assert collected.clean()


def test_what_a_bank_gives_back_of_a_top_up_lies_apart_and_is_an_officers(collected: Collected) -> None:
    payment = collected.pays()
    collected.rests(days=6)
    collected.cards.dispute(payment)
    collected.rests(days=8)
    collected.cards.dispute_won(payment)
    collected.rests(days=1)
    assert collected.books() == {"1010": 100_000, "2200": -100_000}
    assert collected.world.sql("SELECT rule FROM alerts") == [("PLATFORM-APART",)]
    assert collected.clean()


def test_another_amount_is_only_given_back_from_where_it_is(collected: Collected) -> None:
    collected.pays(Token.PARTIAL_AMOUNT)
    collected.rests(days=4)
    assert collected.books()["2200"] == -50_000
    before = collected.world.contents()
    with pytest.raises(Refused, match="stray_with_collector"), collected.world.acting() as tx:
        actions.settle_stray(tx, collected.asked.op_id, keep=True)
    assert collected.world.contents() == before
    with collected.world.acting() as tx:
        actions.settle_stray(tx, collected.asked.op_id, keep=False)
    collected.rests(days=4)
    assert collected.world.sql("SELECT status FROM instructions WHERE kind = 'refund'") == [("succeeded",)]
    assert has(collected.world, collected.investor, "0")
    assert collected.books() == {}
    assert collected.clean()


def test_a_collector_that_cannot_send_it_keeps_it_coming_until_it_can(collected: Collected) -> None:
    collected.pays()
    collected.cards.provider.is_down = True
    for _ in range(3):
        keep_cash.run(collected.world.platform)
        collected.world.move_clock(days=1)
        collected.world.run_jobs()
    assert collected.coming() == 100_000
    collected.cards.provider.is_down = False
    collected.rests(days=6)
    assert has(collected.world, collected.investor, "1000")
    assert collected.clean()


def test_what_was_paid_twice_there_goes_back_from_there(collected: Collected) -> None:
    world, far = collected.world, collected.cards.provider
    collected.pays()
    ((op_id,),) = world.sql("SELECT op_id FROM instructions WHERE id = :id", id=collected.asked.id)
    far.drop("payment.succeeded")
    second = far.create(
        "payment", f"{world.platform.environment}:{op_id}:2", uuid.uuid4(), account="", amount_minor=100_000,
        currency="USD", method="card", reference="again", return_url="-",
    )  # fmt: skip
    far.pay(second, Token.OK)
    world.move_clock(minutes=20)
    listen(world)
    collected.rests(days=8)
    listen(world)
    assert collected.books() == {"1110": 100_000, "2030": -100_000}
    assert world.sql("SELECT status FROM instructions WHERE kind = 'refund'") == [("succeeded",)]
    assert world.sql("SELECT status FROM breaks WHERE kind = 'R8'") == [("cleared",)]
    assert collected.clean()
