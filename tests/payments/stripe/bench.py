"""The pretend Stripe as a bench for the conformance kit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from app.money import Money
from app.payments.conformance.bench import Forgery, SignedEvent, Trouble
from app.payments.conformance.kit import NotAsked
from app.payments.port import Payee, Ref
from app.payments.stripe.adapter import StripeGateway
from tests.payments.stripe import far as far_side
from tests.payments.stripe.far import OLD_SECRET, SECRET, Far
from tests.payments.stripe.server import COLLECT, PAYOUT, READ

#: Our kind of reference -> what Stripe tells about such a thing.
TOLD = {
    "checkout": "checkout.session.completed",
    "payment": "payment_intent.succeeded",
    "refund": "refund.updated",
    "payout": "payout.paid",
}
#: A refused connection cannot be staged for one call: the adapter keeps its connections open.
FAULTS = {
    Trouble.ANSWER_LOST: "drop after",
    Trouble.NEVER_ARRIVED: "drop before",
    Trouble.SERVER_ERROR: "500 before",
    Trouble.TOO_MANY_CALLS: "429",
    Trouble.IN_FLIGHT: "409",
    Trouble.WRONG_CREDENTIALS: "401",
}


class StripeBench:
    """See `conformance.bench.Bench`."""

    accounts = ("offering-1", "offering-2")
    payee = Payee("OpenRaise", "ba_ours")
    secrets: Sequence[str] = (COLLECT, PAYOUT, READ, OLD_SECRET, SECRET)

    def __init__(self, far: Far, **settings: str) -> None:
        self._far = far
        self._gateway = far_side.gateway(far, **settings)

    @property
    def gateway(self) -> StripeGateway:
        return self._gateway

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._far.act("advance", seconds=0)["now"], UTC)

    def advance(self, by: timedelta) -> None:
        self._far.act("advance", seconds=by.total_seconds())

    def asked(self, payment: Ref) -> Money:
        page = self._far.act("look", id_=payment.id)
        return Money(page["amount_total"], page["currency"].upper())

    def pay(self, payment: Ref) -> None:
        made = self._far.act("pay", page=payment.id)
        if made.get("payment_method_types") == ["customer_balance"]:
            self._far.act("arrive", intent=made["id"])

    def decline(self, payment: Ref) -> None:
        raise NotAsked("who is declined stays on the page, and may pay with something else")

    def fund(self, account: str, amount: Money) -> None:
        self._far.act("top_up", amount=amount.minor, currency=amount.currency.lower())

    def upset(self, trouble: Trouble) -> bool:
        if trouble not in FAULTS:
            return False
        self._far.fault(FAULTS[trouble], "")
        return True

    @contextmanager
    def down(self) -> Iterator[None]:
        self._far.act("state", down=True)
        try:
            yield
        finally:
            self._far.act("state", down=False)

    def event(self, about: Ref, forgery: Forgery | None = None) -> SignedEvent:
        late = {Forgery.OLD: -3600, Forgery.FUTURE: 3600}
        found = self._far.act(
            "event", type=TOLD[about.kind], about=about.id, event_id=f"evt_{about.id}",
            livemode=forgery is Forgery.ENVIRONMENT, stamp=int(self.now().timestamp()) + late.get(forgery, 0),
            secret="whsec_a_guess" if forgery is Forgery.SIGNER else SECRET,
        )  # fmt: skip
        body = found["body"] + (" " if forgery is Forgery.BODY else "")
        return SignedEvent(body.encode(), {"Stripe-Signature": found["header"]})

    def close(self) -> None:
        """The process ends with the session."""


class OwnBench(StripeBench):
    """With a process of its own."""

    def __init__(self) -> None:
        self._running = ExitStack()
        super().__init__(self._running.enter_context(far_side.running()))

    def close(self) -> None:
        self._running.close()


def bench(env: Mapping[str, str]) -> StripeBench:
    """`flask payments conform stripe --bench tests.payments.stripe.bench:bench`: at STRIPE_API_BASE, if that is set."""
    base = env.get("STRIPE_API_BASE")
    return StripeBench(Far(base)) if base else OwnBench()
