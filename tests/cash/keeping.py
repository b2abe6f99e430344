"""What an investor does with a cash account, for tests."""

from __future__ import annotations

import uuid

from app.cash import actions, queries
from app.cash.queries import Cash
from app.cash.ways import ways_in
from app.investors.models import Investor
from app.jobs import send_payments
from app.money import Money
from app.payments.models import Instruction
from app.payments.port import Method
from app.payments.sandbox.tables import Token
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World, usd


def cash(world: World, investor: Investor, currency: str = "USD") -> Cash:
    with world.looking() as view:
        return queries.balance(view.session, investor.id, currency)


def has(world: World, investor: Investor, free: str, reserved: str = "0") -> bool:
    return cash(world, investor) == Cash(usd(free), usd(reserved))


def ask_top_up(
    world: World, investor: Investor, amount: Money, form_key: uuid.UUID | None = None, method: Method = Method.CARD
) -> Instruction:
    found = ways_in(world.platform.ways_to_pay(amount.currency), "sandbox", world.now())
    (way,) = (one for one in found if one.method is method)
    with world.acting() as tx:
        return actions.top_up(
            tx, investor.id, amount=amount, way=way, form_key=form_key or uuid.uuid4(), custodian="sandbox"
        )


def pay_top_up(world: World, asked: Instruction, token: Token = Token.OK) -> None:
    """The investor pays on the provider's page."""
    send_payments.run(world.platform)
    with world.looking() as view:
        row = view.session.get_one(Instruction, asked.id)
    assert row.provider_ref is not None and world.platform.sandbox is not None
    world.platform.sandbox.pay(row.provider_ref.split("/")[1], token)
    world.run_jobs()


def topped_up(world: World, amount: str = "1000", investor: Investor | None = None) -> Investor:
    """An investor with so much free cash."""
    investor = investor or world.investor()
    pay_top_up(world, ask_top_up(world, investor, usd(amount)))
    return investor


def with_bank(world: World, investor: Investor, account: str = "US00 1111 2222", holder: str = "") -> Investor:
    with world.acting() as tx:
        actions.set_bank_account(
            tx, investor.id, holder=holder or investor.legal_name, account=account, vault=world.platform.vault
        )
    return investor


def ask_withdrawal(world: World, investor: Investor, amount: str, form_key: uuid.UUID | None = None) -> Instruction:
    with world.acting() as tx:
        return actions.withdraw(
            tx, investor.id, amount=usd(amount), form_key=form_key or uuid.uuid4(), gateway="sandbox"
        )


def choose_cash(world: World, pledge: Pledge) -> None:
    way = world.platform.cash_way
    assert way is not None
    with world.acting() as tx:
        pledges.choose_way(tx, pledge.id, world.platform.law, way)


def at_the_custodian(world: World, account: str = "clients") -> int:
    """What the provider holds there, in minor units of US dollars."""
    assert world.platform.sandbox is not None
    return sum(minor for name, minor, _ in world.platform.sandbox.balances() if name == account)
