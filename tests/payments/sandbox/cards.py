"""The cards persona and its port, with the words of the tests."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import URL

from app.money import Money
from app.payments.port import Method, Op, Outcome, Payee, Payer, Ref
from app.payments.sandbox.cards_adapter import CardsGateway
from app.payments.sandbox.cards_provider import CardsProvider
from app.payments.sandbox.tables import Token

SECRET = "the secret between the two of us"
AMOUNT = Money(100_000, "USD")
PAYER = Payer("investor-1", "Robin Payer", "US")


def op(id_: UUID | None = None, generation: int = 1) -> Op:
    return Op(id_ or uuid4(), generation, "test")


class Cards:
    """Both sides."""

    def __init__(self, url: URL, secret: str) -> None:
        self.provider = CardsProvider(url)
        self.provider.install()
        self.gateway = CardsGateway(self.provider, webhook_secret=secret)

    def days(self, days: float) -> None:
        self.provider.advance(timedelta(days=days))

    def asked(
        self,
        method: Method = Method.CARD,
        amount: Money = AMOUNT,
        sent: Op | None = None,
        instrument: Ref | None = None,
    ) -> Outcome:
        return self.gateway.collect(
            sent or op(), amount, method=method, account="offering-1", payer=PAYER, reference="P-1",
            return_url="http://localhost/returned", instrument=instrument,
        )  # fmt: skip

    def paid(self, token: Token = Token.OK, method: Method = Method.CARD, amount: Money = AMOUNT) -> Outcome:
        asked = self.asked(method, amount)
        self.provider.pay(asked.ref.id, token)
        return self.gateway.fetch(asked.ref)

    def kept(self, token: Token = Token.SETUP_OK, method: Method = Method.CARD) -> Ref:
        asked = self.gateway.setup(op(), method=method, payer=PAYER, reference="P-1", return_url="http://localhost/")
        self.provider.pay(asked.ref.id, token)
        instrument = self.gateway.fetch(asked.ref).instrument
        assert instrument is not None
        return instrument

    def paid_out(self, minor: int = 10_000, account: str = "0001", sent: Op | None = None) -> Outcome:
        return self.gateway.pay_out(
            sent or op(),
            Money(minor, "USD"),
            account="offering-1",
            payee=Payee("Example Trust", account),
            reference="R-1",
        )

    def lines(self, ref: Ref) -> list[tuple[str, int, int]]:
        """(kind, amount, fee) of every line behind an object."""
        return [(str(one.kind), one.amount.minor, one.fee.minor) for one in self.gateway.fetch(ref).evidence]

    def balance(self) -> int:
        return sum(one.amount.minor for one in self.gateway.balances())
