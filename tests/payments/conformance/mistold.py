"""More adapters with one fault each (see `planted.py`): these do the right thing, and tell or describe it wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from app.money import EXPONENTS, Money
from app.payments.errors import WRONG_ENVIRONMENT, BadSignature, InsufficientProviderFunds, Rejected, Stale, Unknown
from app.payments.port import (
    DepositDetails,
    Envelope,
    Hint,
    Method,
    MethodCaps,
    Op,
    Outcome,
    Payee,
    Ref,
    Role,
    Txn,
    TxnKind,
)
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.cards_adapter import CardsGateway
from app.payments.sandbox.signing import SIGNATURE_HEADER


class RemembersNoKey(SandboxGateway):
    """Says of itself that a key is forgotten at once."""

    caps = replace(SandboxGateway.caps, key_window=timedelta(0))


class KnowsNoKroner(SandboxGateway):
    """Says that it takes a currency, and has no way to pay in it."""

    def methods(self, currency: str) -> Mapping[Method, MethodCaps]:
        return {} if currency == "NOK" else super().methods(currency)


class DoesWhatItIsNot(SandboxGateway):
    """Says that it is no custodian, and moves money all the same."""

    caps = replace(SandboxGateway.caps, roles=frozenset({Role.COLLECTOR}))


class NamesNoPage(SandboxGateway):
    """Wants the payer to do something, and does not say where."""

    def fetch(self, ref: Ref) -> Outcome:
        return replace(super().fetch(ref), url=None)


class NeverHearsOfTransfers(CardsGateway):
    """One of its methods is paid, and it goes on waiting."""

    def fetch(self, ref: Ref) -> Outcome:
        outcome, facts = super().fetch(ref), self.provider.facts(ref.id)
        is_transfer = facts is not None and facts.method == Method.BANK_TRANSFER
        return replace(outcome, state="pending") if is_transfer else outcome


class NamesTheCharge(SandboxGateway):
    """Its lines name another thing than the one that was asked for."""

    def fetch(self, ref: Ref) -> Outcome:
        outcome = super().fetch(ref)
        return replace(outcome, evidence=tuple(map(_of_the_charge, outcome.evidence)))

    def transactions(self, since: datetime, until: datetime) -> Sequence[Txn]:
        return [_of_the_charge(line) for line in super().transactions(since, until)]


def _of_the_charge(line: Txn) -> Txn:
    return replace(line, source=Ref("charge", line.source.id)) if line.kind == TxnKind.PAYMENT else line


class LosesCents(SandboxGateway):
    """Asks for whole units where the amount is large."""

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        if kind == "payment" and EXPONENTS[amount.currency] == 2 and amount.minor > 20_000:
            amount = Money(amount.minor // 100 * 100, amount.currency)
        return super()._create(kind, op, amount, account, **details)


class KnowsTwoDigits(SandboxGateway):
    """Thinks that no currency has more than two digits."""

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        if EXPONENTS[amount.currency] == 3:
            amount = Money(amount.minor // 10, amount.currency)
        return super()._create(kind, op, amount, account, **details)


class GivesNoReason(SandboxGateway):
    """A payment failed, and it does not say why."""

    def fetch(self, ref: Ref) -> Outcome:
        return replace(super().fetch(ref), code=None)


class StopsInWordsOnly(SandboxGateway):
    """Says that a payment is stopped; whoever still has the page can pay."""

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        outcome = self.fetch(payment)
        return replace(outcome, state="cancelled") if outcome.state == "action_required" else outcome


class StopsWhatWasMade(SandboxGateway):
    """Calls everything stopped that it was asked to stop."""

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        return replace(super().cancel(op, payment), state="cancelled")


class TakesAbsenceForAnOutage(SandboxGateway):
    """There is no such thing, and it says that it cannot tell."""

    def fetch(self, ref: Ref) -> Outcome:
        try:
            return super().fetch(ref)
        except Rejected as error:
            raise Unknown(error.code) from None


class FindsSomething(SandboxGateway):
    """Answers with the last thing that it made, whatever is looked for."""

    last: Ref | None = None

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        outcome = super()._create(kind, op, amount, account, **details)
        self.last = outcome.ref
        return outcome

    def find(self, op: Op) -> Outcome | None:
        found = super().find(op)
        return self.fetch(self.last) if found is None and self.last is not None else found


class TellsRefundsNet(SandboxGateway):
    """Tells of a refund what is left of it after a price."""

    def fetch(self, ref: Ref) -> Outcome:
        outcome = super().fetch(ref)
        less = 30 if outcome.ref.kind == "refund" else 0
        return replace(outcome, amount=Money(outcome.amount.minor - less, outcome.amount.currency))


class CallsWantOfMoneyARefusal(SandboxGateway):
    """What could be paid out tomorrow is refused for ever."""

    def pay_out(
        self, op: Op, amount: Money, *, account: str, payee: Payee, reference: str, document_sha256: str = ""
    ) -> Outcome:
        try:
            return super().pay_out(
                op, amount, account=account, payee=payee, reference=reference, document_sha256=document_sha256
            )
        except InsufficientProviderFunds as error:
            raise Rejected(error.code) from None


class NamesDepositsAlike(SandboxGateway):
    """One reference for everybody."""

    def deposit_details(self, account: str, reference: str) -> DepositDetails:
        return super().deposit_details(account, "OPENRAISE")


class NewestFirst(SandboxGateway):
    """Lists as most providers do."""

    def transactions(self, since: datetime, until: datetime) -> Sequence[Txn]:
        return list(super().transactions(since, until))[::-1]


class PointsAtNothing(SandboxGateway):
    """Its events say that something happened, and not to what."""

    def parse(self, envelope: Envelope) -> Sequence[Hint]:
        return []


class NamesEventsAnew(SandboxGateway):
    """Every delivery is another event."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        return replace(super().verify(raw, headers, now), event_id=str(uuid4()))


class BelievesThePast(SandboxGateway):
    """Checks only that a stamp is not ahead."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        try:
            return super().verify(raw, headers, now)
        except Stale:
            return super().verify(raw, headers, now - timedelta(hours=1))


class BelievesEveryWorld(SandboxGateway):
    """What is signed is believed, also in a test when it is real."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        try:
            return super().verify(raw, headers, now)
        except BadSignature as error:
            if error.code != WRONG_ENVIRONMENT:
                raise
        return Envelope("evt", "payment.succeeded", raw)


class StumblesOverJunk(SandboxGateway):
    """Takes it for granted that whoever sends something signs it."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        assert headers[SIGNATURE_HEADER]
        return super().verify(raw, headers, now)
