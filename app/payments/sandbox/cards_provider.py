"""The far side of "sandbox_cards": a processor that takes payments, keeps its price, and holds money for nobody.

One balance for everything, of which a payment may be paid out after two days and which refunds can carry below zero; each line says
for which account it was asked for.
keys that are forgotten after a day; and banks that change their mind long after a payment was made.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, text, update

from app.money import Money
from app.payments.port import Method
from app.payments.sandbox.answers import RemoteError
from app.payments.sandbox.cards_tables import Step, metadata, payments, prices, steps
from app.payments.sandbox.provider import SLOW, Provider
from app.payments.sandbox.tables import (
    RETURNING_ACCOUNT_SUFFIX,
    UNFUNDED_ACCOUNT_SUFFIX,
    Token,
    faults,
    keys,
    objects,
    transactions,
)

KEYS_LIVE_FOR = timedelta(hours=24)
AVAILABLE_AFTER = timedelta(days=2)
#: How long a bank takes to say whether it pays.
CLEARING = {Method.ACH_DEBIT: timedelta(days=4), Method.SEPA_DEBIT: timedelta(days=6), Method.BANK_TRANSFER: SLOW}
#: A payment can be refunded for so long; a transfer always.
REFUNDABLE = {
    Method.CARD: timedelta(days=180),
    Method.ALIPAY: timedelta(days=90),
    Method.WECHAT_PAY: timedelta(days=180),
    Method.ACH_DEBIT: timedelta(days=180),
    Method.SEPA_DEBIT: timedelta(days=180),
}
CARD_BPS, CARD_FIXED_MINOR = 290, 30
DEBIT_BPS, DEBIT_MOST_MINOR = 80, 500
#: What a return and a dispute cost us, in minor units.
FEES = {"return": 400, "dispute": 1500}

#: What a payer's choice brings after the payment was made: (how long after, what).
LATER: Mapping[Token, tuple[tuple[timedelta, Step], ...]] = {
    Token.RETURN_D5: ((timedelta(days=5), Step.RETURN),),
    Token.RETURN_D45: ((timedelta(days=45), Step.RETURN),),
    Token.DISPUTE_LOST_D30: ((timedelta(days=5), Step.OPEN), (timedelta(days=30), Step.LOST)),
    Token.DISPUTE_WON: ((timedelta(days=5), Step.OPEN), (timedelta(days=30), Step.WON)),
    Token.INQUIRY_ONLY: ((timedelta(days=5), Step.INQUIRY),),
}
#: What a step happens to, and how a dispute about it may stand before. A lost one can still be won: banks look again.
CAN_COME: Mapping[Step, tuple[str, tuple[str | None, ...]]] = {
    Step.RETURN: ("payment", (None,)),
    Step.INQUIRY: ("payment", (None,)),
    Step.OPEN: ("payment", (None, "inquiry")),
    Step.WON: ("payment", ("open", "lost")),
    Step.LOST: ("payment", ("open",)),
    Step.REFUND_FAILED: ("refund", (None,)),
    Step.PAYOUT_FAILED: ("payout", (None,)),
}
#: A payout that was paid comes back after so long.
PAYOUT_COMES_BACK = timedelta(days=4)
#: Lets every call under one key end in the same error of the server.
STICKY = "e500_sticky"


class CardsProvider(Provider):
    """See `Provider`: only what differs stands here."""

    def __init__(self, url: Any, schema: str = "sandbox_cards") -> None:
        super().__init__(url, schema)

    def install(self) -> None:
        super().install()
        with self._engine.begin() as connection:
            metadata.create_all(connection)

    def forget_everything(self) -> None:
        super().forget_everything()
        with self._engine.begin() as connection:
            metadata.drop_all(connection)
            metadata.create_all(connection)

    # Requests with a key

    def create(
        self, kind: str, key: str, op_id: UUID, *, account: str, amount_minor: int, currency: str, **details: Any
    ) -> str:
        self._answers()
        with self._engine.begin() as connection:
            connection.execute(delete(keys).where(keys.c.created_at <= self._now(connection) - KEYS_LIVE_FOR))
            sticks = self._sticks(connection, kind, key)
        if sticks:
            raise RemoteError(500, STICKY)
        return super().create(
            kind, key, op_id, account=account, amount_minor=amount_minor, currency=currency, **details
        )

    def stick(self, kind: str) -> None:
        """Let the next call of this kind end in an error of the server that its key replays until it is forgotten."""
        with self._engine.begin() as connection:
            connection.execute(insert(faults).values(operation=f"sticky {kind}", fault=STICKY))

    def _sticks(self, connection: Connection, kind: str, key: str) -> bool:
        if connection.execute(delete(faults).where(faults.c.operation == f"sticky {kind}")).rowcount:
            now = self._now(connection)
            connection.execute(insert(keys).values(key=key, body_hash="", kind=STICKY, object_id="", created_at=now))
        known = select(keys.c.kind).where(keys.c.key == key)
        return connection.execute(known).scalar_one_or_none() == STICKY

    def _make(
        self, connection: Connection, kind: str, op_id: UUID, account: str, amount_minor: int, currency: str,
        details: dict[str, Any],
    ) -> str:  # fmt: skip
        method, instrument = details.pop("method", None), details.pop("instrument", None)
        if str(details.get("about")).endswith(UNFUNDED_ACCOUNT_SUFFIX) and kind == "payout":
            raise RemoteError(400, "balance_insufficient")
        object_id = super()._make(connection, kind, op_id, account, amount_minor, currency, details)
        if method is not None:
            connection.execute(insert(payments).values(object_id=object_id, method=method, instrument=instrument))
        if instrument is not None:
            self._charge(connection, object_id, instrument)
        return object_id

    def _charge(self, connection: Connection, object_id: str, instrument: str) -> None:
        """Charge what was kept, without its holder: it ends as they chose when they left it."""
        method = self._facts(connection, object_id).method
        chosen = connection.execute(
            select(objects.c.token)
            .join(payments, payments.c.object_id == objects.c.id)
            .where(objects.c.kind == "setup", payments.c.instrument == instrument, payments.c.method == method)
        ).scalar_one_or_none()
        if chosen is None:
            raise RemoteError(404, "no_such_instrument")
        row = self._object(connection, object_id, lock=True)
        if chosen == Token.OFF_SESSION_NEEDS_ACTION:
            self._move(connection, row, "requires_action", code="authentication_required")
            return
        connection.execute(update(objects).where(objects.c.id == object_id).values(token=chosen))
        self._act(connection, row, Token.DECLINE if chosen == Token.OFF_SESSION_DECLINE else Token(chosen))

    def _prepare_refund(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        payment = self._object(connection, str(row["about"]), lock=True)
        facts = self._facts(connection, payment.id)
        if facts.dispute in ("open", "lost"):
            raise RemoteError(400, "payment_disputed")
        window = REFUNDABLE.get(Method(facts.method))
        if window is not None and payment.created_at + window < now:
            raise RemoteError(400, "refund_window_over")
        super()._prepare_refund(connection, row, now)
        if payment.token == Token.REFUND_NEEDS_BALANCE:
            self._require_balance(connection, "", row["amount_minor"], row["currency"])
        if payment.token == Token.REFUND_PENDING_NSF:
            row["due_at"] = now + SLOW

    def _needs_balance(self, kind: str) -> bool:
        """A refund may take the balance below zero, where its payment does not say otherwise."""
        return kind == "payout"

    def _require_balance(self, connection: Connection, account: str, amount_minor: int, currency: str) -> None:
        """Only what has come free may be paid out."""
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": self._schema})
        lines = self._lines().subquery()
        free = func.coalesce(lines.c.available_at, lines.c.created_at) <= self._now(connection)
        available = connection.execute(
            select(func.coalesce(func.sum(lines.c.amount_minor - lines.c.fee_minor), 0)).where(
                lines.c.currency == currency, free | (lines.c.amount_minor < 0)
            )
        ).scalar_one()
        if available < amount_minor:
            raise RemoteError(400, "balance_insufficient")

    # What happens at the provider

    def _act(self, connection: Connection, row: Row[Any], token: Token) -> None:
        if token is Token.ABANDON_3DS:
            return
        if row.kind == "setup" and token is not Token.DECLINE:
            kept = update(payments).where(payments.c.object_id == row.id)
            connection.execute(kept.values(instrument=f"pm_{secrets.token_hex(10)}"))
            self._move(connection, row, "succeeded")
            return
        clearing = CLEARING.get(Method(self._facts(connection, row.id).method))
        if clearing is None or token in (Token.DECLINE, Token.DELAYED_OK, Token.DELAYED_FAIL):
            super()._act(connection, row, token)
            return
        due_at = self._now(connection) + clearing
        connection.execute(update(objects).where(objects.c.id == row.id).values(due_at=due_at))
        self._move(connection, row, "processing")

    def _receive(self, connection: Connection, row: Row[Any], token: Token) -> None:
        super()._receive(connection, row, token)
        for after, step in LATER.get(token, ()):
            self._later(connection, row.id, after, step)

    def _later(self, connection: Connection, object_id: str, after: timedelta, step: Step) -> None:
        due_at = self._now(connection) + after
        connection.execute(insert(steps).values(object_id=object_id, step=step, due_at=due_at))

    def _book(
        self, connection: Connection, row: Row[Any], kind: str, amount: int, currency: str, account: str | None = None
    ) -> str:
        line_id = super()._book(connection, row, kind, amount, currency, account)
        fee, available_at = FEES.get(kind, 0), None
        if kind == "payment":
            fee = price(Method(self._facts(connection, row.id).method), Money(amount, currency))
            available_at = self._now(connection) + AVAILABLE_AFTER
        connection.execute(insert(prices).values(line_id=line_id, fee_minor=fee, available_at=available_at))
        return line_id

    def _move(self, connection: Connection, row: Row[Any], status: str, code: str | None = None) -> None:
        super()._move(connection, row, status, code)
        if status != "succeeded":
            return
        if row.kind == "payout" and str(row.about).endswith(RETURNING_ACCOUNT_SUFFIX):
            self._later(connection, row.id, PAYOUT_COMES_BACK, Step.PAYOUT_FAILED)
        if row.kind == "refund" and self._object(connection, row.about).token == Token.REFUND_FAIL_D3:
            self._later(connection, row.id, SLOW, Step.REFUND_FAILED)

    def _why_it_fails(self, connection: Connection, row: Row[Any]) -> str | None:
        if row.kind == "refund" and self._object(connection, row.about).token == Token.REFUND_PENDING_NSF:
            return "insufficient_funds"
        return super()._why_it_fails(connection, row)

    def happen(self, object_id: str, step: Step) -> None:
        """Let now what otherwise comes late. Raises RemoteError(400, "not_now") for what cannot come next."""
        with self._engine.begin() as connection:
            self._settle_due(connection)
            if not self._take(connection, object_id, step):
                raise RemoteError(400, "not_now")

    def _settle_due(self, connection: Connection) -> None:
        super()._settle_due(connection)
        due = select(steps).where(steps.c.due_at <= self._now(connection)).order_by(steps.c.due_at, steps.c.id)
        for step in connection.execute(due.with_for_update(skip_locked=True)).all():
            connection.execute(delete(steps).where(steps.c.id == step.id))
            self._take(connection, step.object_id, Step(step.step))

    def _take(self, connection: Connection, object_id: str, step: Step) -> bool:
        """Let one thing happen that comes late. False: it cannot come any more, as after a return."""
        row = self._object(connection, object_id, lock=True)
        facts, (about, states) = self._facts(connection, object_id, needed=False), CAN_COME[step]
        lines = connection.execute(select(transactions).where(transactions.c.object_id == object_id)).all()
        is_returned = any(line.kind == Step.RETURN for line in lines)
        if row.kind != about or row.status != "succeeded" or (facts and facts.dispute) not in states or is_returned:
            return False
        if step in (Step.PAYOUT_FAILED, Step.REFUND_FAILED):
            self._book(connection, row, step, row.amount_minor, row.currency)
            self._move(connection, row, "failed", code="account_closed")
            return True
        paid = next(line for line in lines if line.kind == "payment")
        if step is Step.RETURN:
            self._book(connection, row, "return", -paid.amount_minor, paid.currency)
            self._tell(connection, row, "payment.returned")
            return True
        connection.execute(update(payments).where(payments.c.object_id == row.id).values(dispute=step))
        if step is Step.OPEN:
            self._book(connection, row, "dispute", -paid.amount_minor, paid.currency)
        elif step is Step.WON:
            self._book(connection, row, "dispute_won", paid.amount_minor, paid.currency)
        self._tell(connection, row, f"dispute.{step}")
        return True

    # Asking

    def facts(self, object_id: str) -> Row[Any] | None:
        """The method, instrument and dispute of a payment or setup."""
        self._answers()
        with self._engine.begin() as connection:
            found: Row[Any] | None = self._facts(connection, object_id, needed=False)
            return found

    def _facts(self, connection: Connection, object_id: str, *, needed: bool = True) -> Any:
        found = connection.execute(select(payments).where(payments.c.object_id == object_id))
        return found.one() if needed else found.one_or_none()

    def balances(self) -> list[tuple[str, int, str]]:
        """What is there, less every price: one balance a currency, one unit short for each payment that makes it so."""
        self._answers()
        with self._engine.begin() as connection:
            self._settle_due(connection)
            lines = self._lines().subquery()
            missing = func.count().filter(
                lines.c.object_id.in_(select(objects.c.id).where(objects.c.token == Token.CUSTODY_MISSING))
            )
            held = func.sum(lines.c.amount_minor - lines.c.fee_minor) - missing
            rows = connection.execute(select(held, lines.c.currency).group_by(lines.c.currency))
            return [("", int(minor), currency) for minor, currency in rows]

    def _lines(self) -> Select[Any]:
        return select(transactions, prices.c.fee_minor, prices.c.available_at).join(
            prices, prices.c.line_id == transactions.c.id
        )


def price(method: Method, amount: Money) -> int:
    """What the provider keeps of a payment, in minor units: 2.9 % and 30, or of a bank's own payment 0.8 % up to 500."""
    if method in CLEARING:
        return min(amount.share_of(DEBIT_BPS).minor, DEBIT_MOST_MINOR)
    return amount.share_of(CARD_BPS).minor + CARD_FIXED_MINOR
