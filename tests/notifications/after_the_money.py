"""What goes wrong with money after it was paid, and what is done with a cash account: for the messages about it."""

from __future__ import annotations

from datetime import timedelta

from app.cash import actions as cash
from app.closings import holding_back, rolling
from app.fees.terms import FeeTerms
from app.jobs import keep_cash
from app.payments.port import Method, OpKind, Ref, TxnKind
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX, Token
from tests.builders import World, usd
from tests.cash.keeping import ask_top_up, ask_withdrawal, pay_top_up, topped_up, with_bank
from tests.cash.test_afterwards import comes_later, latest, stray
from tests.cash.test_refunds import choose_refunds, paid
from tests.closings.part import Part
from tests.payments.test_after_the_payment import Story


def take_money_back(world: World) -> None:
    """A debit is returned, a payment disputed, a refund and a payout come back; a payout is refused."""
    story = Story(world)
    _, debit = story.paid(Method.ACH_DEBIT)
    _, disputed = story.paid()
    refunded, _ = story.paid(token=Token.REFUND_FAIL_D3)
    world.cancel(refunded)
    story.days(5)
    story.cards.late_return(debit)
    story.cards.dispute(disputed)
    world.run_jobs()
    offering = world.live(target="250")
    world.held(offering, 300)
    world.settled(offering)
    ((payout,),) = world.sql(
        "SELECT provider_ref FROM instructions WHERE kind = 'release' AND offering_id = :id", id=offering.id
    )
    assert world.platform.sandbox is not None
    world.platform.sandbox.send_back(Ref.read(payout).id)
    world.run_jobs()
    refused = world.live(target="250")
    world.change_payee(refused.issuer_id, holder="H", account=f"US00 {REFUSING_ACCOUNT_SUFFIX}")
    world.held(refused)
    world.settled(refused)


def keep_cash_here(world: World) -> None:
    """Paid in, taken out, sent back, taken back, given back, and left alone for a year."""
    investor = with_bank(world, topped_up(world))
    ask_withdrawal(world, investor, "400")
    world.run_jobs()
    comes_later(world, latest(world, OpKind.PAY_BACK), TxnKind.PAYOUT_FAILED, usd("400"))
    taken = topped_up(world)
    comes_later(world, latest(world), TxnKind.RETURN, usd("-1000"), number=2)
    choose_refunds(world, taken)
    world.cancel(paid(world, world.live(), taken))
    _, asked = stray(world)
    with world.acting() as tx:
        cash.settle_stray(tx, asked.op_id, keep=False)
    world.run_jobs()
    pay_top_up(world, ask_top_up(world, investor, usd("50")))
    world.move_clock(seconds=timedelta(days=370).total_seconds())
    keep_cash.run(world.platform)


def close_a_part(world: World) -> None:
    """A closing of a part is called off; another one takes place, and what was held back is paid out after its days."""
    part = Part(world, fees=FeeTerms(500, holdback_bps=500, holdback_days=30))
    world.held(part.offering, 120)
    part.announce()
    with world.acting(part.company) as tx:
        rolling.give_up(tx, part.offering.id, world.platform.law)
    part.closed()
    world.move_clock(days=30)
    world.run_jobs()
    with world.acting(world.officer()) as tx:
        holding_back.propose(tx, part.newest().ref)
    world.approve_closing(part.offering)
    world.run_jobs()
