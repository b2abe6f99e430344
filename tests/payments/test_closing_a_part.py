"""A part is closed of money that a collector took: what it wants is carried to the custodian, while more comes in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.closings import actions as closings
from app.closings import holding_back, queries
from app.fees.terms import FeeTerms
from app.ledger.chart import Code
from app.payments.port import Method, Ref
from app.pledges.models import Pledge
from app.regimes.us_reg_a import UsRegA
from tests.builders import World
from tests.closings.part import Part
from tests.payments.sandbox.cards import Cards
from tests.payments.test_after_the_payment import Story as Offered

#: Every story ends with clean books.
pytestmark = pytest.mark.usefixtures("clean_at_the_end")


class Story(Offered):
    def __init__(self, world: World) -> None:
        self.world, self.cards = world, Cards.of(world)
        self.part = Part(world, regime_id="US-REGA", days=60)
        self.offering = self.part.offering

    def two_parts(self, debit_shares: int, *shares: int) -> tuple[Pledge, Ref]:
        """Close a part with a debit, and others, a tenth of each held back; the debit's pledge and payment."""
        self.part = Part(
            self.world, regime_id="US-REGA", days=60, fees=FeeTerms(500, holdback_bps=1_000, holdback_days=30)
        )
        self.offering = self.part.offering
        debit = self.paid(Method.ACH_DEBIT, shares=debit_shares)
        self.days(15)
        for number in shares:
            self.paid(shares=number)
            self.part.announce()
            self.days(9)
            self.world.approve_closing(self.offering)
            self.world.run_jobs()
        return debit


@pytest.fixture
def story(cards_world: World, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Under a law that lets collectors take the money, as if it had the row that lets a part be closed."""
    monkeypatch.setattr(UsRegA, "rolling_close_from", lambda law, opened_on, at: at + timedelta(days=7))
    return Story(cards_world)


def test_what_a_part_needs_is_carried_to_the_custodian_while_more_comes_in(story: Story) -> None:
    first, _ = story.paid()
    story.days(3)
    assert story.at(Code.ESCROW_CASH) == 0  # nobody wants it there yet
    story.part.announce()
    story.days(5)
    assert story.at(Code.ESCROW_CASH) == first.amount_minor
    later, _ = story.paid()
    story.days(4)
    assert story.part.newest().status == "proposed"
    story.world.approve_closing(story.offering)
    story.world.run_jobs()
    assert (story.status(first), story.status(later)) == ("settled", "held")
    story.settles()
    assert story.status(later) == "settled" and story.books() == {}


def test_a_debit_that_has_not_cleared_waits_for_a_later_closing(story: Story) -> None:
    first, _ = story.paid()
    debit, _ = story.paid(Method.ACH_DEBIT)
    story.days(4)
    assert story.world.pledge(debit.id).clears_at is not None
    story.part.announce()
    story.days(9)
    assert story.part.newest().total_minor == first.amount_minor
    waits = story.world.pledge(debit.id)
    assert (waits.status, waits.closes_at) == ("held", None)
    assert story.part.told("rolling_called_off") == [debit.ref]
    story.world.approve_closing(story.offering)
    story.settles()
    assert story.status(debit) == "settled"


def test_a_pledge_whose_bank_complains_is_not_closed(story: Story) -> None:
    sold, _ = story.paid()
    disputed, payment = story.paid()
    story.part.announce()
    story.cards.dispute(payment)
    story.days(9)
    assert story.part.newest().total_minor == sold.amount_minor
    assert story.status(disputed) == "refund_due"
    story.cards.dispute_won(payment)
    assert story.status(disputed) == "refunded"


def test_a_loss_is_taken_from_the_oldest_holdback(story: Story) -> None:
    """Of 275.00 and 500.00 a tenth is held back each; 25.00 are taken back."""
    small, debit = story.two_parts(10, 100, 200)
    story.cards.late_return(debit)
    assert story.status(small) == "settled"
    story.days(3)

    def left() -> list[int]:
        with story.world.looking() as view:
            return [queries.holdback_left(view.session, one).minor for one in reversed(story.part.closings())]

    assert left() == [2_750 - 2_500, 5_000]
    story.days(20)
    with story.world.acting(story.world.officer()) as tx:
        holding_back.propose(tx, story.part.closings()[1].ref)
    for _ in range(2):
        first = story.part.closings()[1]
        with story.world.acting(story.world.officer()) as tx:
            closings.approve(tx, first.ref, first.snapshot_hash or "")
    story.world.run_jobs()
    assert story.part.closings()[1].payout_minor == 250
    assert (left(), story.at(Code.ISSUER_HOLDBACK)) == ([0, 5_000], 5_000)


def test_what_losses_leave_of_several_holdbacks_is_paid_out(story: Story) -> None:
    """Of 275.00 and 250.00 a tenth is held back each; 50.00 are taken back, more than one of them."""
    _, debit = story.two_parts(20, 90, 100)
    story.cards.late_return(debit)
    story.days(30)
    assert story.at(Code.ISSUER_HOLDBACK) == 2_750 + 2_500 - 5_000
    assert story.part.newest().status == "aborted"  # the deadline has passed, and nothing was left to close
    second = story.part.closings()[1]
    with story.world.acting(story.world.officer()) as tx:
        holding_back.propose(tx, second.ref)
    for _ in range(2):
        second = story.part.closings()[1]
        with story.world.acting(story.world.officer()) as tx:
            closings.approve(tx, second.ref, second.snapshot_hash or "")
    story.world.run_jobs()
    assert (second.payout_minor, story.at(Code.ISSUER_HOLDBACK)) == (250, 0)
