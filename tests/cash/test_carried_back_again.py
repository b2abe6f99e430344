"""What the custodian sent back to a collector, and had back from there; what gateways take for that, by lines of their own."""

from __future__ import annotations

import pytest

from app.cash import actions
from app.payments import actions as payments
from app.payments.port import Ref
from app.payments.sandbox.tables import Token
from tests.cash.collecting import PRICE, Collected, line_behind
from tests.cash.collecting import collected as collected
from tests.payments.carrying import costs
from tests.payments.conftest import cards_world as cards_world
from tests.reconciliation.planting import kinds, listen

WAITS = ["I21 stranded: no money waits for an instruction that nobody sends"]
#: So often it is carried by itself: `cash_accounts.carry_times`.
TIMES = 3
#: What is taken besides, in minor units.
MORE = 250


def made(collected: Collected, kind: str) -> Ref:
    """The newest of this kind, as its gateway names it."""
    ((ref,),) = collected.world.sql(
        "SELECT provider_ref FROM instructions WHERE kind = :kind ORDER BY id DESC LIMIT 1", kind=kind
    )
    return Ref.read(ref)


def comes_back(collected: Collected) -> None:
    """The collector's bank sends back what the custodian sent last."""
    collected.world.sql("UPDATE sandbox_cards.objects SET due_at = NULL WHERE kind = 'arrival' AND status = 'pending'")
    assert collected.world.platform.sandbox is not None
    collected.world.platform.sandbox.send_back(made(collected, "from_custody").id)
    collected.world.run_jobs()


def leaves(collected: Collected) -> None:
    """Let days pass until it is on its way to the collector."""
    for _ in range(4):
        collected.rests()
        if collected.is_away():
            return
        collected.cards.days(1)
    raise AssertionError("it never left")


def is_disputed(collected: Collected) -> None:
    """A bank took what is with the custodian, who sends it to the collector."""
    payment = collected.pays()
    collected.rests(days=6)
    collected.cards.dispute(payment)
    leaves(collected)


def is_over(collected: Collected) -> bool:
    listen(collected.world)
    return collected.books() == {} and collected.is_balanced() and collected.clean()


def test_what_came_back_is_with_the_custodian_and_sent_again_a_day_later(collected: Collected) -> None:
    is_disputed(collected)
    comes_back(collected)
    assert "1150" not in collected.books() and collected.books()["1010"] < 0
    assert collected.is_balanced() and collected.world.broken_promises() == []
    collected.rests()
    assert collected.number("from_custody") == 1
    collected.rests(days=3)
    names = "SELECT count(*), count(DISTINCT reference), count(DISTINCT amount_minor) FROM instructions WHERE kind = 'from_custody'"
    assert collected.world.sql(names) == [(2, 2, 1)]
    assert is_over(collected)


def test_what_comes_back_again_and_again_waits_for_a_person_who_has_it_sent(collected: Collected) -> None:
    is_disputed(collected)
    for _ in range(TIMES):
        leaves(collected)
        comes_back(collected)
        assert collected.is_balanced() and collected.world.broken_promises() == []
    collected.rests(days=3)
    assert collected.newest("from_custody")[1:] == ("review", "came_back")
    assert collected.number("from_custody") == TIMES + 1 and collected.world.broken_promises() == WAITS
    assert collected.is_balanced()
    for is_last in (False, True):
        ((op_id,),) = collected.world.sql("SELECT op_id FROM instructions WHERE status = 'review'")
        with collected.world.acting() as tx:
            payments.try_again(tx, op_id)
        collected.rests()
        if not is_last:
            comes_back(collected)
            collected.rests(days=2)
            assert collected.newest("from_custody")[1:] == ("review", "came_back")
    collected.rests(days=2)
    assert is_over(collected)


def is_heard(collected: Collected) -> None:
    """Reconciliation reads of it, and asks, until everything came to rest."""
    collected.world.move_clock(minutes=20)
    listen(collected.world)
    collected.rests()
    assert collected.is_balanced()


def test_a_price_of_what_the_custodian_sent_back_is_paid_in_there(collected: Collected) -> None:
    is_disputed(collected)
    before = costs(collected.world)
    line_behind(collected.world, made(collected, "from_custody"), -MORE, schema="sandbox", account="clients")
    for _ in range(2):
        is_heard(collected)
    collected.rests(days=2)
    assert collected.number("from_custody") == 1 and costs(collected.world) == before + MORE
    assert is_over(collected)


@pytest.mark.parametrize(("kind", "line"), [("to_custody", "other"), ("arrival", "other"), ("arrival", "fee")])
def test_what_nobody_can_tell_is_shown_to_a_person_and_moves_nothing(
    collected: Collected, kind: str, line: str
) -> None:
    collected.pays()
    collected.rests(days=6)
    before, arrivals = collected.books(), collected.number("arrival")
    if kind == "to_custody":
        line_behind(collected.world, made(collected, kind), PRICE - 100_000, kind=line)
    else:
        line_behind(collected.world, made(collected, kind), -MORE, kind=line, schema="sandbox", account="clients")
    collected.world.move_clock(minutes=20)
    for _ in range(2):
        listen(collected.world)
        collected.rests()
    assert (collected.books(), collected.number("arrival")) == (before, arrivals)
    assert "R2" in kinds(collected.world)


@pytest.mark.parametrize("days", [0, 4], ids=["before it is made good", "after"])
def test_a_price_of_a_refund_is_the_platforms(collected: Collected, days: int) -> None:
    collected.pays(Token.PARTIAL_AMOUNT)
    with collected.world.acting() as tx:
        actions.settle_stray(tx, collected.asked.op_id, keep=False)
    collected.rests(days=days)
    before = costs(collected.world)
    line_behind(collected.world, made(collected, "refund"), -MORE)
    for _ in range(2):
        is_heard(collected)
    collected.rests(days=2)
    assert costs(collected.world) == before + MORE
    assert collected.world.sql("SELECT count(*) FROM alerts WHERE rule = 'PLATFORM-APART'") == [(0,)]
    assert is_over(collected)
