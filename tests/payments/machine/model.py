"""What must be true of every pledge, told in plain Python: no SQL, and nothing of the platform's but its words.

The model is told what people, banks and time did. It knows from that alone what a pledge's payer was charged and what
their bank took back, and which ends a pledge can have. What the platform and its gateways say is held against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.payments.port import Method
from app.payments.sandbox.tables import Token

#: The provider's own figures, said once more: how long a bank thinks, and what comes days after a payment.
SLOW = timedelta(days=3)
THINKING = {Method.ACH_DEBIT: timedelta(days=4), Method.BANK_TRANSFER: timedelta(days=3)}
LATER: dict[Token, list[tuple[int, str]]] = {
    Token.RETURN_D5: [(5, "return")],
    Token.RETURN_D45: [(45, "return")],
    Token.DISPUTE_LOST_D30: [(5, "open"), (30, "lost")],
    Token.DISPUTE_WON: [(5, "open"), (30, "won")],
    Token.INQUIRY_ONLY: [(5, "inquiry")],
}
HELD_BY_US = ("held", "allotted", "settled", "refund_due", "refunded", "returned")
SOLD = ("allotted", "settled")
LEFT = ("cancelling", "cancelled", "failed", "refund_due", "refunded", "returned")
OVER = ("settled", "cancelled", "failed", "returned", "refused")
UNPAID = ("in_review", "reserved", "processing", "cancelling", "cancelled", "failed")


@dataclass
class Sale:
    """An offering."""

    id: int
    deadline: datetime
    target: int
    maximum: int
    #: Two different officers said yes to what they saw.
    is_approved: bool = False
    #: Two officers gave everything back.
    is_called_off: bool = False
    #: The payouts that its bank sent back.
    came_back: int = 0


@dataclass
class Promise:
    """A pledge that was acknowledged."""

    id: int
    ref: str
    sale: Sale
    shares: int
    minor: int
    pay_until: datetime
    method: Method | None = None
    is_own: bool = False
    token: Token | None = None
    #: Its payer's bank pays then.
    pays_at: datetime | None = None
    charged: int = 0
    #: It came in another amount or another currency than was asked.
    is_odd: bool = False
    #: Of `charged`, what the payer's bank has taken back, for good or for now.
    taken: int = 0
    dispute: str | None = None
    is_returned: bool = False
    coming: list[tuple[datetime, str]] = field(default_factory=list)
    #: Its investor left, and was told so.
    has_left: bool = False
    was_disputed: bool = False
    #: Refunds that came back to us.
    came_back: int = 0
    #: The status that was seen last.
    status: str = ""

    def pays(self, token: Token, now: datetime) -> None:
        self.token = token
        if token in (Token.DECLINE, Token.ABANDON_3DS):
            return
        thinks = THINKING.get(self.method) if self.method and not self.is_own else None
        if token in (Token.DELAYED_OK, Token.DELAYED_FAIL):
            thinks = SLOW
        if thinks is not None:
            self.pays_at = now + thinks
        else:
            self._charge(now)

    def _charge(self, now: datetime) -> None:
        assert self.token is not None
        self.pays_at = None
        if self.token is Token.DELAYED_FAIL:
            return
        self.is_odd = self.token in (Token.PARTIAL_AMOUNT, Token.WRONG_CURRENCY)
        self.charged = self.minor // 2 if self.token is Token.PARTIAL_AMOUNT else self.minor
        if not self.is_own:
            self.coming = [(now + timedelta(days=days), step) for days, step in LATER.get(self.token, [])]

    def tick(self, now: datetime) -> None:
        if self.pays_at is not None and self.pays_at <= now:
            self._charge(now)
        while self.coming and self.coming[0][0] <= now:
            self.bank_says(self.coming.pop(0)[1])

    def can_come(self) -> list[str]:
        """What its bank may say now. What was ordered with the token comes by itself and with nothing beside it."""
        if not self.charged or self.is_own or self.is_odd or self.is_returned or self.token in LATER:
            return []
        if self.method is Method.ACH_DEBIT:
            return ["return"]
        if self.method is not Method.CARD:
            return []
        return {None: ["inquiry", "open"], "inquiry": ["open"], "open": ["won", "lost"], "lost": ["won"]}.get(
            self.dispute, []
        )

    def bank_says(self, step: str) -> None:
        if step == "return":
            self.is_returned, self.taken = True, self.charged
            return
        self.dispute = step
        if step == "open":
            self.taken, self.was_disputed = self.charged, True
        elif step == "won":
            self.taken = 0

    def may_go_back(self, now: datetime) -> bool:
        """Whether anybody gave a reason for a refund."""
        sale = self.sale
        return (
            self.has_left or self.is_odd or sale.is_called_off or now > self.pay_until or now >= sale.deadline
            or self.charged == 0
        )  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One pledge as the books and the provider show it; minor units."""

    id: int
    ref: str
    offering_id: int
    shares: int
    minor: int
    status: str
    stop_reason: str | None
    held: int
    owed: int
    disputed: int
    registered: int
    entries: int
    #: At the provider: how many payments succeeded, what they brought, what banks took; refunds that went, and that will.
    charges: int
    charged: int
    taken: int
    refunded: int
    refunding: int

    @classmethod
    def read(cls, rows: Iterable[dict[str, Any]]) -> dict[int, Seen]:
        return {row["id"]: cls(**row) for row in rows}


class Model:
    """Every promise of one run."""

    def __init__(self, sales: list[Sale], now: datetime) -> None:
        self.sales, self.now = sales, now
        self.promises: dict[int, Promise] = {}

    def move(self, now: datetime) -> None:
        self.now = now
        for promise in self.promises.values():
            promise.tick(now)

    # At once, after every step

    def disagrees(self, seen: dict[int, Seen]) -> Iterator[str]:
        """Everything in which what is seen cannot be, whatever has not been heard of yet."""
        if set(seen) != set(self.promises):
            yield f"acknowledged pledges {sorted(self.promises)}, there are {sorted(seen)}"
        for id_, one in seen.items():
            if (promise := self.promises.get(id_)) is not None:
                yield from (f"pledge {id_} ({one.status}): {what}" for what in self._wrong(promise, one))
                promise.status = one.status

    def _wrong(self, promise: Promise, one: Seen) -> Iterator[str]:
        if (one.ref, one.offering_id, one.shares, one.minor) != (
            promise.ref, promise.sale.id, promise.shares, promise.minor,
        ):  # fmt: skip
            yield "not what was asked"
        if one.charges > 1:
            yield f"charged {one.charges} times"
        if (one.charged, one.taken) != (promise.charged, promise.taken):
            yield f"charged {one.charged}, taken {one.taken}, but {promise.charged}, {promise.taken} by its payer's bank"
        if one.refunded + one.refunding > promise.charged:
            yield f"refunded {one.refunded} and {one.refunding} of {promise.charged}"
        if one.refunded + one.refunding and not promise.may_go_back(self.now):
            yield "refunded without a reason"
        yield from _wrong_status(promise, one)
        if one.entries > 1 or (one.entries and (one.registered != promise.minor or not promise.sale.is_approved)):
            yield f"registered {one.registered} in {one.entries} entries"

    # When everything was heard

    def unsettled(self, seen: dict[int, Seen]) -> Iterator[str]:
        """Everything that is not as it must be once all events and answers arrived, whatever time must still pass."""
        for id_, one in seen.items():
            promise = self.promises[id_]
            yield from (f"pledge {id_} ({one.status}): {what}" for what in _not_at_rest(promise, one))


def _wrong_status(promise: Promise, one: Seen) -> Iterator[str]:
    if one.status in HELD_BY_US and (promise.charged != promise.minor or promise.is_odd):
        yield f"but {promise.charged} was paid"
    if promise.has_left and one.status not in LEFT:
        yield "though its investor left"
    if one.status in SOLD and not promise.sale.is_approved:
        yield "though no two officers said so"
    if promise.status in OVER and one.status != promise.status:
        yield f"after it was {promise.status}"
    if one.status == "returned" and not promise.taken and promise.dispute != "won":
        yield "though no bank took anything"
    if (one.held, one.owed) != (
        promise.minor if one.status == "held" else 0, promise.minor if one.status == "refund_due" else 0,
    ):  # fmt: skip
        yield f"held {one.held}, owed {one.owed}"
    if one.disputed not in (0, promise.minor) or (one.disputed and not promise.was_disputed):
        yield f"{one.disputed} with a bank"


def _not_at_rest(promise: Promise, one: Seen) -> Iterator[str]:
    """What a pledge's payer lacks is in the books: held, owed, sold, or with their bank."""
    gone = one.refunded + one.refunding
    lacking = promise.charged - promise.taken - gone
    if one.status == "held" and (gone or lacking != promise.minor - one.disputed):
        yield f"{lacking} is lacking, and {one.disputed} is with the bank"
    if one.status == "refund_due" and one.refunded:
        yield "is owed what was given back"
    # What never was the pledge's money, and came back when it was sent back, lies with what nobody could be found for.
    unclaimed = promise.came_back if one.status in ("cancelled", "failed") else 0
    if one.status in ("cancelled", "failed", "refunded", "refused") and gone + unclaimed != promise.charged:
        yield f"of {promise.charged}, {gone} went back"
    if one.status == "returned" and gone:
        yield "was given back twice"
    if one.status in SOLD and gone:
        yield f"sold, and {gone} went back"
    if one.disputed != (promise.charged if promise.dispute == "open" else 0):
        yield f"{one.disputed} with a bank"
    if one.status in ("reserved", "processing", "cancelling") and promise.charged:
        yield "is paid, and nobody noticed"
    if one.status == "held" and promise.taken and promise.dispute != "open":
        yield "is held, and the bank has it"
