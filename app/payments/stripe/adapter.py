"""Stripe behind the port. It collects from investors, and sends what it took to custodians, or is one itself where the law
needs no qualified third party: then the money lies in its one balance until the closing.

Money is collected on the platform's own balance and leaves it in a second step ("separate charges and transfers"), since
a charge that passes on at once could not wait for a minimum. Collecting, paying out and reading go through three
restricted keys: who gets hold of one of them cannot do what the others can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.money import EXPONENTS, Money
from app.payments.errors import Declined, GatewayError, Rejected, Unknown, Unsupported
from app.payments.port import (
    FUNDING_REFUSED,
    PLATFORM_ACCOUNT,
    Balance,
    DepositDetails,
    Envelope,
    GatewayCaps,
    Hint,
    Method,
    MethodCaps,
    Op,
    Outcome,
    Payee,
    Payer,
    Ref,
    Role,
    Txn,
)
from app.payments.stripe import events, reading
from app.payments.stripe.calling import TIMEOUT, calling, client, writing
from app.payments.stripe.listing import Listing
from app.payments.stripe.methods import STEP_MINOR, TYPES, is_kept, offered
from app.payments.stripe.payouts import CONNECTED, Payouts
from app.payments.stripe.reading import CHECKOUT, HOLDER_WANTED, INSTRUMENT, PAYMENT, account_of, metadata
from app.payments.stripe.searching import Search
from app.payments.stripe.top_ups import TopUps

#: Which of Stripe's virtual accounts a transfer in this currency goes to.
_TRANSFERS = {
    "USD": "us_bank_transfer",
    "EUR": "eu_bank_transfer",
    "GBP": "gb_bank_transfer",
    "JPY": "jp_bank_transfer",
}
#: Where Stripe has virtual accounts for euros; the last stands for every other country.
_EURO_ACCOUNTS = ("DE", "ES", "FR", "NL", "IE")
#: What a payment is read with.
_CHARGE = ("latest_charge.balance_transaction", "latest_charge.failure_balance_transaction")


class StripeGateway:
    """See `port.Gateway`."""

    name = "stripe"

    def __init__(
        self, *, collect_key: str, payout_key: str, read_key: str, webhook_secrets: Sequence[str], livemode: bool,
        api_base: str | None = None, timeout: tuple[int, int] = TIMEOUT,
        custodian_accounts: Mapping[str, str] | None = None, funds: Payee | None = None,
        platform_account: str | None = None,
    ) -> None:  # fmt: skip
        self._collecting = client(collect_key, api_base, timeout)
        self._reading = client(read_key, api_base, timeout)
        self._payouts = Payouts(client(payout_key, api_base, timeout), self._reading)
        self._search = Search(self._reading, self._payouts)
        self._top_ups = TopUps(self._collecting, self._reading, funds)
        self._listing = Listing(self._reading, self._search)
        self._custodian_accounts = dict(custodian_accounts or {})
        #: The platform's own bank account, where its fees go; without one, Stripe holds nothing for offerings.
        self._platform_account = platform_account
        self._secrets = tuple(webhook_secrets)
        self._livemode = livemode

    @property
    def caps(self) -> GatewayCaps:
        return GatewayCaps(
            roles=frozenset(Role) if self._platform_account else frozenset({Role.COLLECTOR}),
            currencies=frozenset(EXPONENTS),
            qualified_third_party=False,
            key_window=timedelta(hours=24),
            pushes_events=True,
            livemode=self._livemode,
            custodian_accounts=self._custodian_accounts,
            moves_between=False,
            payees=CONNECTED,
        )

    # Collector

    def methods(self, currency: str) -> Mapping[Method, MethodCaps]:
        return offered(currency) if currency in self.caps.currencies else {}

    def setup(self, op: Op, *, method: Method, payer: Payer, reference: str, return_url: str) -> Outcome:
        if not is_kept(method):
            raise Unsupported("method_not_reusable")
        marks = metadata(op, reference)
        page: Any = {
            "mode": "setup",
            "payment_method_types": [TYPES[method]],
            "customer_creation": "always",
            "client_reference_id": reference,
            "success_url": return_url,
            "cancel_url": return_url,
            "metadata": marks,
            "setup_intent_data": {"metadata": marks},
            **({"customer_email": payer.email} if payer.email else {}),
        }
        with calling():
            made = self._collecting.v1.checkout.sessions.create(page, writing(op))
        return self._of_page(made)

    def collect(
        self, op: Op, amount: Money, *, method: Method, account: str, payer: Payer, reference: str, return_url: str,
        instrument: Ref | None = None, refused: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        if method not in self.methods(amount.currency):
            raise Unsupported("method_or_currency")
        _require_step(amount)
        marks = metadata(op, reference, account)
        if instrument is not None:
            charged = self._charge(op, amount, TYPES[method], instrument, refused, marks, account)
            if charged is not None:
                return charged
        with calling():
            page = self._page(op, amount, method, payer, reference, return_url, instrument)
            page |= {"metadata": marks, "payment_intent_data": {"metadata": marks, "transfer_group": account}}
            made = self._collecting.v1.checkout.sessions.create(
                page, writing(op, "" if instrument is None else ":page")
            )
        return self._of_page(made)

    def _page(
        self, op: Op, amount: Money, method: Method, payer: Payer, reference: str, return_url: str, kept: Ref | None
    ) -> Any:
        """The page where a payer pays, offering this one method; with the ways to pay that they kept already."""
        currency = amount.currency.lower()
        price = {"currency": currency, "unit_amount": amount.minor, "product_data": {"name": reference}}
        page: dict[str, Any] = {
            "mode": "payment",
            "payment_method_types": [TYPES[method]],
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": reference,
            "success_url": return_url,
            "cancel_url": return_url,
        }
        if method is Method.WECHAT_PAY:
            page["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        if method is Method.BANK_TRANSFER:
            # Its virtual account belongs to a customer, so one must be there first.
            page["customer"] = self._customer(op, payer)
            page["payment_method_options"] = {"customer_balance": _virtual_account(amount.currency, payer.country)}
        elif kept is not None:
            page["customer"] = kept.id.partition("/")[0]
        elif payer.email:
            page["customer_email"] = payer.email
        return page

    def _customer(self, op: Op, payer: Payer) -> str:
        who: Any = {"name": payer.name, "metadata": {"payer": payer.reference, **metadata(op)}}
        if payer.email:
            who["email"] = payer.email
        return self._collecting.v1.customers.create(who, writing(op, ":customer")).id

    def _charge(
        self, op: Op, amount: Money, type_: str, instrument: Ref, refused: Sequence[str], marks: dict[str, str],
        account: str,
    ) -> Outcome | None:  # fmt: skip
        """Charge a kept way to pay, without its holder. None: their bank wants them there, so they need a page."""
        customer, _, means = instrument.id.partition("/")
        with calling():
            if refused and type_ == "card":
                card = self._reading.v1.payment_methods.retrieve(means).card
                if reading.funding(type_, card.funding if card else None) in refused:
                    raise Declined(FUNDING_REFUSED)
            order: Any = {
                "amount": amount.minor,
                "currency": amount.currency.lower(),
                "customer": customer,
                "payment_method": means,
                "payment_method_types": [type_],
                "confirm": True,
                "off_session": True,
                "metadata": marks,
                "transfer_group": account,
                "expand": list(_CHARGE),
            }
        try:
            with calling():
                made = self._collecting.v1.payment_intents.create(order, writing(op))
        except Declined as error:
            if error.code == HOLDER_WANTED:
                return None
            declined = self.find(op)  # under its name, so that what Stripe tells about it is known
            if declined is None:
                raise
            return declined
        return reading.payment(made, Ref(PAYMENT, made.id))

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        """A page is closed, a payment under way is stopped; where it is too late for that, the outcome says so."""
        intent: str | None = payment.id
        try:
            with calling():
                if payment.kind == CHECKOUT:
                    page = self._reading.v1.checkout.sessions.retrieve(payment.id)
                    if page.status == "open":
                        self._collecting.v1.checkout.sessions.expire(payment.id, options=writing(op))
                    intent = reading.id_of(page.payment_intent) if page.status == "complete" else None
                if intent is not None:
                    self._collecting.v1.payment_intents.cancel(intent, options=writing(op, ":payment"))
        except Rejected:
            pass  # paid, or stopped, already: what it is now decides
        return self.fetch(payment)

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        _require_step(amount)
        with calling():
            intent = self._search.intent_of(payment)
            account = account_of(intent)
            order: Any = {
                "payment_intent": intent.id,
                "amount": amount.minor,
                "metadata": metadata(op, account=account),
                "expand": ["balance_transaction", "failure_balance_transaction"],
            }
            return reading.refund(self._collecting.v1.refunds.create(order, writing(op)), account)

    def pay_out(
        self, op: Op, amount: Money, *, account: str, payee: Payee, reference: str, document_sha256: str = ""
    ) -> Outcome:
        return self._payouts.pay(op, amount, account, payee, reference, document_sha256)

    # As a collector: what is refunded after it was carried to a custodian comes back from there

    def deposit_details(self, account: str, reference: str) -> DepositDetails:
        return self._top_ups.details(reference)

    def expect(self, op: Op, amount: Money, *, account: str, reference: str) -> Outcome:
        return self._top_ups.expect(op, amount, account)

    # Custodian

    def move(self, op: Op, amount: Money, *, account: str, to: str) -> Outcome:
        """Within the one balance nothing would move, and Stripe would write no line: the platform's own account is its bank's."""
        if self._platform_account and to == PLATFORM_ACCOUNT:
            return self._payouts.pay(op, amount, account, Payee("", self._platform_account), account, "")
        if self._platform_account and account == PLATFORM_ACCOUNT:
            return self._top_ups.expect(op, amount, to)
        raise Unsupported("move")

    # Truth

    def fetch(self, ref: Ref) -> Outcome:
        if ref.kind == reading.AWAITED:
            return self._top_ups.fetch(ref)
        with calling():
            match ref.kind:
                case reading.CHECKOUT:
                    expand = [*(f"payment_intent.{path}" for path in _CHARGE), "setup_intent.payment_method"]
                    page = self._reading.v1.checkout.sessions.retrieve(ref.id, {"expand": expand})
                    return self._of_page(page)
                case reading.PAYMENT:
                    intent = self._reading.v1.payment_intents.retrieve(ref.id, {"expand": list(_CHARGE)})
                    return reading.payment(intent, ref, self._disputes(intent))
                case reading.REFUND:
                    expand = ["balance_transaction", "failure_balance_transaction"]
                    found = self._reading.v1.refunds.retrieve(ref.id, {"expand": expand})
                    ours = found.metadata is not None and found.metadata.to_dict()  # it has our marks
                    about = None
                    if found.payment_intent and not ours:
                        about = self._search.of_payment(reading.id_of(found.payment_intent))
                    return reading.refund(found, self._search.account_of_refund(found), about)
                case reading.PAYOUT:
                    return self._payouts.fetch(ref.id)
                case reading.TRANSFER:
                    return self._payouts.fetch_transfer(ref.id)
        raise Rejected("unknown_kind")

    def _of_page(self, page: Any) -> Outcome:
        """What became of a page: open, expired, or whatever its payment has become."""
        ref = Ref(CHECKOUT, page.id)
        if page.mode == "setup":
            return _of_setup(page, ref)
        if page.status == "complete":
            return reading.payment(page.payment_intent, ref, self._disputes(page.payment_intent))
        amount = reading.money(page.amount_total, page.currency)
        if page.status == "expired":
            return Outcome("cancelled", ref, amount)
        return Outcome("action_required", ref, amount, url=page.url)

    def _disputes(self, intent: Any) -> list[Any]:
        if intent.latest_charge is None or not intent.latest_charge.disputed:
            return []
        found = self._reading.v1.disputes.list({"payment_intent": intent.id, "limit": 100})
        return sorted(found.auto_paging_iter(), key=lambda one: one.created)

    def find(self, op: Op) -> Outcome | None:
        try:
            ref = self._search.find(op) or self._top_ups.find(op)
            return None if ref is None else self.fetch(ref)
        except GatewayError as error:
            raise Unknown(error.code) from None

    def transactions(self, since: datetime, until: datetime) -> Iterator[Txn]:
        return self._listing.transactions(since, until)

    def balances(self) -> Sequence[Balance]:
        """One balance for all: of which offering it is, only the lines tell."""
        with calling():
            found: Any = self._reading.v1.balance.retrieve()
        held: dict[str, Money] = {}
        for part in (*found.available, *found.pending):
            amount = reading.money(part.amount, part.currency)
            held[amount.currency] = held.get(amount.currency, Money.zero(amount.currency)) + amount
        return [Balance("", amount) for amount in held.values()]

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        return events.verify(raw, headers, now, secrets=self._secrets, livemode=self._livemode)

    def parse(self, envelope: Envelope) -> Sequence[Hint]:
        with calling():
            return events.parse(envelope, self._search, self._payouts)


def _require_step(amount: Money) -> None:
    """Raises Rejected: rounded, it would no longer be what was asked."""
    if amount.minor % STEP_MINOR[amount.currency]:
        raise Rejected("amount_too_fine")


def _virtual_account(currency: str, country: str) -> dict[str, Any]:
    transfer: dict[str, Any] = {"type": _TRANSFERS[currency]}
    if currency == "EUR":
        transfer["eu_bank_transfer"] = {"country": country if country in _EURO_ACCOUNTS else _EURO_ACCOUNTS[-1]}
    return {"funding_type": "bank_transfer", "bank_transfer": transfer}


def _of_setup(page: Any, ref: Ref) -> Outcome:
    """A way to pay that is kept: no money moves, so its amount is zero, in the first currency that comes to hand."""
    nothing = Money.zero((page.currency or "usd").upper())
    if page.status == "open":
        return Outcome("action_required", ref, nothing, url=page.url)
    if page.status != "complete" or page.setup_intent is None:
        return Outcome("cancelled", ref, nothing)
    kept = page.setup_intent
    state = reading.SETUPS[kept.status]
    if state == "succeeded":
        means = kept.payment_method
        instrument = Ref(INSTRUMENT, f"{reading.id_of(page.customer)}/{means.id}")
        return Outcome(state, ref, nothing, instrument=instrument, **reading.payer(means.type, means))
    error = kept.last_setup_error
    return Outcome(state, ref, nothing, code=error.code if error and state == "failed" else None)
