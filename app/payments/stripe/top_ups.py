"""Money that a custodian sends back: it goes to the account that Stripe names for adding funds, and is a top-up there.

When it arrives it has no mark of ours. Of the top-ups of the awaited amount, the oldest that nobody has is marked as ours. The
key of that write is the top-up's own: of two who want the same one, Stripe itself lets only the first have it, and the other
takes the next. Of equal amounts it does not matter who has which.
https://docs.stripe.com/connect/top-ups, https://docs.stripe.com/api/topups/update (nothing but metadata can be changed)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import stripe

from app.money import Money
from app.payments.errors import KeyConflict, Rejected, Unsupported
from app.payments.port import DepositDetails, Op, Outcome, Payee, Ref, Txn
from app.payments.stripe import reading
from app.payments.stripe.calling import WRITE_RETRIES, calling
from app.payments.stripe.reading import AWAITED, is_of, metadata

#: It may have arrived so long before we hear that it left, by a custodian's statement. An older one is somebody else's.
EARLIER = timedelta(days=30)
_LINE = "balance_transaction"


class TopUps:
    """`payee` is the account that Stripe names; without one, nothing comes back this way."""

    def __init__(self, marking: stripe.StripeClient, reading: stripe.StripeClient, payee: Payee | None) -> None:
        self._client = marking
        self._reading = reading
        self._payee = payee

    def details(self, reference: str) -> DepositDetails:
        return DepositDetails(self._known(), reference)

    def _known(self) -> Payee:
        if self._payee is None:
            raise Unsupported("no_account_for_funds")
        return self._payee

    def expect(self, op: Op, amount: Money, account: str) -> Outcome:
        """Nothing is made at Stripe, which has no word for it: whoever asks later looks whether it is there."""
        self._known()
        name = f"{amount.currency}-{amount.minor}-{_since(op)}-{op.key}@{account}"
        return Outcome("pending", Ref(AWAITED, name), amount)

    def fetch(self, ref: Ref) -> Outcome:
        """Whether what is awaited is there by now; it goes by the name under which it was marked, whatever sending that was."""
        try:
            currency, minor, since, key = ref.id.split("-", 3)
            key, _, account = key.partition("@")
            environment, op_id, generation = key.rsplit(":", 2)
            amount, op = Money(int(minor), currency), Op(UUID(op_id), int(generation), environment)
        except ValueError:
            raise Rejected("unknown_kind") from None
        with calling():
            there = self._oldest_first(int(since))
            found = next((one for one in there if is_of(op, one, any_sending=True)), None)
        for one in there if found is None else []:
            found = found or (self._take(op, ref, one, account) if _is_free(one, amount) else None)
        if found is None or found.status != "succeeded":
            return Outcome("pending", ref, amount)
        name = named(found)
        return Outcome("succeeded", name, amount, evidence=_lines(found, name))

    def find(self, op: Op) -> Ref | None:
        """The name of what arrived for this operation, in whichever sending."""
        if self._payee is None:
            return None
        with calling():
            there = self._oldest_first(_since(op))
        return next((named(one) for one in there if is_of(op, one, any_sending=True)), None)

    def _oldest_first(self, since: int) -> list[Any]:
        asked: Any = {"limit": 100, "created": {"gte": since}, "expand": [f"data.{_LINE}"]}
        return list(self._reading.v1.topups.list(asked).auto_paging_iter())[::-1]

    def _take(self, op: Op, ref: Ref, one: Any, account: str) -> Any | None:
        """Mark it as what was awaited. None: somebody was quicker."""
        marks: Any = {"metadata": {**metadata(op, account=account), AWAITED: ref.id}, "expand": [_LINE]}
        key = f"{op.environment}:top_up:{one.id}"
        try:
            with calling():
                return self._client.v1.topups.update(
                    one.id, marks, {"idempotency_key": key, "max_network_retries": WRITE_RETRIES}
                )
        except KeyConflict:
            return None


def _lines(top_up: Any, name: Ref) -> tuple[Txn, ...]:
    return reading.lines([top_up.balance_transaction], name, reading.account_of(top_up))


def _since(op: Op) -> int:
    return 0 if op.sent_at is None else int((op.sent_at - EARLIER).timestamp())


def named(top_up: Any) -> Ref:
    """The name by which an instruction knows a top-up; its own, where nobody awaited it."""
    marks = top_up.metadata.to_dict() if top_up.metadata else {}
    return Ref(AWAITED, marks[AWAITED]) if AWAITED in marks else Ref("other", top_up.id)


def _is_free(top_up: Any, amount: Money) -> bool:
    marks = top_up.metadata.to_dict() if top_up.metadata else {}
    is_it = reading.money(top_up.amount, top_up.currency) == amount
    return is_it and top_up.status == "succeeded" and not marks.get("op_id")
