"""What the platform asks of a payment gateway, in its own words.

Two roles, which one adapter may play both: a *collector* takes money from investors, a *custodian* holds it for an
offering. Both can be asked for the truth: what became of an operation, by its reference or by our own id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID

from app.money import Money

State = Literal["action_required", "pending", "succeeded", "failed", "cancelled"]


class OpKind(StrEnum):
    COLLECT = "collect"
    CANCEL = "cancel"
    REFUND = "refund"
    RELEASE = "release"
    FEE = "fee"


class Funding(StrEnum):
    """What a payer pays with: cards as their networks tell them apart (Stripe's `card.funding`), or a bank account."""

    BANK = "bank"
    DEBIT = "debit"
    CREDIT = "credit"
    PREPAID = "prepaid"
    UNKNOWN = "unknown"


#: The `code` of a payment that was declined for what the payer wanted to pay with.
FUNDING_REFUSED = "funding_refused"


@dataclass(frozen=True, slots=True)
class Op:
    """One instruction of ours, committed before it is sent. Same op, same key, same parameters.

    `generation` rises only when it is proven that an earlier sending had no effect.
    """

    id: UUID
    generation: int
    environment: str

    @property
    def key(self) -> str:
        return f"{self.environment}:{self.id}:{self.generation}"


@dataclass(frozen=True, slots=True)
class Ref:
    """The gateway's own name for a thing: ("payment", "pay_…")."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Txn:
    """A line in the gateway's own account: the evidence that cash moved. `net` is `amount` less `fee`; out is negative."""

    id: str
    kind: str
    source: Ref
    amount: Money
    fee: Money
    created_at: datetime

    @property
    def net(self) -> Money:
        return self.amount - self.fee


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation, as the gateway says now.

    `url` is where the payer must go, if the state is "action_required". `evidence` are the transactions behind it:
    only they move the books. (The design had their ids; the lines themselves save a second question.)
    `funding`, `payer` (the name of who holds the account) and `account` (a mark that is the same for the same card or bank
    account, such as Stripe's `fingerprint`; never its number) are None where the gateway does not tell.
    """

    state: State
    ref: Ref
    amount: Money
    url: str | None = None
    code: str | None = None
    evidence: tuple[Txn, ...] = ()
    funding: Funding | None = None
    payer: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class MethodCaps:
    """What a method of payment can and cannot do. `None` means no limit."""

    funds_held_by: Literal["none", "provider_balance", "segregated", "qualified_escrow"]
    qualified_third_party: bool
    manual_capture: bool
    reusable_off_session: bool
    confirmation: Literal["instant", "delayed"]
    clearing_hold: timedelta
    refund_window: timedelta | None
    max_hold: timedelta | None
    partial_refund: bool
    refund_may_fail: bool
    currencies: frozenset[str]
    fee: Literal["netted", "invoiced"]
    key_window: timedelta
    find_by_op: bool
    pushes_events: bool


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid out to. The account number is opened from the vault for this call only."""

    holder: str
    account: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event whose signature was checked. `body` is as it came."""

    event_id: str
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Hint:
    """An event tells us only what to look at; amounts in it are not trusted."""

    type: str
    ref: Ref


@dataclass(frozen=True, slots=True)
class Balance:
    account: str
    amount: Money


# The closed set of errors: an adapter maps everything it meets to one of these.


class GatewayError(Exception):
    """`code` is the gateway's own word, for the log and the operator."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


class Declined(GatewayError):
    """The payer's side said no."""


class Rejected(GatewayError):
    """The gateway will never do this."""


class InsufficientProviderFunds(GatewayError):
    """Our balance there is too low; later it may work."""


class RateLimited(GatewayError):
    """Ask again later."""


class NotSent(GatewayError):
    """Proven not executed: the connection was never made."""


class Unknown(GatewayError):
    """It may have been executed or not: a timeout, a dropped connection, an error of the server."""


class InFlight(GatewayError):
    """The same operation is being executed right now."""


class KeyConflict(GatewayError):
    """The same key with other parameters: our mistake; stop and call a person."""


class Unsupported(GatewayError):
    """This adapter cannot do that, and its capabilities say so."""


class Misconfigured(GatewayError):
    """The gateway does not accept our credentials."""


class BadSignature(GatewayError):
    """Not from the gateway, or changed on the way."""


class Stale(GatewayError):
    """Signed too long ago, or in the future."""


class Truth(Protocol):
    """Asking is free and changes nothing."""

    def fetch(self, ref: Ref) -> Outcome:
        """What became of this. Raises Rejected when there is no such thing."""

    def find(self, op: Op) -> Outcome | None:
        """By our own id. None: proven absent. Raises Unknown when it cannot say."""

    def transactions(self, since: datetime, until: datetime) -> Sequence[Txn]:
        """Every line of the gateway's account in this time, oldest first."""

    def balances(self) -> Sequence[Balance]:
        """What the gateway holds, per account and currency."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        """Check a signed event. Raises BadSignature, Stale."""

    def parse(self, envelope: Envelope) -> Sequence[Hint]:
        """What an event is about; nothing for a type that does not concern us."""


class Collector(Protocol):
    """Takes money from investors. Every call needs an `Op` that is already committed."""

    def caps(self, currency: str) -> MethodCaps: ...

    def collect(
        self, op: Op, amount: Money, *, account: str, reference: str, return_url: str, refused: Sequence[str] = ()
    ) -> Outcome:
        """Ask for money. Usually answers "action_required" with the page where the payer goes.

        `refused` are kinds of `Funding` to decline before any charge; a gateway that cannot takes the money, and tells.
        """

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        """Stop a payment that is not made yet. May answer "succeeded": too late."""

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        """Send money back to where it came from."""


class Custodian(Protocol):
    """Holds money for an offering, in an account named `account`."""

    def release(self, op: Op, *, account: str, payee: Payee, amount: Money, document_sha256: str) -> Outcome:
        """Pay the issuer out of escrow. `document_sha256` is what the two officers approved."""

    def take_fee(self, op: Op, *, account: str, amount: Money) -> Outcome:
        """Move our own fee out of escrow to the platform's account."""


class Gateway(Collector, Custodian, Truth, Protocol):
    """An adapter that plays every role. `name` is how instructions remember it."""

    name: str
