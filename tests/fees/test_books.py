"""What was shown is what is asked for, booked, given back and earned, to the cent."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from app.closings import actions as closings
from app.errors import Refused
from app.fees.terms import FeeTerms
from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.money import Money
from app.offerings import actions as offerings
from tests.builders import World
from tests.closings.conftest import Desk
from tests.closings.test_outcomes import cash

TERMS = FeeTerms(success_bps=333, investor_bps=275, investor_most_minor=1_000, listing_minor=12_345)


def balance(world: World, code: Code, **whose: int) -> int:
    with world.looking() as view:
        return ledger.balance(view.session, code, "USD", **whose)


def test_a_pledge_stores_its_fee_and_the_investor_is_asked_for_both_together(world: World) -> None:
    offering = world.live(fees=TERMS)
    pledge = world.held(offering, 101)  # 252.50, and 2.75 % of it is 6.94375
    assert (pledge.amount_minor, pledge.fee_minor, pledge.to_pay.minor) == (25_250, 694, 25_944)
    assert cash(world) == [("payment", 25_944)]
    assert balance(world, Code.INVESTOR_HELD, offering_id=offering.id, pledge_id=pledge.id) == 25_250
    assert balance(world, Code.INVESTOR_FEE_HELD, offering_id=offering.id, pledge_id=pledge.id) == 694
    progress = world.offering(offering.id).progress
    assert progress is not None and progress.held_minor == 25_250  # the fee counts toward nothing
    assert world.broken_promises() == []


def test_a_fee_stops_at_its_limit_for_each_pledge(world: World) -> None:
    offering = world.live(fees=TERMS)
    assert world.pledged(offering, 1_000).fee_minor == 1_000
    assert world.pledged(offering, 100).fee_minor == 688  # 6.875, half up


def test_whoever_cancels_gets_the_fee_back_in_full(world: World) -> None:
    offering = world.live(fees=TERMS)
    pledge = world.held(offering, 101)
    world.cancel(pledge)
    assert balance(world, Code.REFUND_PAYABLE, offering_id=offering.id, pledge_id=pledge.id) == 25_944
    assert world.broken_promises() == []
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert cash(world) == [("payment", 25_944), ("refund", -25_944)]
    assert world.broken_promises() == []


def test_a_failed_offering_gives_every_fee_back_and_earns_none(world: World) -> None:
    desk = Desk(world)
    offering = world.live(target="50000", fees=TERMS)
    for shares in (101, 17):
        world.held(offering, shares)
    world.pass_deadline(offering)
    desk.until_quiet()
    assert world.offering(offering.id).status == "refunded"
    assert sum(minor for _, minor in cash(world)) == 0
    assert balance(world, Code.FEE_INCOME) == 12_345  # the listing alone
    assert world.broken_promises() == []


def test_a_closing_earns_what_was_shown_to_the_cent(world: World) -> None:
    desk = Desk(world)
    sizes = (101, 17, 1_000)
    offering = desk.proposed(*sizes, fees=TERMS)
    closing = desk.closing(offering)
    total = sum(sizes) * 250
    success = Money(total, "USD").share_of(333).minor
    shown = [TERMS.investor_fee(Money(size * 250, "USD")).minor for size in sizes]
    assert (closing.total_minor, closing.fee_minor, closing.investor_fee_minor) == (total, success, sum(shown))
    world.approve_closing(offering)
    desk.until_quiet()
    assert world.offering(offering.id).status == "settled"
    assert cash(world) == [("move", 0), ("payment", total + sum(shown)), ("payout", -(total - success))]
    assert balance(world, Code.FEE_INCOME) == success + sum(shown) + 12_345
    assert balance(world, Code.PLATFORM_CASH) == success + sum(shown)
    assert balance(world, Code.ISSUER_RECEIVABLE, offering_id=offering.id) == 12_345
    assert world.broken_promises() == []


def test_officers_who_saw_other_fees_approve_nothing(world: World) -> None:
    """The investors' fees are part of the snapshot, and the database keeps them once it is released."""
    desk = Desk(world)
    offering = desk.proposed(101, fees=TERMS)
    seen = desk.closing(offering).snapshot_hash
    world.force("UPDATE closing_lines SET investor_fee_minor = 1")
    with world.acting(world.officer()) as tx:
        assert closings.approve(tx, desk.closing(offering).ref, seen or "") is closings.Approval.CHANGED
    world.approve_closing(offering)
    with pytest.raises(DBAPIError, match="released as approved"):
        world.sql("UPDATE closings SET investor_fee_minor = 0 WHERE offering_id = :id", id=offering.id)


def test_the_listing_is_billed_once_when_the_offering_opens(world: World) -> None:
    offering = world.live(fees=TERMS)
    assert balance(world, Code.ISSUER_RECEIVABLE, offering_id=offering.id) == 12_345
    assert cash(world) == []
    assert world.broken_promises() == []


def test_the_fees_are_fixed_when_the_offering_is_handed_in(world: World) -> None:
    offering, _, _ = world.submitted(fees=TERMS)
    before = world.contents()
    with pytest.raises(Refused, match="terms_locked"), world.acting() as tx:
        offerings.agree_fees(tx, offering.id, FeeTerms(0))
    with pytest.raises(DBAPIError, match="the fees of offering"):
        world.sql("UPDATE offerings SET investor_fee_bps = 0 WHERE id = :id", id=offering.id)
    assert world.contents() == before
    assert world.offering(offering.id).fees == TERMS
