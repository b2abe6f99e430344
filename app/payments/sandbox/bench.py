"""The sandbox under test: its far side plays payers, outages and the passing of time on command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from app.money import Money
from app.payments.conformance.bench import Forgery, SignedEvent, Trouble
from app.payments.port import Gateway, Method, Payee, Ref
from app.payments.sandbox.cards_provider import AVAILABLE_AFTER
from app.payments.sandbox.provider import ANY_OPERATION, Provider
from app.payments.sandbox.signing import SIGNATURE_HEADER, forge, sign
from app.payments.sandbox.tables import Fault, Token

FAULTS = {
    Trouble.ANSWER_LOST: Fault.TIMEOUT_AFTER,
    Trouble.NEVER_ARRIVED: Fault.TIMEOUT_BEFORE,
    Trouble.REFUSED_CONNECTION: Fault.REFUSED_CONNECTION,
    Trouble.SERVER_ERROR: Fault.E500,
    Trouble.TOO_MANY_CALLS: Fault.E429,
    Trouble.IN_FLIGHT: Fault.E409,
    Trouble.WRONG_CREDENTIALS: Fault.E401,
}


class SandboxBench:
    """See `conformance.bench.Bench`. The provider is the bench's own: it is taken away at the end."""

    accounts = ("offering-1", "offering-2")
    payee = Payee("Example Ltd", "0001")

    def __init__(self, provider: Provider, gateway: Gateway, *, webhook_secret: str) -> None:
        provider.install()
        self._provider = provider
        self._webhook_secret = webhook_secret
        self.gateway = gateway
        self.secrets: Sequence[str] = (webhook_secret,)

    def now(self) -> datetime:
        return self._provider.now()

    def advance(self, by: timedelta) -> None:
        self._provider.advance(by)

    def asked(self, payment: Ref) -> Money:
        row, _ = self._provider.get(payment.id)
        return Money(row.amount_minor, row.currency)

    def pay(self, payment: Ref) -> None:
        self._provider.pay(payment.id, Token.OK)

    def decline(self, payment: Ref) -> None:
        self._provider.pay(payment.id, Token.DECLINE)

    def fund(self, account: str, amount: Money) -> None:
        op_id = uuid4()
        payment_id = self._provider.create(
            "payment", f"bench:{op_id}", op_id, account=account, amount_minor=amount.minor, currency=amount.currency
        )
        self._provider.pay(payment_id, Token.OK)

    def upset(self, trouble: Trouble) -> bool:
        self._provider.next_fault(ANY_OPERATION, FAULTS[trouble])
        return True

    @contextmanager
    def down(self) -> Iterator[None]:
        self._provider.is_down = True
        try:
            yield
        finally:
            self._provider.is_down = False

    def event(self, about: Ref, forgery: Forgery | None = None) -> SignedEvent:
        body = next(one for one in self._provider.all_events() if one.object_id == about.id).body()
        if forgery is not None:
            return SignedEvent(*forge(forgery, body, self._webhook_secret, self.now()))
        return SignedEvent(body, {SIGNATURE_HEADER: sign(body, self._webhook_secret, self.now())})

    def close(self) -> None:
        self._provider.remove()
        self._provider.close()


class CardsBench(SandboxBench):
    """The same for "sandbox_cards", where money comes free only after days, and at a price."""

    def fund(self, account: str, amount: Money) -> None:
        op_id = uuid4()
        payment_id = self._provider.create(
            "payment", f"bench:{op_id}", op_id, account=account, amount_minor=2 * amount.minor,
            currency=amount.currency, method=Method.CARD.value,
        )  # fmt: skip
        self._provider.pay(payment_id, Token.OK)
        self.advance(AVAILABLE_AFTER)
