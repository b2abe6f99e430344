"""A part of a closing is kept back from the company: it covers what banks take back, and what is left is paid out later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from app.actor import Actor
from app.closings import actions as closings
from app.closings import holding_back, queries
from app.closings.actions import Approval
from app.closings.models import Closing
from app.errors import Refused
from app.fees.terms import FeeTerms
from app.identity import actions as identity
from app.identity import queries as people
from app.jobs import process_inbox, reconcile
from app.ledger.chart import Code
from app.offerings import actions as offerings
from app.payments.port import Method, Ref
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX
from app.pledges.models import Pledge
from tests.builders import World
from tests.payments.sandbox.cards import Cards
from tests.payments.test_after_the_payment import Story as Offered

#: Every story ends with clean books.
pytestmark = pytest.mark.usefixtures("clean_at_the_end")

#: Of 750.00: 37.50 are our fee, 75.00 are kept back for ninety days.
TERMS = FeeTerms(success_bps=500, holdback_bps=1_000, holdback_days=90)


class Story(Offered):
    def __init__(self, world: World) -> None:
        self.world, self.cards = world, Cards.of(world)
        self.offering = world.live(regime_id="US-REGA", days=30, target="250", maximum="100000", fees=TERMS)
        self.officers = [world.officer() for _ in range(4)]

    def settled(self, shares: int = 300) -> tuple[Pledge, Ref]:
        pledge, payment = self.paid(Method.ACH_DEBIT, shares=shares)
        self.days(15)
        self.settles()
        return pledge, payment

    def closing(self) -> Closing:
        with self.world.looking() as view:
            return queries.of_offering(view.session, self.offering.id)[0]

    def left(self) -> int:
        with self.world.looking() as view:
            return queries.holdback_left(view.session, self.closing()).minor

    def lost(self) -> int:
        ((minor,),) = self.world.sql(
            "SELECT coalesce(sum(debits - credits), 0) FROM ledger_accounts WHERE code = '5020'"
        )
        return int(minor)

    def term_ends(self) -> None:
        self.world.move_clock(days=90)
        self.world.run_jobs()

    def propose(self, by: Actor | None = None) -> None:
        with self.world.acting(by or self.officers[0]) as tx:
            holding_back.propose(tx, self.closing().ref)

    def approve(self, officer: Actor, seen: str | None = None) -> Approval:
        with self.world.acting(officer) as tx:
            return closings.approve(tx, self.closing().ref, seen or self.closing().snapshot_hash or "")

    def payouts(self) -> list[int]:
        """What the company was paid, oldest first."""
        rows = self.world.sql(
            "SELECT amount_minor FROM instructions WHERE kind = 'release' AND status = 'succeeded' ORDER BY id"
        )
        return [minor for (minor,) in rows]

    def refused(self, code: str, by: Actor | None = None) -> None:
        before = self.world.contents()
        with pytest.raises(Refused, match=code):
            self.propose(by)
        assert self.world.contents() == before


def test_a_part_is_kept_back_and_paid_out_after_its_days_when_two_officers_agree(story: Story) -> None:
    story.settled()
    closing = story.closing()
    assert (closing.fee_minor, closing.holdback_minor, closing.payout_minor) == (3_750, 7_500, 63_750)
    assert story.payouts() == [63_750] and story.books() == {"1100": 7_500, "2110": -7_500}
    story.refused("held_back_until")
    story.term_ends()
    story.propose()
    assert story.closing().status == "holdback_proposed"
    with pytest.raises(Refused, match="own_closing"):
        story.approve(story.officers[0])
    assert story.approve(story.officers[1]) is Approval.COUNTED
    assert story.payouts() == [63_750]
    assert story.approve(story.officers[2]) is Approval.EXECUTED
    story.world.run_jobs()
    assert story.payouts() == [63_750, 7_500] and story.books() == {}
    assert story.closing().status == "done" and story.closing().holdback_released_at is not None
    assert story.told("funds_released") == 2
    story.refused("nothing_held_back")


def test_what_a_bank_takes_back_is_covered_by_it_first(story: Story) -> None:
    pledge, payment = story.settled()
    story.days(20)
    story.cards.late_return(payment)
    assert story.status(pledge) == "settled"
    story.days(3)
    ((lost,),) = story.world.sql("SELECT sum(debits - credits) FROM ledger_accounts WHERE code = '5020'")
    assert (lost, story.left()) == (pledge.amount_minor - 7_500, 0)
    assert story.books() == {}
    assert "loss_covered_by_holdback" in story.entries()
    story.term_ends()
    story.refused("nothing_held_back")


def test_what_is_left_after_a_loss_is_what_is_paid(story: Story) -> None:
    small, payment = story.paid(Method.ACH_DEBIT, shares=10)
    story.settled()
    assert (story.closing().holdback_minor, small.amount_minor) == (7_750, 2_500)
    story.days(20)
    story.cards.late_return(payment)
    story.days(3)
    assert story.left() == 5_250
    story.term_ends()
    story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.payouts()[1:] == [5_250] and story.books() == {}


def test_officers_approve_the_amount_that_is_left_when_they_do(story: Story) -> None:
    small, payment = story.paid(Method.ACH_DEBIT, shares=10)
    story.settled()
    story.term_ends()
    story.propose()
    seen = story.closing().snapshot_hash
    story.approve(story.officers[1])
    story.cards.late_return(payment)
    assert story.status(small) == "settled"
    story.days(3)
    assert story.approve(story.officers[2], seen) is Approval.CHANGED
    assert story.closing().payout_minor == 5_250 and story.closing().snapshot_hash != seen
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.payouts()[1:] == [5_250]


def test_when_nothing_is_left_any_more_there_is_nothing_to_approve(story: Story) -> None:
    _, payment = story.settled()
    story.term_ends()
    story.propose()
    story.cards.late_return(payment)
    story.days(3)
    assert story.approve(story.officers[1]) is Approval.CHANGED
    assert story.closing().status == "done" and story.payouts() == [63_750]


@pytest.mark.parametrize("is_proposed", [False, True])
def test_it_stays_while_a_bank_looks_into_a_complaint_about_what_was_sold(story: Story, is_proposed: bool) -> None:
    """What that costs in the end is taken from it first."""
    small, payment = story.paid(shares=10)
    story.settled()
    story.term_ends()
    if is_proposed:
        story.propose()
    story.cards.dispute(payment)
    story.days(1)
    before = story.world.contents()
    with pytest.raises(Refused, match="holdback_disputed"):
        story.approve(story.officers[1]) if is_proposed else story.propose()
    assert story.world.contents() == before
    story.cards.dispute_lost(payment)
    assert story.status(small) == "settled"
    story.days(3)
    if is_proposed:
        assert story.approve(story.officers[1]) is Approval.CHANGED
    else:
        story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.payouts()[1:] == [7_750 - 2_500] and story.books() == {}


@pytest.mark.parametrize("shares", [10, 300])
def test_what_a_bank_gives_back_after_all_makes_it_whole_again(story: Story, shares: int) -> None:
    """First what the platform lost itself, then what was kept back: as if nobody had ever complained."""
    sold, payment = story.paid(shares=shares)
    story.settled()
    before = story.left()
    story.cards.dispute(payment)
    story.cards.dispute_lost(payment)
    story.days(3)
    assert story.left() == max(before - sold.amount_minor, 0)
    story.cards.dispute_won(payment)
    for _ in range(2):
        story.days(3)
        assert (story.left(), story.lost()) == (before, 0)
    assert story.world.broken_promises() == []
    story.term_ends()
    story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    story.days(1)  # what the platform had lost is swept to it
    assert story.payouts()[1:] == [before] and story.books() == {}


def test_what_a_bank_gives_back_after_the_rest_was_paid_out_lies_apart_for_an_officer(story: Story) -> None:
    small, payment = story.paid(shares=10)
    story.settled()
    story.cards.dispute(payment)
    story.cards.dispute_lost(payment)
    story.days(3)
    story.term_ends()
    story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.payouts()[1:] == [7_750 - 2_500]
    story.cards.dispute_won(payment)
    story.days(3)
    assert (story.lost(), story.books()["2200"]) == (0, -small.amount_minor)
    assert story.alerts()[-1] == "PLATFORM-APART"


def test_a_refused_payout_of_it_is_approved_anew_and_never_beyond_what_is_owed(story: Story) -> None:
    story.settled()
    story.term_ends()
    story.world.change_payee(story.offering.issuer_id, holder="A", account=f"US00{REFUSING_ACCOUNT_SUFFIX}")
    story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.closing().status == "payout_failed" and story.books() == {"1100": 7_500, "2100": -7_500}
    with pytest.raises(DBAPIError):
        story.world.sql("UPDATE closings SET payout_minor = 7501")
    story.world.change_payee(story.offering.issuer_id, holder="A", account="US00 3333 4444")
    with story.world.acting(story.officers[3]) as tx:
        closings.propose_payout(tx, story.closing().ref)
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.payouts() == [63_750, 7_500] and story.books() == {}


def test_the_database_pays_nothing_back_that_two_officers_did_not_approve(story: Story) -> None:
    story.settled()
    for fault in (
        "status = 'releasing', payout_minor = 7500",
        "status = 'holdback_proposed', payout_minor = 7501",
        "holdback_released_at = now()",
        "holdback_minor = 0",
    ):
        with pytest.raises(DBAPIError):
            story.world.sql(f"UPDATE closings SET {fault}")
    assert story.at(Code.ISSUER_HOLDBACK) == 7_500


def test_the_terms_are_fixed_when_the_offering_is_handed_in(cards_world: World) -> None:
    offering, _, _ = cards_world.submitted(fees=TERMS)
    with pytest.raises(Refused, match="terms_locked"), cards_world.acting() as tx:
        offerings.agree_fees(tx, offering.id, FeeTerms(0))
    with pytest.raises(DBAPIError, match="the fees of offering"):
        cards_world.sql("UPDATE offerings SET holdback_days = 0 WHERE id = :id", id=offering.id)
    assert cards_world.offering(offering.id).fees == TERMS


def test_an_officer_who_left_counts_no_more(story: Story) -> None:
    story.settled()
    story.term_ends()
    story.propose()
    story.approve(story.officers[1])
    with story.world.acting() as tx:
        assert story.officers[1].user_id is not None
        identity.suspend(tx, people.user(tx.session, story.officers[1].user_id))
    assert story.approve(story.officers[2]) is Approval.COUNTED
    assert story.payouts() == [63_750]
    assert story.closing().settled_at is not None
    assert story.world.now() - story.closing().settled_at >= timedelta(days=90)


def test_a_payout_that_comes_back_while_what_was_held_back_is_paid_out_waits_for_that(story: Story) -> None:
    story.settled()
    story.term_ends()
    story.propose()
    for officer in story.officers[1:3]:
        story.approve(officer)
    ((first,),) = story.world.sql(
        "SELECT provider_ref FROM instructions WHERE kind = 'release' AND status = 'succeeded'"
    )
    assert story.world.platform.sandbox is not None
    story.world.platform.sandbox.send_back(Ref.read(first).id)
    story.world.deliver_events()
    process_inbox.run(story.world.platform)
    assert story.closing().status == "releasing"
    assert story.world.sql("SELECT last_error FROM gateway_events WHERE status = 'new'") == []
    story.world.run_jobs()
    assert (story.closing().status, story.payouts(), story.books()) == ("done", [63_750, 7_500], {})
    story.days(1)
    reconcile.run(story.world.platform)
    assert story.closing().status == "payout_failed" and story.books() == {"1100": 63_750, "2100": -63_750}
    with story.world.acting(story.officers[3]) as tx:
        closings.propose_payout(tx, story.closing().ref)
    for officer in story.officers[1:3]:
        story.approve(officer)
    story.world.run_jobs()
    assert story.closing().status == "done" and story.books() == {}
