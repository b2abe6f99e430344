"""What the platform asks of a payment gateway, in its own words.

Two roles, which one adapter may play both: a *collector* takes money from investors, a *custodian* holds it for an
offering. Both pay out, and both can be asked for the truth: what became of an operation, by its reference or by our own
id. `docs/gateways.md` tells how to write an adapter; `flask payments conform NAME` proves one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID

from app.money import MOST_MINOR, Money

State = Literal["action_required", "pending", "succeeded", "failed", "cancelled"]
DisputeState = Literal["inquiry", "open", "won", "lost"]
#: Where money lies after it was collected.
Holder = Literal["provider_balance", "segregated", "qualified_escrow"]


class OpKind(StrEnum):
    #: Keep a way to pay for later (a card, a mandate); no money moves.
    SETUP = "setup"
    COLLECT = "collect"
    #: Stop a collection that is not made yet.
    CANCEL = "cancel"
    REFUND = "refund"
    #: Carry what a collector holds to the custodian, and back again where it must be refunded from there.
    TO_CUSTODY = "to_custody"
    FROM_CUSTODY = "from_custody"
    ARRIVAL = "arrival"  # what was carried is there
    RELEASE = "release"  # pay the issuer
    #: Our own fee leaves escrow, and what came back of our losses.
    FEE = "fee"
    TOP_UP = "top_up"  # the platform pays in what it owes to client money
    #: Pay an investor's bank account: what could not be refunded, or what they take out of their cash account.
    PAY_BACK = "pay_back"
    #: From an investor's cash account into an offering's account, at the same custodian.
    FROM_CASH = "from_cash"
    #: Pay the issuer what came back of a loss that it had borne.
    TO_ISSUER = "to_issuer"
    #: The issuer pays in what its holders are to have; from there it is carried to their cash accounts.
    DEPOSIT, TO_CASH = "deposit", "to_cash"


#: What brings money to offerings. Everything else takes it out, but for a cancellation, which moves none.
MONEY_IN = (OpKind.SETUP, OpKind.COLLECT, OpKind.FROM_CASH, OpKind.TOP_UP, OpKind.ARRIVAL, OpKind.DEPOSIT)


class Role(StrEnum):
    COLLECTOR = "collector"
    CUSTODIAN = "custodian"


class Method(StrEnum):
    """How an investor pays, in words that every gateway shares."""

    CARD = "card"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"
    ACH_DEBIT = "ach_debit"
    SEPA_DEBIT = "sepa_debit"
    #: The investor's own transfer to an account that we name, known again by its reference.
    BANK_TRANSFER = "bank_transfer"
    #: From the investor's cash account here.
    CASH_ACCOUNT = "cash_account"


class TxnKind(StrEnum):
    """What a line of a gateway's account is. In: above zero; out: below. Only these move the books."""

    PAYMENT = "payment"
    RETURN = "return"  # a debit was taken back by the payer's bank
    #: A payer's bank took the money while it looks into a complaint; and gave it back.
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    REFUND = "refund"
    #: A refund came back: the payer's account is closed.
    REFUND_FAILED = "refund_failed"
    PAYOUT = "payout"
    PAYOUT_FAILED = "payout_failed"
    MOVE = "move"  # between two accounts at the same custodian
    #: The gateway's own price, where it is a line of its own.
    FEE = "fee"
    #: Money that the platform paid in.
    TOP_UP = "top_up"
    #: Anything else: it is never booked by itself, a person looks at it.
    OTHER = "other"


class Funding(StrEnum):
    """What a payer pays with: cards as their networks tell them apart (Stripe's `card.funding`), or a bank account."""

    BANK = "bank"
    DEBIT = "debit"
    CREDIT = "credit"
    PREPAID = "prepaid"
    UNKNOWN = "unknown"


#: The account at a custodian that is the platform's own, for its fee; and the one for investors' cash.
PLATFORM_ACCOUNT, CASH_ACCOUNTS = "platform", "clients"

#: The `code` of a payment that was declined for what the payer wanted to pay with.
FUNDING_REFUSED = "funding_refused"


@dataclass(frozen=True, slots=True)
class Op:
    """One instruction of ours, committed before it is sent. Same op, same key, same parameters.

    `generation` rises only when it is proven that an earlier sending had no effect. `sent_at` (true time) is when it was
    first sent: a gateway that finds by reading its lists need not look further back.
    """

    id: UUID
    generation: int
    environment: str
    sent_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.environment}:{self.id}:{self.generation}"


@dataclass(frozen=True, slots=True)
class Ref:
    """The gateway's own name for a thing: ("payment", "pay_…"), written "payment/pay_…"."""

    kind: str
    id: str

    @classmethod
    def read(cls, text: str) -> Ref:
        return cls(*text.split("/", 1))

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Txn:
    """A line in the gateway's own account: the evidence that cash moved. `net` is `amount` less `fee`; out is negative.

    `account` is whose money it is, in our words ("offering-7", "" for the gateway's one balance); `available_at` is from
    when it may be paid out, None: at once. `op_key` is the key of ours that its object was made with, "" where the gateway
    does not tell: by it a line is known again of which no row of ours knows, as after a restore.
    """

    id: str
    kind: str
    source: Ref
    amount: Money
    fee: Money
    created_at: datetime
    account: str = ""
    available_at: datetime | None = None
    op_key: str = field(default="", compare=False)  # a gateway may tell it only in its list

    @property
    def net(self) -> Money:
        return self.amount - self.fee

    @property
    def gone(self) -> Money:
        """What went out, above zero; the fee is not in it."""
        return Money(-self.amount.minor, self.amount.currency)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation, as the gateway says now.

    `url` is where the payer must go, if the state is "action_required". `evidence` are all the lines behind it, also those
    that came long after (a return, a dispute, a payout that failed after it was paid): only they move the books, each once.
    `dispute` is how a payer's complaint stands. `instrument` is what may be charged later. `about` is the payment that a
    refund gives back: by it a refund that somebody made at the gateway itself finds its pledge. `funding`, `payer` (the
    name of who holds the account) and `account` (a mark that is the same for the same card or bank account, such as Stripe's
    `fingerprint`; never its number) are None where the gateway does not tell.
    """

    state: State
    ref: Ref
    amount: Money
    url: str | None = None
    code: str | None = None
    evidence: tuple[Txn, ...] = ()
    dispute: DisputeState | None = None
    instrument: Ref | None = None
    about: Ref | None = None
    funding: Funding | None = None
    payer: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class MethodCaps:
    """What a method of payment can and cannot do at a gateway, in one currency. `None` means no limit.

    All times are what the gateway promises at worst; where its documents are silent, the cautious figure stands.
    """

    method: Method
    funds_held_by: Holder
    #: May be kept and charged later, without its holder being there.
    reusable_off_session: bool
    confirmation: Literal["instant", "delayed"]
    #: A delayed answer comes within so long.
    confirm_within: timedelta
    #: So long after it arrived, money may still be taken back without a word.
    clearing_hold: timedelta
    #: Refundable for so long after it was paid, and not before so long: the instruction waits until then.
    refund_window: timedelta | None
    refund_not_before: timedelta
    #: A part of a payment can be given back, more than once.
    partial_refund: bool
    #: The gateway lets money lie for so long.
    max_hold: timedelta | None
    #: The payer's bank may take it back for so long after it was paid; None: not at all.
    reversible_for: timedelta | None
    smallest_minor: int
    largest_minor: int
    step_minor: int  #: every amount, and every part that goes back, is a multiple of it


def plain(method: Method, funds_held_by: Holder) -> MethodCaps:
    """The simplest way to pay: any amount, there at once and for good, given back at any time, at no price of its own.

    What differs is said with `dataclasses.replace`. `MethodCaps` itself leaves nothing out: it would be promised unawares.
    """
    nothing = timedelta(0)
    return MethodCaps(
        method, funds_held_by, reusable_off_session=False, confirmation="instant", confirm_within=nothing,
        clearing_hold=nothing, refund_window=None, refund_not_before=nothing, partial_refund=True,
        max_hold=None, reversible_for=None, smallest_minor=1, largest_minor=MOST_MINOR, step_minor=1,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GatewayCaps:
    """What a gateway is, whatever the method."""

    roles: frozenset[Role]
    currencies: frozenset[str]
    #: As a custodian: who the law allows to hold investors' money (17 CFR 227.303(e)(2): a qualified third party).
    qualified_third_party: bool
    #: Forgets a key after so long: from then on the same key could act again. None: it forgets none.
    key_window: timedelta | None
    #: Tells by itself what happened: its silence is then noticed. Every gateway is asked besides.
    pushes_events: bool
    #: Marked so in production: real money moves.
    livemode: bool
    #: What it calls the accounts of custodians, by their names, where it pays none but those that it knows.
    custodian_accounts: Mapping[str, str] | None = None
    moves_between: bool = True  # a custodian: between any two of its accounts, not only with the platform's own
    payees: str = ""  # how the names of those begin whom alone it pays; "": it pays to bank accounts

    def takes_again(self, age: timedelta) -> bool:
        """Whether a key so old may be sent again; an hour of each day is left for the call and for clocks that differ."""
        return self.key_window is None or age <= self.key_window * 23 / 24


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays: our public name for them, and what a payment page needs.

    `email` only where the gateway must be able to write to them: a bank transfer can be given back only to an account
    that it has to ask them for.
    """

    reference: str
    name: str
    country: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom a payout goes to. The account number is opened from the vault for this call only."""

    holder: str
    account: str


@dataclass(frozen=True, slots=True)
class DepositDetails:
    """How money reaches an account from outside: `lines` are (label, value) as a payer types them; `reference` names it."""

    payee: Payee
    reference: str
    lines: tuple[tuple[str, str], ...] = ()


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
    account: str  # "": all that is there, which only lines may tell apart
    amount: Money


class Truth(Protocol):
    """Asking is free and changes nothing."""

    def fetch(self, ref: Ref) -> Outcome:
        """What became of this. Raises Rejected when there is no such thing."""

    def find(self, op: Op) -> Outcome | None:
        """By our own id. None: proven absent. Raises Unknown when it cannot say."""

    def transactions(self, since: datetime, until: datetime) -> Iterable[Txn]:
        """Every line of the gateway's account in this time, oldest first, as a stream."""

    def balances(self) -> Sequence[Balance]:
        """What the gateway holds, per account and currency."""

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        """Check a signed event. Raises BadSignature, Stale."""

    def parse(self, envelope: Envelope) -> Sequence[Hint]:
        """What an event is about; nothing for a type that does not concern us."""


class PaysOut(Protocol):
    """Both roles do, to anybody and to each other. Every call needs an `Op` that is already committed."""

    def pay_out(
        self, op: Op, amount: Money, *, account: str, payee: Payee, reference: str, document_sha256: str = ""
    ) -> Outcome:
        """Pay out of `account` to a bank account. `document_sha256` is what two officers approved."""

    def deposit_details(self, account: str, reference: str) -> DepositDetails:
        """How money reaches that account from outside, marked so that it is known again."""

    def expect(self, op: Op, amount: Money, *, account: str, reference: str) -> Outcome:
        """Say that money of ours is on its way there, marked with `reference`: "pending" until it has arrived.

        Its line is a "top_up" or a "payment".
        """


class Collector(PaysOut, Protocol):
    """Takes money from investors. Every call needs an `Op` that is already committed."""

    def methods(self, currency: str) -> Mapping[Method, MethodCaps]:
        """What can be paid with, in this currency; nothing where it is not taken."""

    def setup(self, op: Op, *, method: Method, payer: Payer, reference: str, return_url: str) -> Outcome:
        """Keep a way to pay for later. Usually answers "action_required"; done, the outcome has its `instrument`."""

    def collect(
        self, op: Op, amount: Money, *, method: Method, account: str, payer: Payer, reference: str, return_url: str,
        instrument: Ref | None = None, refused: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        """Ask for money, for `account`. Usually answers "action_required" with the page where the payer goes.

        With an `instrument` it is charged without its holder. `refused` are kinds of `Funding` to decline before any
        charge; a gateway that cannot takes the money, and tells.
        """

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        """Stop a payment that is not made yet. May answer "succeeded": too late."""

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        """Send money back to where it came from."""


class Custodian(PaysOut, Protocol):
    """Holds money, for each offering in an account of its own, such as "offering-7"."""

    def move(self, op: Op, amount: Money, *, account: str, to: str) -> Outcome:
        """Carry money between two of its accounts. `PLATFORM_ACCOUNT` is the platform's own."""


class Gateway(Collector, Custodian, Truth, Protocol):
    """An adapter. `name` is how instructions remember it; what it is not (`caps.roles`), it answers with Unsupported."""

    name: str

    @property
    def caps(self) -> GatewayCaps: ...
