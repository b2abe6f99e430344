"""An investor who tops up at a collector, and the far sides of what happens to the money then."""

from __future__ import annotations

import uuid

import pytest

from app.cash import actions, queries
from app.investors.models import Investor
from app.jobs import keep_cash, reconcile
from app.payments.models import Instruction
from app.payments.port import Method, Ref
from app.payments.sandbox.tables import Token
from tests.builders import World, usd
from tests.cash.keeping import at_the_custodian
from tests.keeping import kept
from tests.payments.sandbox.cards import Cards

#: Of 1,000.00: what the collector keeps for a card.
PRICE = 2_930


class Collected:
    """An investor who pays at the collector for their cash account."""

    def __init__(self, world: World) -> None:
        self.world, self.cards = world, Cards.of(world)
        self.investor: Investor = world.investor()

    def asks(self, method: Method = Method.CARD) -> Ref:
        self.asked, payment = self._asked(method)
        return payment

    @kept
    def _asked(self, method: Method) -> tuple[Instruction, Ref]:
        (way,) = (
            one for one in self.world.platform.ways_to_pay("USD")
            if (one.gateway, one.method) == ("sandbox_cards", method)
        )  # fmt: skip
        with self.world.acting() as tx:
            asked = actions.top_up(
                tx, self.investor.id, amount=usd("1000"), way=way, form_key=uuid.uuid4(), custodian="sandbox"
            )
        self.world.run_jobs()
        ((ref,),) = self.world.sql("SELECT provider_ref FROM instructions WHERE id = :id", id=asked.id)
        return asked, Ref.read(ref)

    def pays(self, token: Token = Token.OK, method: Method = Method.CARD) -> Ref:
        self.asked, payment = self._paid(token, method)
        return payment

    @kept
    def _paid(self, token: Token, method: Method) -> tuple[Instruction, Ref]:
        asked, payment = self._asked(method)
        self.cards.pays(payment, token)
        self.rests()
        return asked, payment

    @kept
    def rests(self, days: int = 0) -> None:
        """So many days, and everything that happens by itself."""
        for day in range(days + 1):
            if day:
                self.cards.days(1)
            self.world.let_backoffs_pass()
            self.world.run_jobs()
            keep_cash.run(self.world.platform)
            self.world.run_jobs()

    def rests_without_asking(self) -> None:
        """What happens by itself at once; what waits for its next attempt waits."""
        keep_cash.run(self.world.platform)
        self.world.run_jobs()

    def coming(self) -> int:
        with self.world.looking() as view:
            return queries.coming(view.session, self.investor.id, "USD").minor

    def books(self) -> dict[str, int]:
        rows = self.world.sql(
            "SELECT code, sum(debits - credits) FROM ledger_accounts WHERE book = 'client' GROUP BY code"
            " HAVING sum(debits - credits) <> 0 ORDER BY code"
        )
        return {code: int(net) for code, net in rows}

    def newest(self, kind: str) -> tuple[int, str, str | None]:
        """The newest instruction of this kind: its id, its status, its code."""
        ((id_, status, code),) = self.world.sql(
            "SELECT id, status, code FROM instructions WHERE kind = :kind ORDER BY id DESC LIMIT 1", kind=kind
        )
        return int(id_), str(status), code

    def number(self, kind: str) -> int:
        ((number,),) = self.world.sql("SELECT count(*) FROM instructions WHERE kind = :kind", kind=kind)
        return int(number)

    def is_away(self) -> bool:
        """Whether the collector has sent it and the custodian has not got it."""
        return self.books().get("1150", 0) > 0

    @kept
    def leaves(self) -> None:
        """Let days pass until it is away."""
        for _ in range(8):
            if self.is_away():
                return
            self.rests(days=1)
        raise AssertionError("it never left")

    def never_arrives(self) -> None:
        """What the custodian was told to expect does not come."""
        self.world.sql("UPDATE sandbox.objects SET due_at = NULL WHERE kind = 'arrival' AND status = 'pending'")

    def comes_back(self) -> None:
        """Its bank sends back what the collector sent last."""
        self.never_arrives()
        ((ref,),) = self.world.sql(
            "SELECT provider_ref FROM instructions WHERE kind = 'to_custody' ORDER BY id DESC LIMIT 1"
        )
        self.cards.payout_fails(Ref.read(ref))
        self.world.run_jobs()

    def takes_price(self, about: Ref, minor: int) -> None:
        take_price(self.world, about, minor)

    def is_balanced(self) -> bool:
        """Whether collector and custodian have what the books say, and together (with what is between them, and what the
        platform owes) what belongs to the investors.
        """
        books = self.books()
        far = (self.cards.balance(), at_the_custodian(self.world))
        return (books.get("1010", 0), books.get("1110", 0)) == far and sum(books.values()) == 0

    def clean(self) -> bool:
        reconcile.settle(self.world.platform)
        hard = "SELECT kind FROM breaks WHERE status = 'open' AND kind NOT IN ('R1', 'R6', 'R14')"
        return self.world.broken_promises() == [] and self.world.sql(hard) == []


def line_behind(
    world: World,
    about: Ref,
    minor: int,
    *,
    kind: str = "fee",
    schema: str = "sandbox_cards",
    account: str | None = None,
) -> None:
    """A gateway books a line of its own behind something that it made, in the account of that if no other is named."""
    line = f"txn_price_{uuid.uuid4().hex[:8]}"
    if account is None:
        ((account,),) = world.sql(f"SELECT account FROM {schema}.objects WHERE id = :id", id=about.id)
    world.sql(
        f"INSERT INTO {schema}.transactions (id, kind, object_kind, object_id, account, amount_minor, currency, created_at)"
        " VALUES (:id, :kind, :object, :about, :account, :minor, 'USD', platform_now())",
        id=line, kind=kind, object=about.kind, about=about.id, account=account, minor=minor,
    )  # fmt: skip
    if schema == "sandbox_cards":
        world.sql("INSERT INTO sandbox_cards.prices (line_id, fee_minor) VALUES (:id, 0)", id=line)


def take_price(world: World, about: Ref, minor: int) -> None:
    """The collector books its price behind a payment or payout as a line of its own."""
    line_behind(world, about, -minor)


@pytest.fixture
def collected(cards_world: World) -> Collected:
    return Collected(cards_world)
