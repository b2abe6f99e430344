"""Money leaves: to an issuer's connected account and on to its bank, or to a bank account of the platform's own.

To an issuer it takes two writes: a transfer to the connected account, then that account's payout. Together they are one
operation: what stops between them is continued by sending again, and a payout that is refused takes its transfer back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import stripe

from app.money import Money
from app.payments.errors import GatewayError, Rejected, Unknown
from app.payments.port import Op, Outcome, Payee, Ref
from app.payments.stripe import reading
from app.payments.stripe.calling import calling, writing
from app.payments.stripe.reading import PAYOUT, TRANSFER, is_of, metadata

CONNECTED, OWN_BANK = "acct_", "ba_"
#: What the statement of who is paid shows; by it a custodian knows for which offering money came.
#: https://docs.stripe.com/api/payouts/create (statement_descriptor)
LONGEST_DESCRIPTOR = 22
_LINES = ["balance_transaction", "failure_balance_transaction"]


class Payouts:
    """Holds the key that may pay out; nothing else does."""

    def __init__(self, paying: stripe.StripeClient, reading: stripe.StripeClient) -> None:
        self._client = paying
        self._reading = reading

    def pay(self, op: Op, amount: Money, account: str, payee: Payee, reference: str, document_sha256: str) -> Outcome:
        """`payee.account` is a connected account, or a bank account that the platform has at Stripe.

        Raises Rejected for anything else: Stripe pays nobody whom it has not looked at.
        """
        marks = metadata(op, reference) | ({"document": document_sha256} if document_sha256 else {})
        order = {"amount": amount.minor, "currency": amount.currency.lower(), "metadata": marks}
        if payee.account.startswith(OWN_BANK):
            told = {"destination": payee.account, "statement_descriptor": reference[:LONGEST_DESCRIPTOR]}
            with calling():
                return self._payout({**order, **told}, writing(op), None)
        if not payee.account.startswith(CONNECTED):
            raise Rejected("payee_unknown_to_stripe")
        with calling():
            transfer = self._transfer(op, order, payee.account, account)
        try:
            with calling():
                return self._payout(order, writing(op, ":payout", payee.account), payee.account)
        except Rejected:
            self._take_back(op, transfer)
            raise
        except GatewayError as error:
            # The transfer is made, so this is not "not sent", whatever became of the payout.
            raise Unknown(error.code) from None

    def _transfer(self, op: Op, order: dict[str, Any], destination: str, group: str) -> Any:
        """The transfer of this operation, looked for first: its key may be forgotten while the payout is not made.

        Also that of an earlier sending whose payout came back: its money lies in the connected account still.
        """
        found = self._transfer_of(op, {"transfer_group": group, "destination": destination, "limit": 100})
        if found is not None:
            return found
        asked: Any = {**order, "destination": destination, "transfer_group": group}
        return self._client.v1.transfers.create(asked, writing(op))

    def _transfer_of(self, op: Op, where: Any) -> Any | None:
        transfers = self._reading.v1.transfers.list(where).auto_paging_iter()
        return next((one for one in transfers if is_of(op, one, any_sending=True) and not one.reversed), None)

    def _payout(self, order: Any, options: stripe.RequestOptions, account: str | None) -> Outcome:
        asked: Any = {**order, "expand": _LINES}
        return reading.payout(self._client.v1.payouts.create(asked, options), account)

    def _take_back(self, op: Op, transfer: Any) -> None:
        """Raises Unknown when that is not known to have worked: then the operation is not over."""
        try:
            with calling():
                self._client.v1.transfers.reversals.create(
                    transfer.id, {"metadata": metadata(op)}, writing(op, ":take_back")
                )
        except GatewayError as error:
            raise Unknown(error.code) from None

    def fetch(self, ref: Ref) -> Outcome:
        account, _, payout_id = ref.id.rpartition("/")
        return reading.payout(self._reading.v1.payouts.retrieve(payout_id, {"expand": _LINES}, _of(account)), account)

    def find(self, op: Op, since: Any) -> Ref | None:
        """A transfer without its payout is not yet what was asked: None, so that it is sent again, and goes on."""
        for payout in self._reading.v1.payouts.list(since).auto_paging_iter():
            if is_of(op, payout):
                return Ref(PAYOUT, payout.id)
        transfer = self._transfer_of(op, since)
        if transfer is None:
            return None
        return self._at(transfer, since, lambda payout: is_of(op, payout))

    def of_transfer(self, transfer: Any) -> Ref:
        """The name by which we know what a transfer was made for: the latest payout of its operation, if there is one."""
        wanted = transfer.metadata.to_dict().get("op_id") if transfer.metadata else None
        since = {"limit": 100, "created": {"gte": transfer.created}}
        found = None
        if wanted:
            found = self._at(transfer, since, lambda payout: payout.metadata.to_dict().get("op_id") == wanted)
        return found or Ref(TRANSFER, transfer.id)

    def _at(self, transfer: Any, since: Any, is_it: Callable[[Any], bool]) -> Ref | None:
        """A payout of the account that a transfer went to."""
        account = reading.id_of(transfer.destination)
        for payout in self._reading.v1.payouts.list(since, _of(account)).auto_paging_iter():
            if is_it(payout):
                return Ref(PAYOUT, f"{account}/{payout.id}")
        return None


def _of(account: str) -> stripe.RequestOptions:
    return {"stripe_account": account} if account else {}
