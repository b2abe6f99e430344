"""The sandbox behind the port: translates its objects, errors and signatures into the platform's words."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row

from app.money import EXPONENTS, Money
from app.payments.errors import (
    WRONG_ENVIRONMENT,
    BadSignature,
    GatewayError,
    InFlight,
    InsufficientProviderFunds,
    KeyConflict,
    Misconfigured,
    NotSent,
    RateLimited,
    Rejected,
    Stale,
    Unknown,
    Unsupported,
)
from app.payments.port import (
    Balance,
    DepositDetails,
    Envelope,
    Funding,
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
    State,
    Txn,
    TxnKind,
    plain,
)
from app.payments.sandbox.answers import ConnectionRefused, LineDropped, RemoteError
from app.payments.sandbox.provider import Provider
from app.payments.sandbox.signing import SIGNATURE_HEADER, digest
from app.payments.sandbox.tables import ACCOUNTS, FUNDING, PAYERS

Answer = TypeVar("Answer")

#: An event signed longer ago, or further ahead, is not believed.
TOLERANCE = timedelta(seconds=300)

#: What the sandbox's card can do: paid at once, held in escrow, given back at any time.
CARD = plain(Method.CARD, "qualified_escrow")

_STATES: dict[str, State] = {
    "requires_action": "action_required",
    "processing": "pending",
    "pending": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}


class SandboxGateway:
    """See `port.Gateway`."""

    name = "sandbox"

    def __init__(self, provider: Provider, *, webhook_secret: str) -> None:
        self.provider = provider
        self._webhook_secret = webhook_secret

    caps = GatewayCaps(
        roles=frozenset(Role),
        currencies=frozenset(EXPONENTS),
        qualified_third_party=True,
        key_window=timedelta(hours=24),
        pushes_events=True,
        livemode=False,
    )

    # Collector

    def methods(self, currency: str) -> Mapping[Method, MethodCaps]:
        return {Method.CARD: CARD} if currency in self.caps.currencies else {}

    def setup(self, op: Op, *, method: Method, payer: Payer, reference: str, return_url: str) -> Outcome:
        raise Unsupported("setup")

    def collect(
        self, op: Op, amount: Money, *, method: Method, account: str, payer: Payer, reference: str, return_url: str,
        instrument: Ref | None = None, refused: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        details = {"reference": reference, "return_url": return_url}
        if refused:
            details["about"] = " ".join(refused)
        return self._create("payment", op, amount, account, **details)

    def cancel(self, op: Op, payment: Ref) -> Outcome:
        calling(lambda: self.provider.cancel_payment(payment.id))
        return self.fetch(payment)

    def refund(self, op: Op, payment: Ref, amount: Money) -> Outcome:
        row, _ = calling(lambda: self.provider.get(payment.id))
        return self._create("refund", op, amount, row.account, about=payment.id)

    # Custodian

    def pay_out(
        self, op: Op, amount: Money, *, account: str, payee: Payee, reference: str, document_sha256: str = ""
    ) -> Outcome:
        return self._create("payout", op, amount, account, about=payee.account, reference=document_sha256 or reference)

    def move(self, op: Op, amount: Money, *, account: str, to: str) -> Outcome:
        return self._create("move", op, amount, account, about=to)

    def deposit_details(self, account: str, reference: str) -> DepositDetails:
        return DepositDetails(Payee("Sandbox Trust", f"SANDBOX-{account}"), reference)

    def _create(self, kind: str, op: Op, amount: Money, account: str, **details: Any) -> Outcome:
        object_id = calling(
            lambda: self.provider.create(
                kind, op.key, op.id, account=account, amount_minor=amount.minor, currency=amount.currency, **details
            )
        )
        return self.fetch(Ref(kind, object_id))

    def expect(self, op: Op, amount: Money, *, account: str, reference: str) -> Outcome:
        return self._create("arrival", op, amount, account, reference=reference)

    # Truth

    def fetch(self, ref: Ref) -> Outcome:
        row, lines = calling(lambda: self.provider.get(ref.id))
        return self._outcome(row, lines)

    def find(self, op: Op) -> Outcome | None:
        object_id = calling(lambda: self.provider.find(op.id, op.key))
        return None if object_id is None else self.fetch(Ref("", object_id))

    def _outcome(self, row: Row[Any], lines: Sequence[Row[Any]]) -> Outcome:
        evidence = tuple(_txn(line) for line in lines)
        amount = Money(row.amount_minor, row.currency)
        if row.kind == "payment" and evidence:
            amount = evidence[0].amount
        # Without a host: its pages are on the very site that the payer came from, by whatever name.
        url = f"/sandbox/checkout/{row.id}" if row.status == "requires_action" else None
        funding = FUNDING.get(row.token)
        return Outcome(
            _STATES[row.status], Ref(row.kind, row.id), amount, url=url, code=row.code, evidence=evidence,
            funding=Funding(funding) if funding else None, payer=PAYERS.get(row.token),
            account=ACCOUNTS.get(row.token), about=Ref("payment", row.about) if row.kind == "refund" else None,
        )  # fmt: skip

    def transactions(self, since: datetime, until: datetime) -> Sequence[Txn]:
        return [_txn(row) for row in calling(lambda: self.provider.list_transactions(since, until))]

    def balances(self) -> Sequence[Balance]:
        return [
            Balance(account, Money(minor, currency)) for account, minor, currency in calling(self.provider.balances)
        ]

    def verify(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Envelope:
        parts = dict(part.split("=", 1) for part in headers.get(SIGNATURE_HEADER, "").split(",") if "=" in part)
        stamp = parts.get("t", "")
        if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12:
            raise BadSignature("no_stamp")
        expected = digest(raw, self._webhook_secret, stamp)
        # As bytes: of texts, it compares only plain ASCII ones, and anybody can send a header.
        if not hmac.compare_digest(expected.encode(), parts.get("v1", "").encode("utf-8", "replace")):
            raise BadSignature("signature_differs")
        if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            raise Stale("outside_tolerance")
        try:
            body = json.loads(raw)
            event_id, type_, livemode = str(body["id"]), str(body["type"]), body.get("livemode")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BadSignature("unreadable") from None
        if livemode is not False:
            raise BadSignature(WRONG_ENVIRONMENT)
        return Envelope(event_id, type_, raw)

    def parse(self, envelope: Envelope) -> Sequence[Hint]:
        body = json.loads(envelope.body)
        found = body.get("object") or {}
        return [Hint(envelope.type, Ref(str(found["kind"]), str(found["id"])))] if found.get("id") else []


def _txn(row: Row[Any]) -> Txn:
    return Txn(
        id=row.id,
        kind=TxnKind(row.kind),
        source=Ref(row.object_kind, row.object_id),
        amount=Money(row.amount_minor, row.currency),
        fee=Money(row.fee_minor, row.currency),
        created_at=row.created_at,
        account=row.account,
        available_at=row.available_at,
        op_key=getattr(row, "key", None) or "",
    )


_CODES: dict[str, type[GatewayError]] = {
    "key_conflict": KeyConflict,
    "balance_insufficient": InsufficientProviderFunds,
}
_STATUSES: dict[int, type[GatewayError]] = {401: Misconfigured, 409: InFlight, 429: RateLimited, 500: Unknown}


def calling(request: Callable[[], Answer]) -> Answer:
    """Make a request; everything that can go wrong comes out as one of the port's errors."""
    try:
        return request()
    except ConnectionRefused:
        raise NotSent("refused_connection") from None
    except LineDropped:
        raise Unknown("timeout") from None
    except RemoteError as error:
        kind = _CODES.get(error.code) or _STATUSES.get(error.status) or Rejected
        raise kind(error.code) from None
