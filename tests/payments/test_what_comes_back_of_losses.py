"""A loss that somebody had borne comes back after all: each gets what they had borne, once. Every story ends with clean books."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from time import sleep

import pytest

from app.custody import actions as custody
from app.custody import bills
from app.database import Transaction
from app.errors import Refused
from app.jobs import carry_money, outcomes, process_inbox, send_payments
from app.ledger.chart import Code
from app.payments.errors import Rejected
from app.payments.port import Method, OpKind, Ref
from app.payments.sandbox.tables import Fault
from app.pledges.models import Pledge
from tests.builders import World, usd
from tests.payments.test_after_the_payment import Story as Offered
from tests.payments.test_refusals import with_gateway_that_says
from tests.racing import came_of, crowded
from tests.reconciliation.deciding import decide, refused, standing
from tests.reconciliation.planting import line, listen

#: Every story ends with clean books.
pytestmark = pytest.mark.usefixtures("clean_at_the_end")

LOST = 75_000


class Story(Offered):
    def lost(self, shares: int = 300) -> tuple[Pledge, Ref]:
        """One whose payer's bank keeps the money after the shares: the platform has paid it in."""
        pledge, payment = self.paid(shares=shares)
        self.settles()
        self.loses(payment)
        return pledge, payment

    def loses(self, payment: Ref) -> None:
        self.cards.dispute(payment)
        self.cards.dispute_lost(payment)
        self.days(3)

    def won(self, payment: Ref) -> None:
        """The bank gives it back; nothing else has happened yet."""
        self.cards.dispute_won(payment)
        self.world.deliver_events()
        process_inbox.run(self.world.platform)

    def swept(self) -> list[tuple[str, int]]:
        """What was asked to be moved to the platform apart from the fees of closings."""
        asked = "SELECT status, amount_minor FROM instructions WHERE kind = 'fee' AND closing_id IS NULL ORDER BY id"
        return [(status, minor) for status, minor in self.world.sql(asked)]

    def moved_to_us(self) -> list[int]:
        """What the custodian moved to the platform's own account."""
        rows = self.world.sql(
            "SELECT amount_minor FROM sandbox.transactions WHERE kind = 'move' AND account = 'platform'"
            " AND amount_minor > 0 ORDER BY id"
        )
        return [minor for (minor,) in rows]

    def ours(self) -> dict[str, int]:
        """Code -> debits less credits of the platform's own book, of what these stories are about."""
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE code IN ('3210', '3220', '5020') GROUP BY code"
            " HAVING sum(debits - credits) <> 0"
        )
        return {code: int(net) for code, net in rows}

    def bills(self, amount: str) -> None:
        with self.world.acting() as tx:
            bills.claim_loss(tx, self.offering.id, usd(amount))

    def pays_bill(self, minor: int, name: str = "bill") -> None:
        key = line(self.world, name, minor, account="platform")
        listen(self.world)
        with self.world.acting() as tx:
            bills.pay(tx, self.offering.id, key)


def apart(story: Offered) -> int:
    (entry,) = standing(story.world)
    return entry


def repaid(world: World) -> list[tuple[str, int]]:
    rows = world.sql("SELECT status, amount_minor FROM instructions WHERE kind = 'to_issuer' ORDER BY id")
    return [(status, minor) for status, minor in rows]


# What the platform had lost is swept


def test_what_the_platform_had_lost_is_swept_to_it_once(story: Story) -> None:
    before = story.moved_to_us()
    _, payment = story.lost()
    fees = story.moved_to_us()
    story.won(payment)
    assert story.at(Code.PLATFORM_FEE_PAYABLE) == LOST
    for _ in range(2):
        story.days(4)
        assert story.swept() == [("succeeded", LOST)]
        assert story.moved_to_us() == [*fees, LOST]
    assert (before, story.books(), story.ours()) == ([], {}, {})


def test_a_sweep_that_was_not_committed_is_made_by_the_next_run_and_one_that_was_is_not_made_again(
    story: Story,
) -> None:
    (_, first), (_, payment) = story.paid(shares=300), story.paid(shares=300)
    story.settles()
    story.loses(first)
    story.loses(payment)
    story.won(first)
    story.days(3)
    story.won(payment)
    carry_money.run(story.world.platform)
    story.cards.days(3)
    without_sweeping(story)
    with pytest.raises(KeyboardInterrupt):
        dies_before_the_commit(story)
    assert story.swept() == [("succeeded", LOST)]
    for _ in range(3):
        carry_money.run(story.world.platform)
    assert story.swept() == [("succeeded", LOST), ("queued", LOST)]
    story.days(1)
    assert story.swept() == [("succeeded", LOST)] * 2 and story.books() == {}


def dies_before_the_commit(story: Story) -> None:
    with story.world.acting() as tx:
        assert custody.take_next_step(tx, story.offering.id) == 1
        raise KeyboardInterrupt


def without_sweeping(story: Story) -> None:
    """What came back is carried to the custodian, and no further."""
    for _ in range(20):
        if story.at(Code.ESCROW_CASH) == LOST:
            return
        story.cards.days(1)
        story.world.let_backoffs_pass()
        story.world.deliver_events()
        process_inbox.run(story.world.platform)
        send_payments.run(story.world.platform)
    raise AssertionError(story.books())


def test_a_sweep_of_which_the_answer_is_lost_is_made_once(story: Story) -> None:
    _, payment = story.lost()
    fees = story.moved_to_us()
    story.won(payment)
    assert story.world.platform.sandbox is not None
    story.world.platform.sandbox.next_fault("move", Fault.TIMEOUT_AFTER)
    story.days(4)
    story.world.let_backoffs_pass()
    story.world.run_jobs()
    assert story.swept() == [("succeeded", LOST)]
    assert story.moved_to_us() == [*fees, LOST] and story.books() == {}


def test_what_comes_back_of_an_offering_that_never_closed_is_swept_when_it_is_over(story: Story) -> None:
    """A refund and a return crossed; then the refund did not arrive."""
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    story.world.run_jobs()
    story.cards.late_return(payment)
    story.days(1)
    story.cards.refund_fails(story.cards.refund_of(pledge))
    story.days(3)
    assert (story.status(pledge), story.swept()) == ("returned", [])  # others' money lies there, too, while it is open
    story.world.pass_deadline(story.offering)
    story.days(4)
    assert story.world.offering(story.offering.id).status == "refunded"
    assert (story.swept(), story.books(), story.ours()) == ([("succeeded", LOST)], {}, {})


# A company that was billed for a loss


def test_what_was_billed_and_is_not_paid_is_not_owed_any_more(story: Story) -> None:
    """Of 750 the company was billed 500. What comes back is the platform's own 250 first, then stands in the bill's stead."""
    _, payment = story.lost()
    story.bills("500")
    assert story.ours() == {"3220": 50_000, "5020": 25_000}
    story.won(payment)
    story.days(4)
    assert (story.ours(), story.books(), story.swept()) == ({}, {}, [("succeeded", LOST)])
    assert standing(story.world) == []
    told = story.world.sql("SELECT facts->'amount'->>'minor' FROM audit_events WHERE event = 'bill_reduced'")
    assert len(told) == 1


def test_what_was_billed_and_paid_is_paid_back_to_the_company_once(story: Story) -> None:
    _, payment = story.lost()
    story.bills("500")
    story.pays_bill(50_000)
    story.won(payment)
    story.days(4)
    assert story.ours() == {} and story.swept() == [("succeeded", 25_000)]
    assert story.books() == {"1100": 50_000, "2200": -50_000}
    assert story.alerts()[-1] == "PLATFORM-APART"
    entry = apart(story)
    decide(story.world, entry, None)
    for _ in range(2):
        story.days(3)
        story.world.let_backoffs_pass()
    assert repaid(story.world) == [("succeeded", 50_000)] and story.books() == {}
    assert refused(story.world, entry, None) == "receipt_dealt_with"
    with pytest.raises(Refused, match="claim_too_large"):
        story.bills("0.01")
    assert listen(story.world) == []


def test_a_bill_that_is_paid_in_part_is_reduced_and_the_rest_paid_back(story: Story) -> None:
    """Everything was billed, and 200 of it paid: 550 are owed no more, 200 are the company's."""
    _, payment = story.lost()
    story.bills("750")
    story.pays_bill(20_000)
    story.won(payment)
    story.days(4)
    assert (story.ours(), story.swept()) == ({}, [("succeeded", 55_000)])
    decide(story.world, apart(story), None)
    story.days(3)
    assert repaid(story.world) == [("succeeded", 20_000)] and story.books() == {}


def test_a_repayment_of_which_the_answer_is_lost_is_made_once(story: Story) -> None:
    _, payment = story.lost()
    story.bills("750")
    story.pays_bill(75_000)
    story.won(payment)
    story.days(4)
    decide(story.world, apart(story), None)
    assert story.world.platform.sandbox is not None
    story.world.platform.sandbox.next_fault("payout", Fault.TIMEOUT_AFTER)
    story.world.run_jobs()
    story.world.let_backoffs_pass()
    story.world.run_jobs()
    made = "SELECT count(*) FROM sandbox.objects WHERE kind = 'payout' AND reference = :ref"
    assert story.world.sql(made, ref=story.offering.ref) == [(1,)]
    assert repaid(story.world) == [("succeeded", LOST)] and story.books() == {}


def test_a_refund_that_did_not_arrive_after_its_loss_was_billed_and_paid_is_the_companys(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    other, _ = story.paid(shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    story.world.run_jobs()
    story.cards.late_return(payment)
    story.days(1)
    story.bills("750")
    story.pays_bill(75_000)
    story.cards.refund_fails(story.cards.refund_of(pledge))
    story.days(1)
    assert story.status(pledge) == "returned" and story.alerts()[-1] == "PLATFORM-APART"
    assert story.world.broken_promises() == []
    story.ends()
    listen(story.world)
    story.world.approve_closing(story.offering)
    story.days(1)
    decide(story.world, apart(story), None)
    story.days(3)
    assert story.status(other) == "settled"
    assert (repaid(story.world), story.swept(), story.books()) == ([("succeeded", LOST)], [], {})


def refunded_and_lost(story: Story) -> tuple[Pledge, Ref]:
    """Who cancelled has their money back by a refund, and by their bank besides: the platform has paid it in."""
    pledge, payment = story.paid(shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    story.world.run_jobs()
    story.loses(payment)
    return pledge, payment


@pytest.mark.parametrize("is_billed", [False, True])
def test_a_refund_that_did_not_arrive_after_its_loss_came_back_is_owed_to_the_investor(
    story: Story, is_billed: bool
) -> None:
    """Whoever had borne the loss has it back by then: it is nobody's a second time."""
    pledge, payment = refunded_and_lost(story)
    if is_billed:
        story.bills("750")
        story.pays_bill(75_000)
    story.won(payment)
    story.days(1)
    story.cards.refund_fails(story.cards.refund_of(pledge))
    story.days(1)
    assert (story.status(pledge), story.books()["2020"]) == ("refund_due", -LOST)
    assert story.books().get("2200", 0) == (-LOST if is_billed else 0)
    assert story.alerts()[-1] == "PLATFORM-REFUND"


def test_what_comes_back_and_a_refund_that_does_not_arrive_wait_for_each_other(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two pledges of one offering, both about the same accounts."""
    (_, payment), (other, _) = refunded_and_lost(story), refunded_and_lost(story)
    story.cards.dispute_won(payment)
    refund = story.cards.refund_of(other)
    story.cards.refund_fails(refund)
    asked = dict(story.world.sql("SELECT provider_ref, id FROM instructions WHERE kind IN ('collect', 'refund')"))
    heard = {
        kind: (asked[str(ref)], story.cards.gateway.fetch(ref))
        for kind, ref in ((OpKind.COLLECT, payment), (OpKind.REFUND, refund))
    }
    has_its_turn, waits = Event(), Event()
    usual = Transaction.one_at_a_time

    def turn(tx: Transaction, subject: str) -> None:
        is_first = tx.request_id.endswith(f":{heard[OpKind.COLLECT][0]}")
        if not is_first:
            waits.set()
        usual(tx, subject)
        if is_first:
            has_its_turn.set()
            assert waits.wait(10)
            sleep(0.3)  # until the other one does wait

    monkeypatch.setattr(Transaction, "one_at_a_time", turn)
    with crowded(story.world) as crowd, ThreadPoolExecutor(2) as pool:
        first = pool.submit(
            outcomes.apply, crowd.platform, heard[OpKind.COLLECT][0], OpKind.COLLECT, heard[OpKind.COLLECT][1]
        )
        assert has_its_turn.wait(10)
        second = pool.submit(
            outcomes.apply, crowd.platform, heard[OpKind.REFUND][0], OpKind.REFUND, heard[OpKind.REFUND][1]
        )
        first.result()
        second.result()
    monkeypatch.undo()
    assert story.ours() == {"3210": 2 * LOST}


def test_two_that_come_back_at_once_are_not_both_the_platforms(story: Story) -> None:
    """Of two losses one is billed and paid: whichever is heard of first, one is the platform's and one the company's."""
    payments = [story.paid(shares=300)[1] for _ in range(2)]
    story.settles()
    for payment in payments:
        story.loses(payment)
    story.bills("750")
    story.pays_bill(75_000)
    for payment in payments:
        story.cards.dispute_won(payment)
    asked = dict(story.world.sql("SELECT provider_ref, id FROM instructions WHERE kind = 'collect'"))
    heard = [(asked[str(payment)], story.cards.gateway.fetch(payment)) for payment in payments]
    with crowded(story.world) as crowd:
        assert came_of([partial(outcomes.apply, crowd.platform, id_, OpKind.COLLECT, told) for id_, told in heard]) == [
            "done", "done",
        ]  # fmt: skip
    story.days(4)
    assert (story.ours(), story.swept()) == ({}, [("succeeded", LOST)])
    decide(story.world, apart(story), None)
    story.days(3)
    assert repaid(story.world) == [("succeeded", LOST)] and story.books() == {}


def test_a_repayment_that_the_gateway_refuses_leaves_the_companys_money_apart_for_a_person(story: Story) -> None:
    _, payment = story.lost()
    story.bills("750")
    story.pays_bill(75_000)
    story.won(payment)
    story.days(4)
    entry, before = apart(story), story.books()
    decide(story.world, entry, None)
    send_payments.run(with_gateway_that_says(story.world, Rejected("closed_account")).platform)
    assert repaid(story.world) == [("failed", LOST)]
    assert story.books() == before and apart(story) == entry
    decide(story.world, entry, None)
    story.days(3)
    assert repaid(story.world) == [("failed", LOST), ("succeeded", LOST)] and story.books() == {}
