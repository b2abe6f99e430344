"""The cards persona behind the port: a collector that holds money for nobody, with the figures of a card processor.

Source of the figures: Stripe's documents, read 2026-11-22 (docs.stripe.com/payments/alipay, …/wechat-pay, …/ach-direct-debit,
…/sepa-debit, …/connect/manual-payouts); cautious where they are silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from app.money import EXPONENTS, Money
from app.payments.errors import Rejected, Unsupported
from app.payments.port import (
    DepositDetails,
    GatewayCaps,
    Method,
    MethodCaps,
    Op,
    Outcome,
    Payee,
    Payer,
    Ref,
    Role,
    plain,
)
from app.payments.sandbox.adapter import SandboxGateway, calling
from app.payments.sandbox.cards_provider import KEYS_LIVE_FOR, REFUNDABLE, CardsProvider

#: Below it the price would be more than the payment.
SMALLEST_MINOR = 50
#: Money that is not paid out may lie there for so long.
MAX_HOLD = timedelta(days=90)

#: Where a method is taken; a card everywhere.
CURRENCIES = {
    Method.ALIPAY: {"AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "MYR", "NZD", "SGD", "USD"},
    Method.WECHAT_PAY: {"AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "SGD", "USD"},
    Method.ACH_DEBIT: {"USD"},
    Method.SEPA_DEBIT: {"EUR"},
    Method.BANK_TRANSFER: {"EUR", "GBP", "JPY", "USD"},
}


def _caps(method: Method, **differs: Any) -> MethodCaps:
    return replace(
        plain(method, "provider_balance"), refund_window=REFUNDABLE.get(method), max_hold=MAX_HOLD,
        smallest_minor=SMALLEST_MINOR, confirmation="delayed" if "confirm_within" in differs else "instant",
        **differs,
    )  # fmt: skip


#: Debits: the days until the bank has answered, until money lies still, and until it cannot be taken back any more.
METHODS = (
    _caps(Method.CARD, reusable_off_session=True, reversible_for=timedelta(days=120)),
    _caps(Method.ALIPAY),
    _caps(Method.WECHAT_PAY),
    _caps(
        Method.ACH_DEBIT, reusable_off_session=True, confirm_within=timedelta(days=6),
        clearing_hold=timedelta(days=10), reversible_for=timedelta(days=60),
    ),
    _caps(
        Method.SEPA_DEBIT, reusable_off_session=True, confirm_within=timedelta(days=14),
        clearing_hold=timedelta(days=14), reversible_for=timedelta(days=396),
    ),
    _caps(Method.BANK_TRANSFER, confirm_within=timedelta(days=5)),
)  # fmt: skip


@cache
def methods(currency: str) -> Mapping[Method, MethodCaps]:
    """What takes a currency; nothing for one that is not ours."""
    taken = {caps.method: caps for caps in METHODS if currency in CURRENCIES.get(caps.method, EXPONENTS)}
    return taken if currency in EXPONENTS else {}


class CardsGateway(SandboxGateway):
    """See `port.Gateway`. It speaks with its far side as the sandbox does."""

    name = "sandbox_cards"
    provider: CardsProvider

    caps = GatewayCaps(
        roles=frozenset({Role.COLLECTOR}),
        currencies=frozenset(EXPONENTS),
        qualified_third_party=False,
        key_window=KEYS_LIVE_FOR,
        pushes_events=True,
        livemode=False,
    )

    def methods(self, currency: str) -> Mapping[Method, MethodCaps]:
        return methods(currency)

    def setup(self, op: Op, *, method: Method, payer: Payer, reference: str, return_url: str) -> Outcome:
        # Nothing is asked for; its currency says nothing.
        nothing = Money.zero("USD")
        if not any(caps.method is method and caps.reusable_off_session for caps in METHODS):
            raise Unsupported("not_kept")
        return self._create("setup", op, nothing, "", method=method.value, reference=reference, return_url=return_url)

    def collect(
        self, op: Op, amount: Money, *, method: Method, account: str, payer: Payer, reference: str, return_url: str,
        instrument: Ref | None = None, refused: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        caps = self.methods(amount.currency).get(method)
        if caps is None or not caps.smallest_minor <= amount.minor <= caps.largest_minor:
            raise Rejected("method_does_not_take_this")
        details: dict[str, Any] = {"method": method.value, "reference": reference, "return_url": return_url}
        if refused:
            details["about"] = " ".join(refused)
        if instrument is not None:
            details["instrument"] = instrument.id
        return self._create("payment", op, amount, account, **details)

    def move(self, op: Op, amount: Money, *, account: str, to: str) -> Outcome:
        raise Unsupported("no_custodian")

    def deposit_details(self, account: str, reference: str) -> DepositDetails:
        return DepositDetails(Payee("Sandbox Cards", "CARDS-BALANCE"), reference)

    def fetch(self, ref: Ref) -> Outcome:
        outcome = super().fetch(ref)
        facts = calling(lambda: self.provider.facts(ref.id))
        if facts is None:
            return outcome
        kept = facts.instrument if outcome.ref.kind == "setup" else None
        return replace(outcome, dispute=facts.dispute, instrument=Ref("instrument", kept) if kept else None)
