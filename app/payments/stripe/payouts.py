"""Money leaves: to an issuer's connected account and on to its bank, or to a bank account of the platform's own.

To an issuer it takes two writes: a transfer to the connected account, then that account's payout. Together they are one
operation, which goes by the name of its transfer: that is what moves our balance. What stops between them is continued by
sending again; a payout that is refused, or comes back, takes its transfer back, so that the money is here again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import stripe

from app.money import Money
from app.payments.errors import GatewayError, Rejected, Unknown
from app.payments.port import Op, Outcome, Payee, Ref
from app.payments.stripe import reading
from app.payments.stripe.calling import WRITE_RETRIES, calling, writing
from app.payments.stripe.reading import PAYOUT, PAYOUTS, TRANSFER, account_of, is_of, metadata, op_key

CONNECTED, OWN_BANK = "acct_", "ba_"
#: What the statement of who is paid shows; by it a custodian knows for which offering money came.
#: https://docs.stripe.com/api/payouts/create (statement_descriptor)
LONGEST_DESCRIPTOR = 22
_LINES = ["balance_transaction", "failure_balance_transaction"]
#: A transfer with every line of ours behind it. https://docs.stripe.com/api/transfer_reversals/object
_TRANSFER_LINES = ["balance_transaction", "reversals.data.balance_transaction"]


class Payouts:
    """Holds the key that may pay out; nothing else does."""

    def __init__(self, paying: stripe.StripeClient, reading: stripe.StripeClient) -> None:
        self._client = paying
        self._reading = reading

    def pay(self, op: Op, amount: Money, account: str, payee: Payee, reference: str, document_sha256: str) -> Outcome:
        """`payee.account` is a connected account, or a bank account that the platform has at Stripe.

        Raises Rejected for anything else: Stripe pays nobody whom it has not looked at.
        """
        marks = metadata(op, reference, account) | ({"document": document_sha256} if document_sha256 else {})
        order = {"amount": amount.minor, "currency": amount.currency.lower(), "metadata": marks}
        if payee.account.startswith(OWN_BANK):
            told = {"destination": payee.account, "statement_descriptor": reference[:LONGEST_DESCRIPTOR]}
            with calling():
                made = self._client.v1.payouts.create({**order, **told, "expand": _LINES}, writing(op))  # type: ignore[typeddict-item]
            return reading.payout(made)
        if not payee.account.startswith(CONNECTED):
            raise Rejected("payee_unknown_to_stripe")
        with calling():
            transfer = self._transfer(op, order, payee.account, account)
        try:
            return self._go_on(op, order, transfer, payee.account)
        except GatewayError as error:
            # The transfer is made, so this is not "not sent", whatever became of the payout.
            raise Unknown(error.code) from None

    def _transfer(self, op: Op, order: dict[str, Any], destination: str, group: str) -> Any:
        """The transfer of this operation, looked for first: its key may be forgotten while the payout is not made.

        Also that of an earlier sending, if its money lies in the connected account still.
        """
        found = self._transfer_of(op, {"transfer_group": group, "destination": destination, "limit": 100})
        if found is not None:
            return found
        asked: Any = {**order, "destination": destination, "transfer_group": group}
        return self._client.v1.transfers.create(asked, writing(op))

    def _go_on(self, op: Op, order: dict[str, Any], transfer: Any, account: str) -> Outcome:
        """From the connected account to its bank."""
        refused = None
        asked: Any = {**order, "metadata": {**order["metadata"], TRANSFER: transfer.id}}
        try:
            with calling():
                self._client.v1.payouts.create(asked, writing(op, ":payout", account))
        except Rejected as error:
            refused = error.code
            self._take_back(transfer)
        told = self.fetch_transfer(transfer.id)
        return replace(told, code=told.code or refused)

    def _take_back(self, transfer: Any) -> None:
        """All of it, under a key of its own: whoever finds that it must come back asks for the same thing."""
        marks: Any = {"metadata": transfer.metadata.to_dict()}
        options: stripe.RequestOptions = {
            "idempotency_key": f"{op_key(transfer)}:take_back", "max_network_retries": WRITE_RETRIES,
        }  # fmt: skip
        with calling():
            self._client.v1.transfers.reversals.create(transfer.id, marks, options)

    def fetch(self, payout_id: str) -> Outcome:
        return reading.payout(self._reading.v1.payouts.retrieve(payout_id, {"expand": _LINES}))

    def fetch_transfer(self, transfer_id: str) -> Outcome:
        """What became of a transfer to a connected account and of the payout from there, of which the latest decides.

        One that did not reach the bank takes its transfer back, if that is ours. Raises GatewayError where that is not
        known to have worked: then the operation is not over.
        """
        with calling():
            transfer = self._whole(transfer_id)
            payout = next(iter(self._from_there(transfer)), None)
        state = PAYOUTS[payout.status] if payout is not None else "pending"
        if state == "failed" and not transfer.reversed and op_key(transfer):
            self._take_back(transfer)
            with calling():
                transfer = self._whole(transfer_id)
        if transfer.reversed:
            state = "failed"
        ref, entries = Ref(TRANSFER, transfer.id), [transfer.balance_transaction]
        entries += [one.balance_transaction for one in transfer.reversals.data]
        return Outcome(
            state, ref, reading.money(transfer.amount, transfer.currency),
            code=payout.failure_code if payout is not None else None,
            evidence=() if state == "pending" else reading.lines(entries, ref, account_of(transfer)),
        )  # fmt: skip

    def _whole(self, transfer_id: str) -> Any:
        return self._reading.v1.transfers.retrieve(transfer_id, {"expand": _TRANSFER_LINES})

    def _from_there(self, transfer: Any) -> list[Any]:
        """The payouts that were made for a transfer, the latest first."""
        since: Any = {"limit": 100, "created": {"gte": transfer.created}}
        options: stripe.RequestOptions = {"stripe_account": reading.id_of(transfer.destination)}
        found = self._reading.v1.payouts.list(since, options).auto_paging_iter()
        return [one for one in found if one.metadata and one.metadata.to_dict().get(TRANSFER) == transfer.id]

    def find(self, op: Op, since: Any) -> Ref | None:
        """A transfer without its payout is not yet what was asked: None, so that it is sent again, and goes on.

        One that was taken back is what became of this very sending.
        """
        for payout in self._reading.v1.payouts.list(since).auto_paging_iter():
            if is_of(op, payout):
                return Ref(PAYOUT, payout.id)
        transfer = self._transfer_of(op, since)
        if transfer is not None:
            is_whole = any(is_of(op, payout) for payout in self._from_there(transfer))
            return Ref(TRANSFER, transfer.id) if is_whole else None
        back = self._first(since, lambda one: one.reversed and is_of(op, one))
        return Ref(TRANSFER, back.id) if back is not None else None

    def _transfer_of(self, op: Op, where: Any) -> Any | None:
        return self._first(where, lambda one: is_of(op, one, any_sending=True) and not one.reversed)

    def _first(self, where: Any, is_it: Callable[[Any], bool]) -> Any | None:
        return next((one for one in self._reading.v1.transfers.list(where).auto_paging_iter() if is_it(one)), None)

    def about(self, payout_id: str, account: str | None) -> Ref | None:
        """What we know a payout by; None: a connected account's own, of which we know nothing."""
        if not account:
            return Ref(PAYOUT, payout_id)
        found = self._reading.v1.payouts.retrieve(payout_id, {}, {"stripe_account": account})
        marks = found.metadata.to_dict() if found.metadata else {}
        return Ref(TRANSFER, marks[TRANSFER]) if TRANSFER in marks else None
