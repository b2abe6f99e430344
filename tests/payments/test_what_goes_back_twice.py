"""Money on its way back to a payer whose bank takes it, too; and money that does not arrive where it goes back to."""

from __future__ import annotations

import pytest

from app.fees.terms import FeeTerms
from app.jobs import carry_money, process_inbox, reconcile
from app.offerings.models import Offering, OversubscriptionRule
from app.payments.port import Method
from app.payments.sandbox.tables import Token
from tests.builders import World
from tests.payments.test_after_the_payment import Story, give_account


class Scaled(Story):
    """Two debits of 750 for an offering that sells 1,000: each gets two thirds of what it wished for."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.offering: Offering = world.live(
            regime_id="US-REGA", days=60, rule=OversubscriptionRule.PRO_RATA, price="25", target="250", maximum="1000",
            minimum_pledge="50", fees=FeeTerms(success_bps=500),
        )  # fmt: skip
        self.pledge, self.payment = self.paid(Method.ACH_DEBIT, shares=30)
        self.paid(Method.ACH_DEBIT, shares=30)
        self.days(20)

    def allots(self) -> None:
        """Officers approve; the refund of what was not allotted waits to be sent."""
        self.ends()
        self.world.approve_closing(self.offering)
        assert self.part() == ["queued"]

    def part(self) -> list[str]:
        asked = (
            "SELECT status FROM instructions WHERE business_key LIKE 'refund:part:%' AND pledge_id = :id ORDER BY id"
        )
        return [status for (status,) in self.world.sql(asked, id=self.pledge.id)]

    def bounces(self) -> None:
        """Everything is settled; then the part that went back does not arrive."""
        self.allots()
        self.world.run_jobs()
        self.days(2)
        self.cards.refund_fails(self.cards.refund_of(self.pledge))
        self.days(1)
        assert (self.part(), self.owed(), self.back()) == (["succeeded"], 25_000, [])

    def back(self) -> list[tuple[str, int]]:
        """What was asked to be paid to bank accounts."""
        rows = self.world.sql("SELECT status, amount_minor FROM instructions WHERE kind = 'pay_back' ORDER BY id")
        return [(status, minor) for status, minor in rows]

    def lost(self) -> int:
        ((minor,),) = self.world.sql(
            "SELECT coalesce(sum(debits - credits), 0) FROM ledger_accounts WHERE code = '5020'"
        )
        return int(minor)

    def owed(self) -> int:
        ((minor,),) = self.world.sql(
            "SELECT coalesce(sum(credits - debits), 0) FROM ledger_accounts WHERE code = '2020' AND pledge_id = :id",
            id=self.pledge.id,
        )
        return int(minor)


@pytest.fixture
def scaled(cards_world: World) -> Scaled:
    return Scaled(cards_world)


def test_a_part_that_was_not_sent_pays_for_the_debit_that_its_bank_took_back(scaled: Scaled) -> None:
    scaled.allots()
    scaled.cards.late_return(scaled.payment)
    scaled.world.deliver_events()
    process_inbox.run(scaled.world.platform)
    assert (scaled.part(), scaled.owed()) == (["cancelled"], 0)
    scaled.days(3)
    assert scaled.lost() == 50_000  # of 750, 250 were still here
    assert scaled.world.broken_promises() == []


def test_a_part_that_was_on_its_way_and_did_not_arrive_makes_the_loss_good(scaled: Scaled) -> None:
    scaled.allots()
    scaled.world.run_jobs()
    scaled.days(2)
    assert scaled.part() == ["succeeded"]
    scaled.cards.late_return(scaled.payment)
    scaled.days(1)
    assert scaled.lost() == 75_000
    refund = scaled.cards.refund_of(scaled.pledge)
    scaled.cards.refund_fails(refund)
    scaled.days(1)
    assert (scaled.lost(), scaled.owed()) == (50_000, 0)
    assert scaled.told("refund_failed") == 0
    give_account(scaled.world, scaled.pledge)
    scaled.days(2)
    assert scaled.world.sql("SELECT count(*) FROM instructions WHERE kind = 'pay_back'") == [(0,)]
    assert scaled.world.broken_promises() == []


def test_a_part_that_did_not_arrive_goes_to_the_investors_own_bank_account(scaled: Scaled) -> None:
    scaled.bounces()
    give_account(scaled.world, scaled.pledge)
    scaled.days(3)
    assert (scaled.back(), scaled.owed(), scaled.status(scaled.pledge)) == ([("succeeded", 25_000)], 0, "settled")
    assert scaled.told("refund_paid") == 3  # both parts, and this one anew
    assert scaled.world.broken_promises() == []


def test_a_part_that_waits_to_go_to_a_bank_account_pays_for_the_debit_that_its_bank_took_back(scaled: Scaled) -> None:
    scaled.bounces()
    give_account(scaled.world, scaled.pledge)
    carry_money.run(scaled.world.platform)
    assert scaled.back() == [("queued", 25_000)]
    scaled.cards.late_return(scaled.payment)
    scaled.world.deliver_events()
    process_inbox.run(scaled.world.platform)
    assert (scaled.back(), scaled.owed()) == ([("cancelled", 25_000)], 0)
    scaled.days(3)
    assert (scaled.lost(), scaled.back()) == (50_000, [("cancelled", 25_000)])
    assert scaled.world.broken_promises() == []


@pytest.mark.parametrize("won", [True, False])
def test_a_part_waits_while_a_bank_looks_into_a_complaint(scaled: Scaled, won: bool) -> None:
    scaled.allots()
    scaled.cards.dispute(scaled.payment)
    scaled.world.deliver_events()
    process_inbox.run(scaled.world.platform)
    assert (scaled.part(), scaled.owed()) == (["cancelled"], 25_000)
    end = scaled.cards.dispute_won if won else scaled.cards.dispute_lost
    end(scaled.payment)
    scaled.days(3)
    assert scaled.part() == (["cancelled", "succeeded"] if won else ["cancelled"])
    assert (scaled.owed(), scaled.lost()) == (0, 0 if won else 50_000)
    assert scaled.world.broken_promises() == []


def test_a_refund_that_fails_after_its_debit_was_taken_back_is_owed_to_nobody(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, token=Token.OK, shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    assert story.status(pledge) == "refunded"
    story.cards.late_return(payment)
    story.days(1)
    story.cards.refund_fails(story.cards.refund_of(pledge))
    story.days(1)
    assert story.status(pledge) == "returned"
    ((lost,),) = story.world.sql("SELECT sum(debits - credits) FROM ledger_accounts WHERE code = '5020'")
    assert lost == 0
    give_account(story.world, pledge)
    story.days(2)
    assert story.world.sql("SELECT count(*) FROM instructions WHERE kind = 'pay_back'") == [(0,)]
    assert story.world.broken_promises() == []


def test_unwanted_money_that_does_not_arrive_lies_apart_and_is_an_officers(story: Story) -> None:
    pledge = story.world.pledged(story.offering)
    payment = story.cards.chosen(pledge, Method.CARD)
    story.cards.pays(payment, Token.PARTIAL_AMOUNT)
    story.world.run_jobs()
    story.days(3)
    refund = story.cards.refund_of(pledge)
    story.cards.refund_fails(refund)
    story.days(1)
    assert story.books()["2200"] == -12_500
    assert story.alerts() == ["PLATFORM-APART"]
    assert story.world.sql("SELECT status FROM review_cases WHERE kind = 'alert'") == [("open",)]
    assert story.world.broken_promises() == []


def test_a_bank_account_is_used_when_a_complaint_that_stopped_it_is_over(story: Story) -> None:
    pledge, payment = story.paid(token=Token.REFUND_FAIL_D3)
    story.world.cancel(pledge)
    story.days(5)
    give_account(story.world, pledge)
    carry_money.run(story.world.platform)
    asked = "SELECT status FROM instructions WHERE kind = 'pay_back' ORDER BY id"
    assert story.world.sql(asked) == [("queued",)]
    story.cards.dispute(payment)
    story.world.deliver_events()
    process_inbox.run(story.world.platform)
    assert story.world.sql(asked) == [("cancelled",)]
    story.cards.dispute_won(payment)
    for _ in range(6):
        story.days(1)
        story.world.let_backoffs_pass()
    assert (story.status(pledge), story.books()) == ("refunded", {})
    assert story.world.sql(asked) == [("cancelled",), ("succeeded",)]


def test_a_bank_account_that_did_not_take_the_money_is_not_tried_again(story: Story) -> None:
    pledge, _ = story.paid(token=Token.REFUND_FAIL_D3)
    story.world.cancel(pledge)
    story.days(5)
    give_account(story.world, pledge, number="US00 1111 0096")
    for _ in range(4):
        story.days(1)
        story.world.let_backoffs_pass()
    assert story.world.sql("SELECT status FROM instructions WHERE kind = 'pay_back'") == [("failed",)]
    assert story.status(pledge) == "refund_due"
    give_account(story.world, pledge, number="US00 1111 2222")
    story.days(4)
    assert story.status(pledge) == "refunded"
    assert story.world.sql("SELECT status FROM instructions WHERE kind = 'pay_back' ORDER BY id") == [
        ("failed",), ("succeeded",),
    ]  # fmt: skip
    reconcile.settle(story.world.platform)
    assert story.world.sql("SELECT count(*) FROM breaks WHERE kind = 'R10' AND status = 'open'") == [(0,)]
