"""Money collected at one gateway and held at another; taken back, disputed, sent back. Every story ends with clean books."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.cash import actions as cash
from app.closings import actions as closings
from app.errors import Refused
from app.investors import queries as investors
from app.ledger import queries as books
from app.ledger.chart import Code
from app.offerings.models import Offering
from app.payments import actions as payments
from app.payments.port import Method, OpKind, Ref
from app.payments.sandbox.tables import Token
from app.pledges.models import Pledge
from tests.builders import World
from tests.keeping import kept
from tests.payments.sandbox.cards import Cards
from tests.reconciliation.planting import listen

#: Every story ends with clean books.
pytestmark = pytest.mark.usefixtures("clean_at_the_end")


class Story:
    """An offering at the custodian whose investors pay at the collector."""

    def __init__(self, world: World) -> None:
        self.world, self.cards = world, Cards.of(world)
        self.offering: Offering = world.live(regime_id="US-REGA", days=30, target="250", maximum="100000")

    @kept
    def paid(self, method: Method = Method.CARD, token: Token = Token.OK, shares: int = 100) -> tuple[Pledge, Ref]:
        pledge = self.world.pledged(self.offering, shares)
        payment = self.cards.chosen(pledge, method)
        self.cards.pays(payment, token)
        self.world.run_jobs()
        return self.world.pledge(pledge.id), payment

    def status(self, pledge: Pledge) -> str:
        self.world.run_jobs()
        return self.world.pledge(pledge.id).status

    @kept
    def days(self, days: int) -> None:
        self.world.run_days(days, self.cards.days)

    @kept
    def ends(self) -> None:
        """The deadline passes, and what must be carried is."""
        self.world.pass_deadline(self.offering)
        self.world.run_jobs()
        self.days(4)

    @kept
    def settles(self) -> None:
        self.ends()
        self.world.approve_closing(self.offering)
        self.world.run_jobs()
        assert self.world.offering(self.offering.id).status == "settled"

    def books(self) -> dict[str, int]:
        """Code -> minor units on the client side, where there is something."""
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE book = 'client' GROUP BY code"
            " HAVING sum(debits - credits) <> 0 ORDER BY code"
        )
        return {code: int(net) for code, net in rows}

    def at(self, code: Code) -> int:
        with self.world.looking() as view:
            gateway = "sandbox_cards" if code in (Code.COLLECTOR_CASH, Code.COLLECTOR_PENDING) else ""
            return books.balance(view.session, code, "USD", offering_id=self.offering.id, gateway=gateway)

    def entries(self) -> list[str]:
        return [kind for (kind,) in self.world.sql("SELECT kind FROM journal_entries ORDER BY id")]

    def told(self, kind: str) -> int:
        ((number,),) = self.world.sql("SELECT count(*) FROM messages WHERE kind = :kind", kind=kind)
        return int(number)

    def alerts(self) -> list[str]:
        return [rule for (rule,) in self.world.sql("SELECT rule FROM alerts ORDER BY id")]


# Collected here, held there


def test_collected_money_is_carried_to_custody_before_officers_are_asked(story: Story) -> None:
    pledges = [story.paid()[0] for _ in range(3)]
    amount = pledges[0].amount_minor
    owed = story.at(Code.DUE_FROM_PLATFORM)
    assert story.at(Code.COLLECTOR_PENDING) == 3 * amount - owed and story.at(Code.ESCROW_CASH) == 0
    story.world.pass_deadline(story.offering)
    story.world.run_jobs()
    assert story.world.sql("SELECT status FROM closings") == [("gathering",)]
    story.days(4)
    assert story.at(Code.ESCROW_CASH) == 3 * amount
    assert story.world.sql("SELECT status FROM closings") == [("proposed",)]
    story.world.approve_closing(story.offering)
    story.world.run_jobs()
    assert {story.status(one) for one in pledges} == {"settled"}
    assert story.books() == {}
    assert {"funds_available", "custody_transfer_sent", "custody_transfer_received", "top_up_received"} <= set(
        story.entries()
    )


def test_a_refund_leaves_from_where_the_money_is_and_costs_the_investor_nothing(story: Story) -> None:
    pledge, _ = story.paid()
    story.world.cancel(pledge)
    assert story.status(pledge) == "refunded"
    story.days(3)
    assert story.books() == {}  # the platform paid in what the gateway had kept
    assert "custody_return_received" in story.entries()


def test_a_failed_raise_gives_everybody_everything_back(story: Story) -> None:
    pledge, _ = story.paid(shares=10)
    story.world.pass_deadline(story.offering)
    assert story.status(pledge) == "refunded"
    story.days(4)
    assert story.world.offering(story.offering.id).status == "refunded"
    assert story.books() == {}


def test_a_debit_clears_before_it_may_be_closed(story: Story) -> None:
    pledge, _ = story.paid(Method.ACH_DEBIT, shares=300)
    assert pledge.status == "processing"
    story.days(4)
    assert (story.status(pledge), story.world.pledge(pledge.id).clears_at) != ("held", None)
    assert story.books()["2000"] == -pledge.amount_minor
    story.days(10)
    assert "2000" not in story.books() and story.books()["2010"] == -pledge.amount_minor
    story.settles()
    assert story.status(pledge) == "settled" and story.books() == {}


# Taken back


def test_a_debit_returned_before_the_closing_ends_its_pledge(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    story.days(5)
    story.cards.late_return(payment)
    for _ in range(2):
        assert story.status(pledge) == "returned"
    assert story.told("payment_taken_back") == 1
    assert story.alerts() == ["PLATFORM-RETURNED"]
    progress = story.world.offering(story.offering.id).progress
    assert progress is not None and (progress.held_minor, progress.taken_minor) == (0, 0)
    story.days(3)
    assert story.at(Code.COLLECTOR_CASH) + story.at(Code.COLLECTOR_PENDING) == -900 or story.books() == {}


@pytest.mark.scenario(35)
def test_a_debit_returned_after_the_shares_is_covered_and_brought_back(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    story.days(15)
    story.settles()
    story.days(20)
    story.cards.late_return(payment)
    assert story.status(pledge) == "settled"
    assert story.alerts() == ["PLATFORM-RETURNED"]
    story.days(3)
    assert story.books() == {}
    ((lost,),) = story.world.sql("SELECT sum(debits - credits) FROM ledger_accounts WHERE code = '5020'")
    assert lost == pledge.amount_minor


@pytest.mark.scenario(33)
def test_a_refund_and_a_return_that_cross_are_one_loss(story: Story) -> None:
    pledge, payment = story.paid(Method.ACH_DEBIT, shares=300)
    story.days(5)
    story.world.cancel(story.world.pledge(pledge.id))
    assert story.status(pledge) == "refunded"
    story.cards.late_return(payment)
    assert story.status(pledge) == "refunded"
    story.days(3)
    ((lost,),) = story.world.sql("SELECT sum(debits - credits) FROM ledger_accounts WHERE code = '5020'")
    assert (lost, story.books()) == (pledge.amount_minor, {})


# Disputes


@pytest.mark.scenario(36)
def test_an_inquiry_books_nothing(story: Story) -> None:
    pledge, payment = story.paid()
    before = story.entries()
    story.cards.inquiry(payment)
    assert story.status(pledge) == "held" and story.entries() == before


def test_a_dispute_that_is_won_leaves_the_pledge_as_it_was(story: Story) -> None:
    pledge, payment = story.paid(shares=300)
    story.cards.dispute(payment)
    assert story.status(pledge) == "held" and story.books()["1197"] == pledge.amount_minor
    assert (story.told("payment_disputed"), story.alerts()) == (1, ["PLATFORM-DISPUTE"])
    story.cards.dispute_won(payment)
    assert story.status(pledge) == "held" and "1197" not in story.books()
    story.settles()
    assert story.status(pledge) == "settled"


def test_a_dispute_that_is_lost_before_the_closing_ends_the_pledge(story: Story) -> None:
    pledge, payment = story.paid()
    story.cards.dispute(payment)
    story.cards.dispute_lost(payment)
    for _ in range(2):
        assert story.status(pledge) == "returned"
    assert story.told("payment_taken_back") == 1


@pytest.mark.scenario(33)
def test_a_disputed_pledge_is_not_closed_and_not_refunded_twice(story: Story) -> None:
    sold, _ = story.paid(shares=300)
    pledge, payment = story.paid()
    story.cards.dispute(payment)
    story.settles()
    assert (story.status(sold), story.status(pledge)) == ("settled", "refund_due")
    assert not story.world.sql("SELECT 1 FROM instructions WHERE kind = 'refund'")
    story.cards.dispute_won(payment)
    assert story.status(pledge) == "refunded"
    story.days(3)
    assert story.books() == {}


@pytest.mark.scenario(36)
def test_a_dispute_lost_after_the_shares_is_covered_and_what_comes_back_is_the_platforms(story: Story) -> None:
    pledge, payment = story.paid(shares=300)
    story.settles()
    story.cards.dispute(payment)
    story.cards.dispute_lost(payment)
    assert story.status(pledge) == "settled"
    story.days(3)
    assert story.books() == {}
    story.cards.dispute_won(payment)
    story.days(3)
    ((lost,),) = story.world.sql("SELECT sum(debits - credits) FROM ledger_accounts WHERE code = '5020'")
    assert lost == 0
    assert story.books().get("1197") is None


def test_what_a_bank_gives_back_of_a_pledge_that_ended_is_not_the_platforms(story: Story) -> None:
    pledge, payment = story.paid()
    story.cards.dispute(payment)
    story.cards.dispute_lost(payment)
    assert story.status(pledge) == "returned"
    story.cards.dispute_won(payment)
    assert story.status(pledge) == "returned"
    assert story.books()["2200"] == -pledge.amount_minor and "2120" not in story.books()
    assert story.alerts() == ["PLATFORM-DISPUTE", "PLATFORM-RETURNED", "PLATFORM-APART"]


# Refunds and payouts that come back


def test_a_refund_that_comes_back_is_owed_as_before(story: Story) -> None:
    pledge, _ = story.paid(token=Token.REFUND_FAIL_D3)
    story.world.cancel(pledge)
    assert story.status(pledge) == "refunded"
    story.days(5)
    assert story.status(pledge) == "refund_due"
    assert story.books()["2020"] == -pledge.amount_minor
    assert (story.told("refund_failed"), story.alerts()) == (1, ["PLATFORM-REFUND"])


def test_no_more_of_a_refund_comes_back_than_went(story: Story) -> None:
    """A second line that says so is not booked: a person looks at it."""
    pledge, _ = story.paid(token=Token.REFUND_FAIL_D3)
    story.world.cancel(pledge)
    story.days(5)
    before = story.books()
    far_side, refund = story.cards.provider, story.cards.refund_of(pledge)
    with far_side._engine.begin() as connection:
        row = far_side._object(connection, refund.id)
        far_side._book(connection, row, "refund_failed", row.amount_minor, row.currency)
        far_side._tell(connection, row, "refund.failed")
    assert story.status(pledge) == "refund_due"
    story.days(2)
    assert story.books() == before and before["2020"] == -pledge.amount_minor
    assert (story.told("refund_failed"), story.alerts()) == (1, ["PLATFORM-REFUND"])
    (line,) = (one for one in listen(story.world) if one.gateway == "sandbox_cards")
    assert line.amount_minor == pledge.amount_minor


@pytest.mark.scenario(32)
def test_it_then_goes_to_the_investors_own_bank_account_and_once(story: Story) -> None:
    """The refund waits for balance and fails; the bank account of the investor takes it instead."""
    for token in (Token.REFUND_PENDING_NSF, Token.REFUND_FAIL_D3):
        pledge, _ = story.paid(token=token)
        story.world.cancel(pledge)
        story.days(5)
        assert story.status(pledge) == "refund_due"
        give_account(story.world, pledge)
        for _ in range(3):
            story.days(1)
            story.world.let_backoffs_pass()
        assert story.status(pledge) == "refunded"
    assert story.books() == {}
    failed = "SELECT op_id FROM instructions WHERE kind = 'refund' AND status = 'failed'"
    ((op_id,),) = story.world.sql(failed)
    with pytest.raises(Refused, match="not_to_be_repeated"), story.world.acting() as tx:
        payments.try_again(tx, op_id)
    assert story.world.sql("SELECT status FROM instructions WHERE kind = 'pay_back'") == [("succeeded",)] * 2


def test_the_database_pays_nobody_elses_account(story: Story) -> None:
    pledge, _ = story.paid(token=Token.REFUND_FAIL_D3)
    other, _ = story.paid()
    account = give_account(story.world, other)
    with pytest.raises(IntegrityError, match="its own investor"), story.world.acting() as tx:
        payments.instruct(
            tx, OpKind.PAY_BACK, "stolen", gateway="sandbox", amount=pledge.amount, offering_id=story.offering.id,
            pledge_id=pledge.id, payee_id=account, reference=pledge.ref,
        )  # fmt: skip


def give_account(world: World, pledge: Pledge, number: str = "GB33BUKB20201555555555") -> int:
    """The investor says where they may be paid, and the days in which they could object pass."""
    with world.acting() as tx:
        investor = investors.investor(tx.session, pledge.investor_id)
        account = cash.set_bank_account(
            tx, investor.id, holder=investor.legal_name, account=number, vault=world.platform.vault
        )
        return account.id


@pytest.mark.scenario(37)
def test_a_payout_that_comes_back_is_paid_anew_and_shares_are_given_once(cards_world: World) -> None:
    offering = cards_world.live(target="250")
    pledge = cards_world.held(offering, 300)
    cards_world.settled(offering)
    ((payout,),) = cards_world.sql("SELECT provider_ref FROM instructions WHERE kind = 'release'")
    assert cards_world.platform.sandbox is not None
    cards_world.platform.sandbox.send_back(Ref.read(payout).id)
    cards_world.run_jobs()
    assert cards_world.sql("SELECT status FROM closings") == [("payout_failed",)]
    assert cards_world.sql("SELECT count(*) FROM messages WHERE kind = 'payout_came_back'") == [(1,)]
    assert cards_world.pledge(pledge.id).status == "settled"
    assert cards_world.broken_promises() == []
    with cards_world.acting() as tx:
        ((ref,),) = cards_world.sql("SELECT ref FROM closings")
        closings.propose_payout(tx, ref)
    cards_world.approve_closing(offering)
    cards_world.run_jobs()
    assert cards_world.sql("SELECT status FROM closings") == [("done",)]
    assert cards_world.sql("SELECT count(*) FROM register_entries") == [(1,)]
