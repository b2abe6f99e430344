"""The sandbox under test: its far side plays payers, outages and the passing of time on command."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from app.money import Money
from app.payments.conformance.bench import Forgery, SignedEvent, Trouble
from app.payments.port import Gateway, Payee, Ref
from app.payments.sandbox.provider import ANY_OPERATION, Provider
from app.payments.sandbox.signing import SIGNATURE_HEADER, sign
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
AGES = {Forgery.OLD: -timedelta(hours=1), Forgery.FUTURE: timedelta(hours=1)}


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
        if forgery is Forgery.ENVIRONMENT:
            body = json.dumps({**json.loads(body), "livemode": True}).encode()
        secret = "somebody else's" if forgery is Forgery.SIGNER else self._webhook_secret
        stamp = self.now() + AGES.get(forgery, timedelta(0)) if forgery else self.now()
        signature = sign(body, secret, stamp)
        return SignedEvent(body + b" " if forgery is Forgery.BODY else body, {SIGNATURE_HEADER: signature})

    def close(self) -> None:
        self._provider.remove()
        self._provider.close()
