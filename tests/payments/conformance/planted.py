"""Adapters with one fault each, as real ones have had them: every fault must be seen by a check that names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError, current_thread, main_thread
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import URL, Connection, select

from app.database import normalised
from app.money import EXPONENTS, Money
from app.payments.errors import BadSignature, KeyConflict, Rejected, Stale, Unknown, Unsupported
from app.payments.port import Balance, Envelope, Method, Op, Outcome, Payer, Ref, Role, Txn, TxnKind
from app.payments.sandbox import adapter
from app.payments.sandbox.bench import CardsBench, SandboxBench
from app.payments.sandbox.cards_adapter import CardsGateway
from app.payments.sandbox.cards_provider import CardsProvider
from app.payments.sandbox.provider import Provider
from app.payments.sandbox.tables import objects

SECRET = "the secret between the two of us"
Adapter = adapter.SandboxGateway


def anew(op: Op) -> Op:
    """The same operation under another key."""
    return replace(op, generation=uuid4().int)


class FindsById(Adapter):
    """No fault: finds whatever was made for an operation, under any key."""

    def find(self, op: Op) -> Outcome | None:
        super().find(op)  # an outage is one here, too
        with self.provider._engine.begin() as connection:
            made = select(objects.c.id).where(objects.c.op_id == op.id).order_by(objects.c.created_at.desc()).limit(1)
            found = connection.execute(made).scalar_one_or_none()
        return None if found is None else self.fetch(Ref("", found))


class NoKeyStore(FindsById):
    """Every call is a new one to the provider."""

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        return super()._create(kind, anew(op), amount, account, **details)


class CheckThenAct(FindsById):
    """Looks whether it was done, and then does it: two workers both look first."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._both_looked = Barrier(2)

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        found = self.find(op)
        if found is not None and found.amount != amount:
            raise KeyConflict("other_amount")
        if found is not None:
            return found
        if current_thread() is not main_thread():
            try:
                self._both_looked.wait(1)
            except BrokenBarrierError:
                self._both_looked.reset()
        return super()._create(kind, anew(op), amount, account, **details)


class Generous(Provider):
    """A far side that gives back whatever it is asked for."""

    def _prepare_refund(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        pass


class SucceedsAtOnce(Adapter):
    """Calls a payment succeeded when it was only asked for."""

    def fetch(self, ref: Ref) -> Outcome:
        outcome = super().fetch(ref)
        return replace(outcome, state="succeeded") if outcome.state == "action_required" else outcome


def times(money: Money, factor: int) -> Money:
    """What multiplying every amount by a hundred does to yen; and the reverse, which hides it."""
    if EXPONENTS[money.currency]:
        return money
    return Money(money.minor * factor if factor > 1 else money.minor // 100, money.currency)


class WrongExponent(Adapter):
    """Thinks that every currency has cents."""

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        return super()._create(kind, op, times(amount, 100), account, **details)

    def fetch(self, ref: Ref) -> Outcome:
        outcome = super().fetch(ref)
        lines = tuple(replace(line, amount=times(line.amount, -1)) for line in outcome.evidence)
        return replace(outcome, amount=times(outcome.amount, -1), evidence=lines)

    def transactions(self, since: datetime, until: datetime) -> Sequence[Txn]:
        return [replace(line, amount=times(line.amount, -1)) for line in super().transactions(since, until)]


class BelievesTheFuture(Adapter):
    """Checks only that a stamp is not too old, as a well-known library does."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        try:
            return super().verify(raw, headers, now)
        except Stale:
            return super().verify(raw, headers, now + timedelta(hours=1))


class BelievesEverybody(Adapter):
    """Compares no signature."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        try:
            return super().verify(raw, headers, now)
        except BadSignature as error:
            if error.code != "signature_differs":
                raise
        return Envelope("evt", "payment.succeeded", raw)


class TakesAnOutageForAbsence(Adapter):
    """Nobody answers, so nothing was done."""

    def find(self, op: Op) -> Outcome | None:
        try:
            return super().find(op)
        except Unknown:
            return None


class TakesSilenceForFailure(Adapter):
    """No answer, so it was refused."""

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        try:
            return super()._create(kind, op, amount, account, **details)
        except Unknown:
            raise Rejected("no_answer") from None


class TellsItsSecret(Adapter):
    """Puts what it sent into the error, with the key."""

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        try:
            return super()._create(kind, op, amount, account, **details)
        except Unknown as error:
            raise Unknown(error.code) from RuntimeError(f"POST /payments Authorization: Bearer {SECRET}")


class HidesRefunds(Adapter):
    """Leaves lines out of the account."""

    def transactions(self, since: datetime, until: datetime) -> Iterable[Txn]:  # type: ignore[override]
        return [line for line in super().transactions(since, until) if line.kind != TxnKind.REFUND]


class RefundsByAmount(Adapter):
    """Takes two refunds of the same amount for the same refund."""

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        return super().refund(replace(op, id=uuid5(UUID(int=0), f"{payment} {amount}")), payment, amount)


class ForgetsSuccess(Adapter):
    """Says "pending" about a payment when another event comes late."""

    asked = 0

    def fetch(self, ref: Ref) -> Outcome:
        outcome = super().fetch(ref)
        line = outcome.evidence[0] if outcome.evidence else None
        if line is not None and ref.kind == "payment" and self.provider.now() - line.created_at >= timedelta(hours=20):
            return replace(outcome, state="pending")
        return outcome


class ClaimsToHoldMoney(Adapter):
    """Says that it is a custodian, and cannot move money."""

    def move(self, op: Op, amount: Money, *, account: str, to: str) -> Outcome:
        return super().collect(
            op, amount, method=next(iter(self.methods(amount.currency))), account=account,
            payer=Payer("", "", ""), reference="", return_url="",
        )  # fmt: skip


class AsksAgain(CardsGateway):
    """Sends the holder to a page for what they left to be charged without them."""

    def collect(self, *given: Any, instrument: Ref | None = None, **named: Any) -> Outcome:
        return super().collect(*given, **named)


class KeepsAnything(CardsGateway):
    """Promises to charge later what cannot be charged later."""

    def setup(self, op: Op, *, method: Method, payer: Payer, reference: str, return_url: str) -> Outcome:
        kept = method if method in (Method.CARD, Method.ACH_DEBIT) else Method.CARD
        return super().setup(op, method=kept, payer=payer, reference=reference, return_url=return_url)


class HidesItsPrice(CardsGateway):
    """Says that what was paid is all there."""

    def balances(self) -> Sequence[Balance]:
        lines = list(self.transactions(datetime.min.replace(tzinfo=UTC), self.provider.now() + timedelta(seconds=1)))
        return [
            Balance("", Money(sum(line.amount.minor for line in lines if line.amount.currency == currency), currency))
            for currency in {line.amount.currency for line in lines}
        ]


def unsupported(*_: Any, **__: Any) -> Any:
    raise Unsupported("not_this_role")


class OnlyTakes(Adapter):
    """No fault: a collector that holds nothing for others."""

    caps = replace(Adapter.caps, roles=frozenset({Role.COLLECTOR}), qualified_third_party=False)
    move = deposit_details = unsupported


class OnlyHolds(Adapter):
    """No fault: a custodian that takes no payments, and has to be asked."""

    caps = replace(Adapter.caps, roles=frozenset({Role.CUSTODIAN}), pushes_events=False)
    methods = setup = collect = cancel = refund = verify = parse = unsupported


class RealThing(Adapter):
    """Not a test account."""

    caps = replace(Adapter.caps, livemode=True)


def bench(url: URL, gateway: type[Adapter] = Adapter, far_side: type[Provider] = Provider) -> SandboxBench:
    """A sandbox of its own, with the fault in it."""
    if issubclass(gateway, CardsGateway):
        cards = CardsProvider(url, schema=f"planted_{uuid4().hex[:8]}")
        return CardsBench(cards, gateway(cards, webhook_secret=SECRET), webhook_secret=SECRET)
    provider = far_side(url, schema=f"planted_{uuid4().hex[:8]}")
    return SandboxBench(provider, gateway(provider, webhook_secret=SECRET), webhook_secret=SECRET)


def from_a_package(env: Mapping[str, str]) -> SandboxBench:
    """How a package of others offers its bench."""
    return bench(normalised(env["DATABASE_URL"]), BelievesTheFuture)
