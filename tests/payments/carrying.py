"""An offering's money on its way between a collector and the custodian, and what happens to it there."""

from __future__ import annotations

import pytest

from app.jobs import carry_money, close_offerings, reconcile
from app.payments import actions as payments
from app.payments.port import Ref
from tests.builders import World
from tests.keeping import kept
from tests.payments.test_after_the_payment import Story
from tests.reconciliation.planting import listen


def costs(world: World) -> int:
    """Of gateways, to the platform."""
    ((minor,),) = world.sql("SELECT coalesce(sum(debits - credits), 0) FROM ledger_accounts WHERE code = '5000'")
    return int(minor)


class Carried(Story):
    """An offering that ends while its money is with the collector."""

    @kept
    def rests(self, days: int = 0) -> None:
        """So many days, and everything that happens by itself."""
        for day in range(days + 1):
            if day:
                self.cards.days(1)
            self.world.let_backoffs_pass()
            for _ in range(3):
                self.world.run_jobs()
                carry_money.run(self.world.platform)
                close_offerings.run(self.world.platform)

    def hears(self) -> None:
        """Reconciliation reads what was booked behind our backs."""
        self.world.move_clock(minutes=20)
        listen(self.world)
        self.rests()

    def instructions(self, kind: str) -> list[tuple[str, str | None, int]]:
        rows = self.world.sql("SELECT status, code, amount_minor FROM instructions WHERE kind = :k ORDER BY id", k=kind)
        return [(status, code, minor) for status, code, minor in rows]

    def newest(self, kind: str) -> Ref:
        ((ref,),) = self.world.sql(
            "SELECT provider_ref FROM instructions WHERE kind = :kind ORDER BY id DESC LIMIT 1", kind=kind
        )
        return Ref.read(ref)

    @kept
    def leaves(self, kind: str = "to_custody") -> None:
        """Let days pass until it is away."""
        for _ in range(8):
            self.rests()
            if self.books().get("1150", 0) > 0:
                assert self.newest(kind)
                return
            self.cards.days(1)
        raise AssertionError("it never left")

    def comes_back(self, kind: str = "to_custody") -> None:
        """A bank sends back what was sent last; the far end never sees it."""
        self.world.sql("UPDATE sandbox.objects SET due_at = NULL WHERE kind = 'arrival' AND status = 'pending'")
        self.world.sql("UPDATE sandbox_cards.objects SET due_at = NULL WHERE kind = 'arrival' AND status = 'pending'")
        if kind == "to_custody":
            self.cards.payout_fails(self.newest(kind))
        else:
            assert self.world.platform.sandbox is not None
            self.world.platform.sandbox.send_back(self.newest(kind).id)
        self.world.run_jobs()

    def sends_again(self) -> None:
        """A person, on the operator's page."""
        ((op_id,),) = self.world.sql("SELECT op_id FROM instructions WHERE status = 'review'")
        with self.world.acting() as tx:
            payments.try_again(tx, op_id)

    def is_balanced(self) -> bool:
        """Whether both gateways have what the books say, and nothing is out of nothing."""
        books = self.books()
        ((escrow,),) = self.world.sql(
            "SELECT coalesce(sum(amount_minor), 0) FROM sandbox.transactions WHERE account = :account",
            account=f"offering-{self.offering.id}",
        )
        with_collector = books.get("1000", 0) + books.get("1010", 0)
        return (with_collector, books.get("1100", 0)) == (self.cards.balance(), escrow) and sum(books.values()) == 0

    def clean(self) -> bool:
        reconcile.settle(self.world.platform)
        hard = "SELECT kind FROM breaks WHERE status = 'open' AND kind NOT IN ('R1', 'R6', 'R14')"
        return self.world.broken_promises() == [] and self.world.sql(hard) == []

    def is_put_to_officers(self) -> bool:
        """All of it is with the custodian."""
        return (
            self.world.sql("SELECT status FROM closings") == [("proposed",)]
            and not {"1000", "1010", "1150", "1190"} & set(self.books())
            and self.is_balanced()
            and self.clean()
        )

    def is_done(self) -> bool:
        self.world.approve_closing(self.offering)
        self.rests()
        listen(self.world)
        return self.world.offering(self.offering.id).status == "settled" and self.books() == {} and self.clean()


@pytest.fixture
def carried(cards_world: World) -> Carried:
    return Carried(cards_world)
