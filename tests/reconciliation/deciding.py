"""Two people say what becomes of money of nobody: what the tests of that share."""

from __future__ import annotations

import pytest

from app import four_eyes
from app.actor import Actor, Role
from app.approvals.actions import Answer
from app.errors import Refused
from app.offerings.models import Offering
from app.pledges import unidentified
from app.pledges.models import Pledge
from app.reconciliation import queries
from tests.builders import World

AMOUNT = 25_000
WHY = "Its payer sent us the bank's own slip."


def operator(world: World) -> Actor:
    return world.actor(world.user(Role.OPERATOR))


def propose(world: World, entry: int, pledge: Pledge | None, who: Actor | None = None) -> str:
    with world.acting(who or operator(world)) as tx:
        return unidentified.propose(tx, entry, pledge and pledge.ref, WHY).ref


def agree(world: World, ref: str, who: Actor | None = None) -> Answer:
    ((seen,),) = world.sql("SELECT sha256 FROM proposals WHERE ref = :ref", ref=ref)
    with world.acting(who or world.officer()) as tx:
        return four_eyes.approve(tx, ref, seen)


def decide(world: World, entry: int, pledge: Pledge | None) -> None:
    assert agree(world, propose(world, entry, pledge)) is Answer.APPROVED


def refused(world: World, entry: int, pledge: Pledge | None) -> str:
    """Why it is not even proposed; nothing is changed by that."""
    who, before = operator(world), world.contents()
    with pytest.raises(Refused) as caught:
        propose(world, entry, pledge, who)
    assert world.contents() == before
    return caught.value.code


def standing(world: World) -> list[int]:
    with world.looking() as view:
        return [one.entry_id for one in queries.receipts(view.session)]


def books(world: World, offering: Offering) -> dict[str, int]:
    rows = world.sql(
        "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE offering_id = :id AND book = 'client'"
        " GROUP BY code HAVING sum(debits - credits) <> 0 ORDER BY code", id=offering.id,
    )  # fmt: skip
    return {code: int(net) for code, net in rows}


def collections(world: World, pledge: Pledge) -> list[tuple[str, str | None]]:
    rows = world.sql(
        "SELECT status, provider_ref FROM instructions WHERE pledge_id = :id AND kind = 'collect' ORDER BY id",
        id=pledge.id,
    )
    return [(status, ref) for status, ref in rows]


def source(world: World, entry: int) -> str:
    with world.looking() as view:
        return queries.receipt(view.session, entry).source
