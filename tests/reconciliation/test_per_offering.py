"""What a collector holds for one offering is not what it holds for another: each is compared by itself, its balance by all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from app.offerings.models import Offering
from app.payments import lines
from app.payments.port import Ref, Txn, TxnKind
from app.reconciliation import actions, queries
from app.reconciliation.models import ComparedDay
from app.regimes import platform_policy
from tests.builders import World, usd
from tests.payments.test_after_the_payment import Story
from tests.reconciliation.planting import kinds, listen


@pytest.fixture
def paid(cards_world: World) -> tuple[World, Offering, Offering]:
    """Two offerings with a payment each at a collector that has one balance."""
    found = []
    for _ in range(2):
        story = Story(cards_world)
        story.paid()
        found.append(story.offering)
    return cards_world, *found


def compared(world: World) -> dict[str, ComparedDay]:
    with world.acting() as tx:
        today = platform_policy.PACK.day_of(tx.now)
        actions.compare_day(tx, today)
    with world.looking() as view:
        return {one.account: one for one in queries.compared(view.session, today) if one.gateway == "sandbox_cards"}


def test_each_offering_is_compared_by_itself_and_the_balance_with_all(paid: tuple[World, Offering, Offering]) -> None:
    world, one, other = paid
    assert listen(world) == []
    found = compared(world)
    assert set(found) == {f"offering-{one.id}", f"offering-{other.id}", "total"}
    assert all(row.is_whole and row.closing_minor > 0 for row in found.values())
    assert [row.balance_minor for row in found.values() if row.balance_minor is not None] == [
        found["total"].closing_minor
    ]
    assert found["total"].closing_minor == sum(row.closing_minor for name, row in found.items() if name != "total")


def test_r5_what_was_booked_to_another_offering_than_its_line_is_in(paid: tuple[World, Offering, Offering]) -> None:
    """The sum at the collector is right, and so would be a comparison of the gateway as a whole."""
    world, one, other = paid
    world.force(
        "UPDATE gateway_transactions SET account = :to WHERE gateway = 'sandbox_cards' AND account = :account",
        to=f"offering-{other.id}", account=f"offering-{one.id}",
    )  # fmt: skip
    assert [found.kind for found in listen(world)] == ["R5"]
    found = compared(world)
    assert {name for name, row in found.items() if not row.is_whole} == {f"offering-{one.id}", f"offering-{other.id}"}


def test_r13_one_balance_for_all_that_lacks_something(paid: tuple[World, Offering, Offering]) -> None:
    world, _, _ = paid
    assert listen(world) == []
    world.sql("UPDATE gateway_balances SET amount_minor = amount_minor - 1 WHERE gateway = 'sandbox_cards'")
    with world.acting() as tx:
        actions.reconcile(tx, world.platform.environment)
    assert kinds(world) == ["R13"]
    assert [name for name, row in compared(world).items() if not row.is_whole] == ["total"]


LINE = Txn("txn_1", TxnKind.TOP_UP, Ref("other", "tu_1"), usd("5"), usd("0"), datetime(2026, 3, 1, tzinfo=UTC))


def test_a_line_learns_once_whose_it_is(world: World) -> None:
    for account, expected in (("", ""), ("offering-7", "offering-7"), ("offering-8", "offering-7"), ("", "offering-7")):
        with world.acting() as tx:
            lines.keep(tx, "stripe", [replace(LINE, account=account)], listed_at=tx.now)
        assert world.sql("SELECT account FROM gateway_transactions") == [(expected,)]
    for change in ("account = 'offering-8'", "account = ''", "amount_minor = 1, net_minor = 1", "listed_at = NULL"):
        with pytest.raises(IntegrityError, match="append-only"):
            world.sql(f"UPDATE gateway_transactions SET {change}")


@pytest.mark.parametrize(("status", "days", "expected"), [
    ("pending", 1, ["R1"]), ("pending", 22, ["R2"]), ("succeeded", 1, ["R2"]),
])  # fmt: skip
def test_what_its_gateway_calls_on_its_way_is_no_break(
    world: World, status: str, days: int, expected: list[str]
) -> None:
    """A payout leaves a gateway's balance days before it is known to have arrived."""
    pledge = world.pledged(world.live())
    world.force(
        "UPDATE instructions SET status = :status, provider_ref = 'payout/po_1' WHERE pledge_id = :id",
        status=status, id=pledge.id,
    )  # fmt: skip
    with world.acting() as tx:
        left = replace(LINE, kind=TxnKind.PAYOUT, source=Ref("payout", "po_1"), amount=usd("-5"), created_at=tx.now)
        lines.keep(tx, "sandbox", [left], listed_at=tx.now)
    world.move_clock(days=days)
    with world.acting() as tx:
        actions.reconcile(tx, world.platform.environment)
    assert [kind for kind in kinds(world) if kind in ("R1", "R2", "R3")] == expected
