"""Stripe's objects in the platform's words: lines of its account, and what became of payments, refunds and payouts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.money import Money
from app.payments.port import CASH_ACCOUNTS, DisputeState, Funding, Op, Outcome, Ref, State, Txn, TxnKind
from app.payments.stripe.methods import FINAL

#: Kinds of our references. "checkout" is a page where a payer pays; "payment" a charge without its holder.
CHECKOUT, PAYMENT, REFUND, TRANSFER, PAYOUT = "checkout", "payment", "refund", "transfer", "payout"
#: Money that a custodian sends to Stripe, see `top_ups.py`.
AWAITED = "awaited"
#: A kept way to pay: "cus_…/pm_…".
INSTRUMENT = "instrument"
#: Why a kept card was not charged: its bank wants its holder to be there.
#: https://docs.stripe.com/declines/codes
HOLDER_WANTED = "authentication_required"

#: https://docs.stripe.com/reports/reporting-categories -> ours; what is not here is looked at by a person.
_KINDS = {
    "charge": TxnKind.PAYMENT,
    "charge_failure": TxnKind.RETURN,
    "refund": TxnKind.REFUND,
    "refund_failure": TxnKind.REFUND_FAILED,
    "dispute": TxnKind.DISPUTE,
    "dispute_reversal": TxnKind.DISPUTE_WON,
    "payout": TxnKind.PAYOUT,
    "payout_reversal": TxnKind.PAYOUT_FAILED,
    "transfer": TxnKind.PAYOUT,  # to a connected account, and from there to its bank
    "transfer_reversal": TxnKind.PAYOUT_FAILED,
    "fee": TxnKind.FEE,
    "topup": TxnKind.TOP_UP,
}

_ACCOUNT = re.compile(rf"offering-[0-9]+|{CASH_ACCOUNTS}")

#: https://docs.stripe.com/payments/paymentintents/lifecycle. A decline goes back to "requires_payment_method"; ours are
#: confirmed when they are made, so that is the end.
_PAYMENTS: dict[str, State] = {
    "requires_payment_method": "failed",
    "requires_confirmation": "pending",
    "requires_action": "action_required",
    "requires_capture": "pending",
    "processing": "pending",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
#: Keeping a way to pay; a bank account may first have to be proven by small deposits.
SETUPS: dict[str, State] = {
    "requires_payment_method": "failed",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
#: Stripe cancels the refund of a transfer whose payer did not say within 45 days where it goes: it was not made.
#: https://docs.stripe.com/payments/customer-balance/refunding
_REFUNDS: dict[str, State] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
#: A payout may say "paid", and "failed" days later. https://docs.stripe.com/api/payouts/object
PAYOUTS: dict[str, State] = {
    "pending": "pending",
    "in_transit": "pending",
    "paid": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
#: The gravest first. Inquiries ("warning_…") and what was prevented move no money.
_DISPUTES: tuple[tuple[DisputeState, tuple[str, ...]], ...] = (
    ("lost", ("lost", "appeal_lost")),
    ("open", ("needs_response", "under_review", "appeal_needs_response", "appeal_under_review")),
    ("won", ("won", "appeal_won")),
)


def metadata(op: Op, reference: str = "", account: str = "") -> dict[str, str]:
    """How we know our own again, and whose money it is (`Txn.account`); never a name."""
    marks = {"op_id": str(op.id), "generation": str(op.generation), "env": op.environment}
    return marks | {name: value for name, value in (("reference", reference), ("account", account)) if value}


def account_of(thing: Any) -> str:
    """Whose money it is, by our marks on it or else by its `transfer_group`; "" where neither says so in our words."""
    marks = thing.metadata.to_dict() if getattr(thing, "metadata", None) else {}
    for told in (marks.get("account"), getattr(thing, "transfer_group", None)):
        if told and _ACCOUNT.fullmatch(told):
            return str(told)
    return ""


def is_of(op: Op, thing: Any, *, any_sending: bool = False) -> bool:
    """Whether we made this, for this very sending or, if asked so, for any of the operation."""
    found = thing.metadata.to_dict() if thing.metadata else {}
    wanted = metadata(op)
    if any_sending:
        del wanted["generation"]
    return wanted.items() <= found.items()


def op_key(thing: Any) -> str:
    """The key of ours that a thing was made with, by our marks on it; "" where it has none. A charge has its payment's."""
    marks = thing.metadata.to_dict() if getattr(thing, "metadata", None) else {}
    try:
        return Op(UUID(marks["op_id"]), int(marks["generation"]), marks["env"]).key
    except (KeyError, ValueError):
        return ""


def id_of(thing: Any) -> str:
    """Of an object that may have come whole or as its id."""
    return thing if isinstance(thing, str) else str(thing.id)


def money(minor: int, currency: str) -> Money:
    """Stripe counts as ISO 4217 does in every currency that we use."""
    return Money(minor, currency.upper())


def line(entry: Any, source: Ref, account: str, *, final: bool = False) -> Txn:
    """A balance transaction. `final`: the payer's bank takes back without a complaint that could be answered."""
    kind = _KINDS.get(entry.reporting_category, TxnKind.OTHER)
    if final and kind is TxnKind.DISPUTE:
        kind = TxnKind.RETURN
    return Txn(
        id=entry.id,
        kind=kind,
        source=source,
        amount=money(entry.amount, entry.currency),
        fee=money(entry.fee, entry.currency),
        created_at=datetime.fromtimestamp(entry.created, UTC),
        account=account,
        available_at=datetime.fromtimestamp(entry.available_on, UTC),
    )


def lines(entries: Sequence[Any], source: Ref, account: str, *, final: bool = False) -> tuple[Txn, ...]:
    """What is there of them."""
    return tuple(line(entry, source, account, final=final) for entry in entries if entry is not None)


def payment(intent: Any, ref: Ref, disputes: Sequence[Any] = ()) -> Outcome:
    """What became of a payment, with its charge and its complaints behind it.

    A debit has a line from the day it is sent to the bank; it is no evidence before the bank has paid. If the bank does
    not pay, a second line takes the first one back: then both are told.
    https://docs.stripe.com/reports/balance-transaction-types (payment_failure_refund)
    """
    state = _PAYMENTS[intent.status]
    charge = intent.latest_charge
    error = intent.last_payment_error
    final = charge is not None and charge.payment_method_details.type in FINAL
    evidence: tuple[Txn, ...] = ()
    if charge is not None and (state == "succeeded" or charge.failure_balance_transaction is not None):
        account = account_of(intent)
        evidence = lines([charge.balance_transaction, charge.failure_balance_transaction], ref, account)
        for dispute in disputes:
            evidence += lines(dispute.balance_transactions, ref, account, final=final)
    received = intent.amount_received if state == "succeeded" else intent.amount
    return Outcome(
        state, ref, money(received, intent.currency), url=_next(intent),
        code=error.code if error and state == "failed" else None,
        evidence=evidence, dispute=None if final else _dispute(disputes),
        **(payer(charge.payment_method_details.type, charge.payment_method_details, charge) if evidence else {}),
    )  # fmt: skip


def _next(intent: Any) -> str | None:
    """Where the payer must go: their bank's page, or how to make a transfer."""
    action = intent.next_action
    if intent.status != "requires_action" or action is None:
        return None
    page: str | None = {
        "redirect_to_url": lambda: action.redirect_to_url.url,
        "display_bank_transfer_instructions": lambda: action.display_bank_transfer_instructions.hosted_instructions_url,
    }.get(action.type, lambda: None)()
    return page


def _dispute(disputes: Sequence[Any]) -> DisputeState | None:
    states = {one.status for one in disputes}
    for ours, theirs in _DISPUTES:
        if states & set(theirs):
            return ours
    return "inquiry" if states else None


def payer(type_: str, details: Any, charge: Any = None) -> dict[str, Any]:
    """With what is paid and by whom, as far as Stripe tells: of a charge, or of a way to pay that is kept."""
    means = details.to_dict().get(type_) or {}
    return {
        "funding": funding(type_, means.get("funding")),
        "payer": (charge or details).billing_details.name,
        "account": means.get("fingerprint"),
    }


def funding(type_: str, of_card: str | None) -> Funding | None:
    if type_ == "card":
        return Funding(of_card) if of_card in set(Funding) else Funding.UNKNOWN
    return Funding.BANK if type_ in (*FINAL, "customer_balance") else None


def refund(found: Any, account: str, about: Ref | None = None) -> Outcome:
    """A refund may fail long after; then its money is back in our balance. `about` is the payment of one that is not ours."""
    ref, state = Ref(REFUND, found.id), _REFUNDS[found.status]
    evidence = _ended(found, ref, state, account)
    return Outcome(
        state, ref, money(found.amount, found.currency), evidence=evidence,
        code=(found.failure_reason or found.status) if state == "failed" else None,
        about=about,
    )  # fmt: skip


def payout(found: Any) -> Outcome:
    """A payout to a bank account of the platform's own."""
    ref, state = Ref(PAYOUT, found.id), PAYOUTS[found.status]
    evidence = _ended(found, ref, state, account_of(found))
    return Outcome(state, ref, money(found.amount, found.currency), code=found.failure_code, evidence=evidence)


def _ended(found: Any, ref: Ref, state: State, account: str) -> tuple[Txn, ...]:
    """The lines of what left. While it is on its way to a bank they are no evidence, as those of a debit that comes: it may
    take days, and until then only Stripe's own list tells them.
    """
    if state == "pending":
        return ()
    return lines([found.balance_transaction, found.failure_balance_transaction], ref, account)
