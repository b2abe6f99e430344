"""Whatever a company pays in otherwise than agreed goes back, and nothing of it to a holder."""

from __future__ import annotations

import pytest

from app.distributions import actions
from app.jobs import keep_cash
from app.offerings.models import Offering
from app.payments.port import Ref
from tests.builders import World
from tests.distributions.conftest import Payer
from tests.reconciliation.deciding import books, decide, standing
from tests.reconciliation.planting import listen

AGREED = 500


@pytest.fixture
def offering(payer: Payer) -> Offering:
    return payer.sold(100, 33)


def pays_in(world: World, minor: int) -> None:
    """The company's bank sends so much."""
    world.run_jobs()
    world.sql("UPDATE sandbox.objects SET amount_minor = :minor WHERE kind = 'arrival'", minor=minor)


def pays_otherwise(payer: Payer) -> None:
    """Too little for one distribution, and nothing for another."""
    for minor in (AGREED - 15, None):
        found = payer.propose(payer.sold(120), AGREED)
        payer.agree()
        if minor is None:
            with payer.world.acting() as tx:
                actions.call_off(tx, found.id, "The board thought better of it.")
        else:
            pays_in(payer.world, minor)
            payer.send()


def told(world: World) -> list[tuple[str | None]]:
    return world.sql("SELECT facts->>'came_minor' FROM messages WHERE kind = 'distribution_called_off' ORDER BY id")


def alerts(world: World) -> list[str]:
    return [rule for (rule,) in world.sql("SELECT rule FROM alerts")]


def listened(world: World) -> None:
    world.move_clock(minutes=20)
    listen(world)
    world.let_backoffs_pass()
    world.run_jobs()


@pytest.mark.parametrize("minor", [AGREED - 15, AGREED + 15], ids=["too little", "too much"])
def test_another_amount_lies_apart_until_two_people_send_it_back(
    world: World, payer: Payer, offering: Offering, minor: int
) -> None:
    before = books(world, offering)
    found = payer.propose(offering, AGREED)
    payer.agree()
    pays_in(world, minor)
    payer.send()
    assert payer.now(found).status == "called_off"
    assert (told(world), alerts(world)) == ([(str(minor),)], ["PLATFORM-DEPOSIT"])
    assert books(world, offering) == {**before, "1100": minor, "2200": -minor}
    assert world.sql("SELECT status, code FROM instructions WHERE kind = 'deposit'") == [("review", "paid_otherwise")]
    listened(world)
    world.move_clock(days=5)
    assert listen(world) == [] and world.broken_promises() == []
    (entry,) = standing(world)
    decide(world, entry, None)
    world.run_jobs()
    assert (books(world, offering), standing(world)) == (before, [])
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'distribution_paid'") == [(0,)]
    assert payer.distribute(offering, AGREED).status == "paid"
    assert world.broken_promises() == []


def test_what_is_not_paid_in_is_called_off_after_the_days_of_the_policy(
    world: World, payer: Payer, offering: Offering
) -> None:
    found = payer.propose(offering, AGREED)
    payer.agree()
    world.sql("UPDATE sandbox.objects SET due_at = NULL WHERE kind = 'arrival'")
    world.run_jobs()
    world.sql("UPDATE sandbox.objects SET due_at = NULL WHERE kind = 'arrival'")
    world.move_clock(days=29)
    keep_cash.run(world.platform)
    assert payer.now(found).status == "approved" and told(world) == []
    world.move_clock(days=1)
    for _ in range(2):
        keep_cash.run(world.platform)
    assert payer.now(found).status == "called_off" and told(world) == [(None,)]
    assert world.sql("SELECT status FROM instructions WHERE kind = 'deposit'") == [("cancelled",)]
    assert world.broken_promises() == []


def test_what_comes_when_nobody_waits_for_it_any_more_lies_apart(
    world: World, payer: Payer, offering: Offering
) -> None:
    found = payer.propose(offering, AGREED)
    payer.agree()
    world.run_jobs()
    with world.acting() as tx:
        actions.call_off(tx, found.id, "The board thought better of it.")
    assert told(world) == [(None,)]
    world.move_clock(hours=2)  # it was on its way
    ((ref,),) = world.sql("SELECT provider_ref FROM instructions WHERE kind = 'deposit'")
    world.platform.custodian.fetch(Ref.read(ref))  # whoever asks makes the far side look at its clock
    for _ in range(3):
        listened(world)
    assert payer.now(found).status == "called_off"
    assert told(world) == [(None,), (str(AGREED),)] and alerts(world) == ["PLATFORM-DEPOSIT"]
    (entry,) = standing(world)
    decide(world, entry, None)
    world.run_jobs()
    assert standing(world) == [] and world.broken_promises() == []
