"""A gateway that books its price behind a top-up as a line of its own: the platform's cost, whenever it comes."""

from __future__ import annotations

import uuid

import pytest

from app.cash import actions
from app.jobs import reconcile
from app.payments.port import Ref
from app.payments.sandbox.tables import Token
from app.switches import actions as switches
from app.switches.models import Direction
from tests.builders import World
from tests.cash.collecting import PRICE, Collected
from tests.cash.collecting import collected as collected
from tests.cash.keeping import at_the_custodian, has, topped_up
from tests.payments.conftest import cards_world as cards_world
from tests.reconciliation.planting import kinds, listen

#: What is taken besides, in minor units.
MORE = 250


def is_heard(collected: Collected) -> None:
    """Reconciliation reads of it, and asks, until everything came to rest."""
    collected.world.move_clock(minutes=20)
    listen(collected.world)
    collected.rests()
    assert collected.is_balanced()


def cost(world: World) -> int:
    """Of gateways, to the platform."""
    ((minor,),) = world.sql("SELECT coalesce(sum(debits - credits), 0) FROM ledger_accounts WHERE code = '5000'")
    return int(minor)


def is_free(collected: Collected) -> bool:
    """All of it, with the custodian; the platform has paid every price, and owes nothing."""
    listen(collected.world)
    return (
        has(collected.world, collected.investor, "1000")
        and collected.books() == {"1110": 100_000, "2030": -100_000}
        and cost(collected.world) == PRICE + MORE
        and collected.is_balanced()
        and not set(kinds(collected.world)) - {"R1", "R6"}
        and collected.clean()
    )


def test_a_price_that_comes_before_it_is_carried_is_not_carried(collected: Collected) -> None:
    payment = collected.pays()
    collected.takes_price(payment, MORE)
    is_heard(collected)
    assert collected.books() == {"1010": 100_000 - PRICE - MORE, "1110": PRICE + MORE, "2032": -100_000}
    collected.rests(days=4)
    assert collected.world.sql("SELECT amount_minor FROM instructions WHERE kind = 'to_custody'") == [
        (100_000 - PRICE - MORE,)
    ]
    assert is_free(collected)


def test_a_price_that_comes_while_it_is_carried_is_made_good_at_the_collector(collected: Collected) -> None:
    payment = collected.pays()
    collected.leaves()
    collected.takes_price(payment, MORE)
    is_heard(collected)
    collected.rests(days=2)
    assert is_free(collected)


def test_a_price_that_comes_long_after_is_made_good_at_the_collector_once(collected: Collected) -> None:
    payment = collected.pays()
    collected.rests(days=6)
    collected.takes_price(payment, MORE)
    for _ in range(2):
        is_heard(collected)
    collected.rests(days=2)
    assert collected.world.sql("SELECT kind, amount_minor FROM instructions WHERE amount_minor = :more ORDER BY id", more=MORE) == [
        ("top_up", MORE), ("from_custody", MORE), ("arrival", MORE),
    ]  # fmt: skip
    assert is_free(collected)


def test_what_was_only_asked_to_be_carried_is_asked_anew_for_less(collected: Collected) -> None:
    payment = collected.pays()
    collected.cards.days(3)
    with collected.world.acting() as tx:
        off = switches.set_off(tx, "Its bank is closed.", gateway="sandbox_cards", direction=Direction.OUT)
    collected.rests()
    assert collected.newest("to_custody")[1] == "queued"
    collected.takes_price(payment, MORE)
    is_heard(collected)
    assert collected.world.sql("SELECT status, amount_minor FROM instructions WHERE kind = 'to_custody' ORDER BY id") == [
        ("cancelled", 100_000 - PRICE), ("queued", 100_000 - PRICE - MORE),
    ]  # fmt: skip
    with collected.world.acting() as tx:
        switches.lift(tx, off.ref, "Its bank is open.")
    collected.rests(days=1)
    assert is_free(collected)


def test_what_was_made_good_there_is_carried_whole_when_it_comes_back(collected: Collected) -> None:
    payment = collected.pays()
    collected.leaves()
    collected.takes_price(payment, MORE)
    is_heard(collected)
    collected.comes_back()
    assert collected.is_balanced()
    collected.rests(days=4)
    assert collected.world.sql("SELECT DISTINCT amount_minor FROM instructions WHERE kind = 'to_custody'") == [
        (100_000 - PRICE,)
    ]
    assert is_free(collected)


@pytest.mark.parametrize("days", [0, 6], ids=["before", "after"])
def test_a_dispute_of_what_had_a_price_of_its_own_leaves_nothing(collected: Collected, days: int) -> None:
    payment = collected.pays()
    collected.rests(days=days)
    collected.takes_price(payment, MORE)
    is_heard(collected)
    collected.cards.dispute(payment)
    collected.rests(days=4)
    assert collected.books() == {} and collected.is_balanced()
    assert cost(collected.world) == PRICE + MORE
    listen(collected.world)
    assert collected.clean()


def test_what_goes_back_whole_goes_back_whole_with_such_a_price(collected: Collected) -> None:
    payment: Ref = collected.pays(Token.PARTIAL_AMOUNT)
    with collected.world.acting() as tx:
        actions.settle_stray(tx, collected.asked.op_id, keep=False)
    collected.rests(days=4)
    collected.takes_price(payment, MORE)
    is_heard(collected)
    collected.rests(days=1)
    assert collected.books() == {} and collected.is_balanced()
    listen(collected.world)
    assert collected.clean()


def test_the_custodians_own_price_is_paid_in_at_once(world: World) -> None:
    investor = topped_up(world)
    ((ref,),) = world.sql("SELECT provider_ref FROM instructions WHERE kind = 'collect'")
    world.sql(
        "INSERT INTO sandbox.transactions (id, kind, object_kind, object_id, account, amount_minor, currency, created_at)"
        " VALUES (:id, 'fee', 'payment', :payment, 'clients', :minor, 'USD', platform_now())",
        id=f"txn_price_{uuid.uuid4().hex}", payment=Ref.read(ref).id, minor=-MORE,
    )  # fmt: skip
    world.move_clock(minutes=20)
    for _ in range(2):
        listen(world)
        world.run_jobs()
    reconcile.settle(world.platform)
    assert has(world, investor, "1000") and at_the_custodian(world) == 100_000
    assert cost(world) == MORE
    assert kinds(world) == [] and world.broken_promises() == []


def test_a_price_of_sending_it_is_made_good_at_the_collector_once(collected: Collected) -> None:
    collected.pays()
    collected.leaves()
    ((sent,),) = collected.world.sql("SELECT provider_ref FROM instructions WHERE kind = 'to_custody'")
    collected.takes_price(Ref.read(sent), MORE)
    for _ in range(2):
        is_heard(collected)
    collected.rests(days=2)
    assert is_free(collected)


def test_a_price_of_sending_what_comes_back_is_made_good_and_all_of_it_sent_again(collected: Collected) -> None:
    collected.pays()
    collected.leaves()
    ((sent,),) = collected.world.sql("SELECT provider_ref FROM instructions WHERE kind = 'to_custody'")
    collected.takes_price(Ref.read(sent), MORE)
    is_heard(collected)
    collected.comes_back()
    collected.rests(days=4)
    assert is_free(collected)


def test_a_price_beyond_what_came_is_made_good_and_all_of_it_carried(collected: Collected) -> None:
    payment = collected.pays()
    collected.takes_price(payment, 100_000)
    is_heard(collected)
    collected.rests(days=4)
    assert collected.books() == {"1110": 100_000, "2030": -100_000} and collected.is_balanced()
    assert cost(collected.world) == PRICE + 100_000
    listen(collected.world)
    assert collected.clean()
