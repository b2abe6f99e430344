"""Money that nobody was known to own becomes the payment of a pledge that waits for exactly that; no other gets it."""

from __future__ import annotations

import pytest

from app.approvals.actions import Answer
from app.custody import actions as custody
from app.errors import NotFound, Refused
from app.payments.sandbox.tables import Token
from app.pledges import unidentified
from app.switches import actions as switches
from app.switches.models import Direction
from tests.builders import World
from tests.payments.saved.story import Saved
from tests.reconciliation.deciding import (
    AMOUNT,
    WHY,
    agree,
    books,
    collections,
    decide,
    operator,
    propose,
    refused,
    source,
    standing,
)
from tests.reconciliation.planting import line, listen, wire

# It is for a pledge


@pytest.mark.parametrize("sent", [True, False], ids=["the payer has a page", "nothing was asked yet"])
def test_a_receipt_becomes_the_payment_that_a_pledge_waited_for(world: World, sent: bool) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    if sent:
        world.run_jobs()
    entry = wire(world, offering, AMOUNT)
    assert standing(world) == [entry] and books(world, offering) == {"1100": AMOUNT, "2200": -AMOUNT}

    decide(world, entry, pledge)
    assert world.pledge(pledge.id).status == "held" and standing(world) == []
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert collections(world, pledge)[-1] == ("succeeded", source(world, entry))
    progress = world.offering(offering.id).progress
    assert progress is not None and (progress.taken_minor, progress.held_minor) == (AMOUNT, AMOUNT)
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'pledge_held'") == [(1,)]
    world.run_jobs()
    world.let_backoffs_pass()
    world.run_jobs()
    assert listen(world) == []
    assert world.broken_promises() == []


@pytest.mark.parametrize("whole", [False, True], ids=["who pledged ends it", "the whole offering ends"])
@pytest.mark.parametrize("sent", [True, False], ids=["the payer has a page", "nothing was asked yet"])
def test_what_was_found_goes_back_to_its_own_payment_when_the_pledge_ends(
    world: World, sent: bool, whole: bool
) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    if sent:
        world.run_jobs()
    entry = wire(world, offering, AMOUNT)
    decide(world, entry, pledge)
    world.run_jobs()
    if not sent:  # then there is a withdrawn one beside it, which may be read last
        world.force("UPDATE instructions SET about_id = about_id WHERE status = 'cancelled' AND kind = 'collect'")
    if whole:
        world.pass_deadline(offering)
    else:
        world.cancel(pledge)
    for _ in range(2):
        world.run_jobs()
        world.let_backoffs_pass()
    assert world.pledge(pledge.id).status == "refunded" and books(world, offering) == {}
    ((about,),) = world.sql("SELECT about FROM sandbox.objects WHERE kind = 'refund'")
    assert f"payment/{about}" == source(world, entry)
    assert listen(world) == [] and world.broken_promises() == []


def test_the_page_that_waited_for_the_payer_is_closed(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.run_jobs()
    old = collections(world, pledge)[0][1]
    decide(world, wire(world, offering, AMOUNT), pledge)
    world.run_jobs()
    assert old is not None
    assert world.sql("SELECT status FROM sandbox.objects WHERE id = :id", id=old.split("/")[1]) == [("cancelled",)]
    assert world.sql("SELECT status FROM instructions WHERE kind = 'cancel'") == [("succeeded",)]
    assert world.pledge(pledge.id).status == "held"
    assert world.broken_promises() == []


@pytest.mark.parametrize("late", [False, True], ids=["before it is closed", "although it is closed"])
def test_who_pays_there_all_the_same_gets_that_back_and_keeps_the_pledge(world: World, late: bool) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.run_jobs()
    old = str(collections(world, pledge)[0][1]).split("/")[1]
    entry = wire(world, offering, AMOUNT)
    decide(world, entry, pledge)
    if late:
        world.run_jobs()
        world.sql("UPDATE sandbox.objects SET status = 'requires_action' WHERE id = :id", id=old)
    assert world.platform.sandbox is not None
    world.platform.sandbox.pay(old, Token.OK)
    world.run_jobs()
    world.move_clock(minutes=20)
    listen(world)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "held"
    assert collections(world, pledge) == [("succeeded", source(world, entry))]
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert world.sql("SELECT about, amount_minor, status FROM sandbox.objects WHERE kind = 'refund'") == [
        (old, AMOUNT, "succeeded")
    ]
    assert listen(world) == [] and world.broken_promises() == []


def test_the_fee_that_an_investor_pays_on_top_is_a_part_of_it(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.force("UPDATE pledges SET fee_minor = 500 WHERE id = :id", id=pledge.id)
    world.force("UPDATE instructions SET amount_minor = 25500 WHERE pledge_id = :id", id=pledge.id)
    decide(world, wire(world, offering, AMOUNT + 500), pledge)
    assert books(world, offering) == {"1100": AMOUNT + 500, "2010": -AMOUNT, "2015": -500}
    assert world.broken_promises() == []


def test_what_a_bank_may_still_take_back_is_unsettled_until_it_may_not(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    world.run_jobs()
    world.force("UPDATE instructions SET clearing_hold = interval '5 days' WHERE pledge_id = :id", id=pledge.id)
    decide(world, wire(world, offering, AMOUNT), pledge)
    assert books(world, offering) == {"1100": AMOUNT, "2000": -AMOUNT}
    world.run_jobs()
    assert world.broken_promises() == []
    world.move_clock(days=5, minutes=1)
    with world.acting() as tx:
        custody.take_next_step(tx, offering.id)
    assert books(world, offering) == {"1100": AMOUNT, "2010": -AMOUNT}


def test_a_pledge_that_was_to_be_charged_later_is_charged_no_more(cards_world: World) -> None:
    saved = Saved(cards_world)
    pledge = saved.promised()
    decide(cards_world, wire(cards_world, saved.offering, AMOUNT), pledge)
    assert (saved.counters(), saved.in_the_book(pledge)) == ((AMOUNT, 0, AMOUNT), 0)
    assert cards_world.broken_promises() == []
    charge = saved.when_due(pledge)
    assert (charge.status, charge.instrument, charge.charge_at) == ("held", None, None)
    assert books(cards_world, saved.offering) == {"1100": AMOUNT, "2010": -AMOUNT}
    assert saved.payments() == [] and cards_world.broken_promises() == []


# It is refused


@pytest.mark.parametrize("amount", [AMOUNT - 1, AMOUNT + 1, AMOUNT // 2])
def test_another_amount_than_is_to_pay_is_refused(world: World, amount: int) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    assert refused(world, wire(world, offering, amount), pledge) == "receipt_other_amount"


@pytest.mark.parametrize("end", ["held", "cancelled"])
def test_a_pledge_that_waits_for_nothing_gets_nothing(world: World, end: str) -> None:
    offering = world.live()
    pledge = world.held(offering) if end == "held" else world.pledged(offering)
    if end == "cancelled":
        world.cancel(pledge)
    assert world.pledge(pledge.id).status == end
    assert refused(world, wire(world, offering, AMOUNT), pledge) == "pledge_not_waiting"


def test_a_pledge_of_another_offering_gets_nothing(world: World) -> None:
    offering = world.live()
    elsewhere = world.pledged(world.live())
    assert refused(world, wire(world, offering, AMOUNT), elsewhere) == "pledge_unknown"
    with world.acting(operator(world)) as tx, pytest.raises(Refused, match="pledge_unknown"):
        unidentified.propose(tx, standing(world)[0], "P-NOTHING", WHY)


def test_while_the_investors_own_payment_may_be_on_its_way_nothing_is_said(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    world.force("UPDATE instructions SET status = 'unknown' WHERE pledge_id = :id", id=pledge.id)
    assert refused(world, entry, pledge) == "payment_under_way"


def test_a_bank_that_has_it_back_already_leaves_nothing_to_say(world: World) -> None:
    offering = world.live()
    pledge = world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    line(world, source(world, entry).split("/")[1], -AMOUNT, "return", account=f"offering-{offering.id}")
    world.sql("UPDATE sandbox.transactions SET object_kind = 'payment' WHERE kind = 'return'")
    world.move_clock(minutes=20)
    listen(world)
    assert refused(world, entry, pledge) == "receipt_unclear"
    assert refused(world, entry, None) == "receipt_unclear"


@pytest.mark.parametrize("way", [Direction.IN, Direction.OUT])
def test_what_is_switched_off_waits(world: World, way: Direction) -> None:
    offering = world.live()
    pledge = None if way is Direction.OUT else world.pledged(offering)
    entry = wire(world, offering, AMOUNT)
    ref, officer = propose(world, entry, pledge), world.officer()
    with world.acting() as tx:
        switches.set_off(tx, "The bank's line is down.", offering_id=offering.id, direction=way)
    before = world.contents()
    with pytest.raises(Refused, match="switched_off"):
        agree(world, ref, officer)
    assert world.contents() == before
    world.sql("UPDATE switches SET lifted_at = platform_now(), lifted_by = 'x', lifted_why = 'x'")
    assert agree(world, ref, officer) is Answer.APPROVED


def test_a_reason_is_given_and_only_what_is_a_receipt_is_one(world: World) -> None:
    offering = world.live()
    entry = wire(world, offering, AMOUNT)
    with world.acting(operator(world)) as tx:
        with pytest.raises(Refused, match="reason_too_short"):
            unidentified.propose(tx, entry, None, "because")
        with pytest.raises(NotFound):
            unidentified.propose(tx, entry + 1, None, WHY)
