"""flask offerings agree-fees, flask books bill-paid and claim-loss, flask payments pay-back: what a person says at the command line."""

from __future__ import annotations

import pytest

from app.fees.terms import FeeTerms
from app.jobs import send_payments
from app.ledger import actions as ledger
from app.ledger import reversals
from app.ledger.chart import Code
from app.ledger.draft import Evidence
from app.offerings.models import Offering
from app.payments.errors import Rejected
from tests.builders import World, usd
from tests.cli.conftest import Terminal
from tests.payments.test_after_the_payment import give_account
from tests.payments.test_refusals import with_gateway_that_says
from tests.reconciliation.planting import line, listen


def fees(world: World, offering: Offering) -> FeeTerms:
    return world.offering(offering.id).fees


def test_a_draft_gets_the_fees_that_were_agreed_and_keeps_the_others(terminal: Terminal) -> None:
    draft, _ = terminal.world.draft()
    before = fees(terminal.world, draft)
    said = terminal(
        "offerings", "agree-fees", draft.ref, "--success-bps", 300, "--success-most", "12500.50", "--listing", "40"
    )
    assert said.exit_code == 0, said.output
    after = fees(terminal.world, draft)
    assert (after.success_bps, after.success_most_minor, after.listing_minor) == (300, 1_250_050, 4_000)
    assert (after.investor_bps, after.carry_bps) == (before.investor_bps, before.carry_bps)
    assert "success_most_minor   1250050" in said.stdout
    terminal("offerings", "agree-fees", draft.ref, "--success-most", "none")
    assert fees(terminal.world, draft).success_most_minor is None


@pytest.mark.parametrize(
    "words",
    [("--success-least", "10.005"), ("--success-least", "-1"), ("--listing", "many"), ("--success-bps", "10001")],
)
def test_what_is_no_amount_or_no_rate_is_refused(terminal: Terminal, words: tuple[str, str]) -> None:
    draft, _ = terminal.world.draft()
    terminal.refused("offerings", "agree-fees", draft.ref, *words, code=2)


def test_fees_that_contradict_each_other_or_come_too_late_are_refused(terminal: Terminal) -> None:
    draft, _ = terminal.world.draft()
    terminal.refused("offerings", "agree-fees", draft.ref, "--success-least", "500", "--success-most", "400", code=2)
    terminal.refused("offerings", "agree-fees", draft.ref, "--success-least", "999999999", code=2)
    terminal.refused("offerings", "agree-fees", terminal.world.live().ref, "--success-bps", "1", code=2)
    terminal.refused("offerings", "agree-fees", "O-NOBODY", code=2)


@pytest.fixture
def billed(terminal: Terminal) -> Offering:
    """An open offering whose company was billed 40 dollars for being listed."""
    offering = terminal.world.live(fees=FeeTerms(success_bps=500, listing_minor=4_000))
    terminal.world.held(offering)
    return offering


def came_in(world: World, minor: int, name: str = "bill", account: str = "platform", currency: str = "USD") -> str:
    """Money that a bank shows in an account."""
    key = line(world, name, minor, account=account, currency=currency)
    listen(world)
    return key


def test_a_bill_is_paid_by_a_line_in_the_platforms_own_account_and_once(terminal: Terminal, billed: Offering) -> None:
    key = came_in(terminal.world, 1_500)
    said = terminal("books", "bill-paid", billed.ref, key)
    assert (said.exit_code, said.stdout) == (0, f"booked; 25.00 USD of the bills of {billed.ref} is owed still\n")
    net = "SELECT sum(debits - credits) FROM ledger_accounts WHERE code = :code"
    assert [terminal.world.sql(net, code=code)[0][0] for code in ("3000", "3220")] == [1_500, 2_500]
    assert "was booked already" in terminal.refused("books", "bill-paid", billed.ref, key, code=2)
    assert terminal.world.broken_promises() == []


def test_a_line_that_pays_no_bill_is_refused(terminal: Terminal, billed: Offering) -> None:
    world = terminal.world
    for key in (
        "sandbox:nothing",
        came_in(world, 100, "ours", account=f"offering-{billed.id}"),
        came_in(world, -100, "out"),
        came_in(world, 100, "euros", currency="EUR"),
    ):
        terminal.refused("books", "bill-paid", billed.ref, key, code=2)
    assert "owes only $40.00" in terminal.refused(
        "books", "bill-paid", billed.ref, came_in(world, 4_001, "more"), code=2
    )
    terminal.refused("books", "bill-paid", "O-NOBODY", came_in(world, 1, "cent"), code=2)


def test_what_the_platform_lost_is_billed_as_agreed_and_no_more_than_that(terminal: Terminal, billed: Offering) -> None:
    world = terminal.world
    ((pledge,),) = world.sql("SELECT id FROM pledges")
    terminal.refused("books", "claim-loss", billed.ref, "0.01", code=2)  # nothing was lost
    with world.acting() as tx:
        proof = Evidence("sandbox:returned", None)
        ledger.post(tx, reversals.debit_returned(billed.id, pledge, usd("30"), proof, out_of=Code.RETURNED_DEBIT))
        ledger.post(tx, reversals.loss_covered_by_platform(billed.id, pledge, usd("30"), "covered"))
    before = world.contents()
    for amount in ("30.01", "0", "-5", "many", "1.005", "NaN", "Infinity"):
        terminal.refused("books", "claim-loss", billed.ref, "--", amount, code=2)
    terminal.refused("books", "claim-loss", "O-NOBODY", "5", code=2)
    assert world.contents() == before
    assert terminal("books", "claim-loss", billed.ref, "20").stdout.startswith("billed as L-")
    net = "SELECT sum(debits - credits) FROM ledger_accounts WHERE code = :code"
    assert [world.sql(net, code=code)[0][0] for code in ("3220", "5020")] == [6_000, 1_000]
    assert "lost $10.00" in terminal.refused("books", "claim-loss", billed.ref, "10.01", code=2)
    assert terminal("books", "claim-loss", billed.ref, "10").exit_code == 0
    said = terminal("books", "bill-paid", billed.ref, came_in(world, 7_000))
    assert said.stdout == f"booked; 0.00 USD of the bills of {billed.ref} is owed still\n"
    other = world.live()
    world.held(other)
    terminal.refused("books", "claim-loss", other.ref, "0.01", code=2)


def test_a_refund_that_is_refused_for_good_goes_to_a_bank_account_when_a_person_says_so(terminal: Terminal) -> None:
    world = terminal.world
    pledge = world.held(world.live())
    terminal.refused("payments", "pay-back", pledge.ref, code=2)
    world.cancel(pledge)
    send_payments.run(with_gateway_that_says(world, Rejected("too_old")).platform)
    terminal.refused("payments", "pay-back", pledge.ref, code=2)
    give_account(world, pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refund_due"  # why it was refused nobody has looked at
    assert terminal("payments", "pay-back", pledge.ref).exit_code == 0
    terminal.refused("payments", "pay-back", pledge.ref, code=2)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert world.sql("SELECT kind, status FROM instructions WHERE kind IN ('refund', 'pay_back') ORDER BY id") == [
        ("refund", "cancelled"), ("pay_back", "succeeded"),
    ]  # fmt: skip
    assert world.broken_promises() == []
