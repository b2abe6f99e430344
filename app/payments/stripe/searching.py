"""Finding our own things at Stripe again, by what we wrote on them. Lists only: Stripe's search lags behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import stripe

from app.payments.errors import Rejected
from app.payments.port import Op, Ref
from app.payments.stripe.calling import calling
from app.payments.stripe.payouts import Payouts
from app.payments.stripe.reading import CHECKOUT, HOLDER_WANTED, PAYMENT, REFUND, account_of, id_of, is_of

#: Our clock and theirs may differ by so much.
CLOCKS_DIFFER = timedelta(minutes=5)
#: How many pairs of payment and page are remembered; they never change.
REMEMBERED = 8_192


class Search:
    """Reads only."""

    def __init__(self, reading: stripe.StripeClient, payouts: Payouts) -> None:
        self._client = reading
        self._payouts = payouts
        self._pages: dict[str, Ref] = {}
        self._accounts: dict[str, str] = {}

    def find(self, op: Op) -> Ref | None:
        """What this sending made. None: every list was read to its end, and it is in none.

        Also None while a charge waits for its holder and they have no page yet: sent again, it goes on to that.

        With `op.sent_at` the lists are read back to there; without it, to the beginning.
        """
        since: Any = {"limit": 100}
        if op.sent_at is not None:
            since["created"] = {"gte": int((op.sent_at - CLOCKS_DIFFER).timestamp())}
        # A page before its payment: both carry our marks.
        lists = (
            (CHECKOUT, self._client.v1.checkout.sessions),
            (PAYMENT, self._client.v1.payment_intents),
            (REFUND, self._client.v1.refunds),
        )
        with calling():
            for kind, service in lists:
                for thing in service.list(since).auto_paging_iter():
                    if is_of(op, thing) and not (kind == PAYMENT and _wants_its_holder(thing)):
                        return Ref(kind, thing.id)
            return self._payouts.find(op, since)

    def of_payment(self, intent_id: str) -> Ref:
        """The name by which we know a payment: its page, where it has one."""
        if intent_id not in self._pages:
            found = self._client.v1.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
            page = Ref(CHECKOUT, found[0].id) if found else self._page_instead(intent_id)
            if page is None:
                return Ref(PAYMENT, intent_id)
            if len(self._pages) >= REMEMBERED:
                self._pages.clear()
            self._pages[intent_id] = page
        return self._pages[intent_id]

    def _page_instead(self, intent_id: str) -> Ref | None:
        """The page that its holder got in place of a charge that wanted them."""
        intent = self._client.v1.payment_intents.retrieve(intent_id)
        return self._page_like(intent) if _wants_its_holder(intent) else None

    def _page_like(self, thing: Any) -> Ref | None:
        """The page of the same sending, for the same customer."""
        marks = thing.metadata.to_dict()
        pages: Any = self._client.v1.checkout.sessions.list({"customer": id_of(thing.customer), "limit": 100})
        return next(
            (Ref(CHECKOUT, one.id) for one in pages.auto_paging_iter() if one.metadata.to_dict() == marks), None
        )

    def of_setup(self, setup_id: str) -> Ref | None:
        """The page where a way to pay was kept; None: it was not made by us."""
        setup = self._client.v1.setup_intents.retrieve(setup_id)
        return self._page_like(setup) if setup.customer and setup.metadata else None

    def of_dispute(self, dispute_id: str) -> Ref:
        dispute = self._client.v1.disputes.retrieve(dispute_id)
        if dispute.payment_intent is None:
            raise Rejected("dispute_of_no_payment")
        return self.of_payment(id_of(dispute.payment_intent))

    def intent_of(self, payment: Ref) -> Any:
        """The payment behind a page. Raises Rejected where there is none: nobody paid."""
        if payment.kind == PAYMENT:
            return self._client.v1.payment_intents.retrieve(payment.id)
        page = self._client.v1.checkout.sessions.retrieve(payment.id, {"expand": ["payment_intent"]})
        if page.payment_intent is None:
            raise Rejected("nothing_was_paid")
        return page.payment_intent

    def account_of_refund(self, refund: Any) -> str:
        """Whose money it gives back: by our marks on it, or, where somebody made it by hand, by those on its payment."""
        told, intent = account_of(refund), refund.payment_intent
        if told or not intent:
            return told
        if id_of(intent) not in self._accounts:
            if len(self._accounts) >= REMEMBERED:
                self._accounts.clear()
            self._accounts[id_of(intent)] = account_of(self._client.v1.payment_intents.retrieve(id_of(intent)))
        return self._accounts[id_of(intent)]


def _wants_its_holder(intent: Any) -> bool:
    error = intent.last_payment_error
    return intent.customer is not None and error is not None and error.code == HOLDER_WANTED
