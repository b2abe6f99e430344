"""Every line of Stripe's balance, under the name by which an instruction knows its object, and whose money it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import stripe

from app.payments.port import Ref, Txn
from app.payments.stripe import reading
from app.payments.stripe.calling import calling
from app.payments.stripe.methods import FINAL
from app.payments.stripe.reading import PAYOUT, REFUND, TRANSFER, account_of, id_of
from app.payments.stripe.searching import Search
from app.payments.stripe.top_ups import named

#: A day's lines at a time are turned round: Stripe lists the newest first.
_SLICE = timedelta(days=1)


class Listing:
    """Reads only."""

    def __init__(self, reading: stripe.StripeClient, search: Search) -> None:
        self._client = reading
        self._search = search

    def transactions(self, since: datetime, until: datetime) -> Iterator[Txn]:
        at = since
        while at < until:
            end = min(at + _SLICE, until)
            window: Any = {
                "created": {"gte": ceil(at.timestamp()), "lt": ceil(end.timestamp())},  # theirs are whole seconds
                "limit": 100,
                "expand": ["data.source"],
            }
            with calling():
                entries = list(self._client.v1.balance_transactions.list(window).auto_paging_iter())
                day = [replace(self._line(one), op_key=reading.op_key(one.source)) for one in reversed(entries)]
            yield from day
            at = end

    def _line(self, entry: Any) -> Txn:
        thing = entry.source
        match getattr(thing, "object", None):
            case "charge" if thing.payment_intent:
                return reading.line(entry, self._search.of_payment(id_of(thing.payment_intent)), account_of(thing))
            case "dispute" if thing.payment_intent:
                charge = self._client.v1.charges.retrieve(id_of(thing.charge))
                final = charge.payment_method_details is not None and charge.payment_method_details.type in FINAL
                paid = self._search.of_payment(id_of(thing.payment_intent))
                return reading.line(entry, paid, account_of(charge), final=final)
            case "refund":
                return reading.line(entry, Ref(REFUND, thing.id), self._search.account_of_refund(thing))
            case "payout":
                return reading.line(entry, Ref(PAYOUT, thing.id), account_of(thing))
            case "transfer":
                return reading.line(entry, Ref(TRANSFER, thing.id), account_of(thing))
            case "transfer_reversal":
                transfer = id_of(thing.transfer)
                account = account_of(thing) or account_of(self._client.v1.transfers.retrieve(transfer))
                return reading.line(entry, Ref(TRANSFER, transfer), account)
            case "topup":
                return reading.line(entry, named(thing), account_of(thing))
        return reading.line(entry, Ref("other", thing.id if hasattr(thing, "id") else entry.id), "")
