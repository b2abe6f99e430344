"""The far side of the sandbox: what a payment provider and escrow agent would do, by its own clock and books.

It keeps promises as real ones do: keys are replayed, money out never exceeds money in, events may come late, twice
or never. Time is the platform's, so that a demo can move it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    URL,
    Connection,
    Row,
    Select,
    create_engine,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)

from app.payments.sandbox.answers import ConnectionRefused, LineDropped, RemoteError
from app.payments.sandbox.tables import (
    FUNDING,
    REFUSING_ACCOUNT_SUFFIX,
    Fault,
    Token,
    faults,
    keys,
    metadata,
    objects,
    transactions,
)
from app.payments.sandbox.telling import Telling

#: A slow bank says after so long whether the money came; and a slow refund takes as long.
SLOW = timedelta(days=3)
PLATFORM_ACCOUNT = "platform"
INSTALL_LOCK = 7_421_003
ANY_OPERATION = "any"
#: How long money from another bank takes.
ON_THE_WAY = {"arrival": timedelta(hours=1)}
#: What waits for somebody at the provider's page.
ASK_THE_PAYER = ("payment", "setup")


class Provider(Telling):
    """Every public method is one request from outside: it commits by itself or changes nothing."""

    def __init__(self, url: URL, schema: str = "sandbox") -> None:
        self._schema = schema
        self._engine = create_engine(
            url, pool_size=2, max_overflow=4, hide_parameters=True, connect_args={"options": "-c timezone=UTC"},
            execution_options={"schema_translate_map": {metadata.schema: schema}},
        )  # fmt: skip
        self._ahead = timedelta(0)
        #: While it is set, no request is answered.
        self.is_down = False

    def install(self) -> None:
        """Make the provider's own schema, once."""
        with self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INSTALL_LOCK})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {self._schema}"))
            metadata.create_all(connection)
            # Where it was made by an earlier version.
            connection.execute(text(f"ALTER TABLE {self._schema}.objects ADD COLUMN IF NOT EXISTS key varchar"))

    def forget_everything(self) -> None:
        """Begin anew, with no object and no event."""
        with self._engine.begin() as connection:
            metadata.drop_all(connection)
            metadata.create_all(connection)

    def remove(self) -> None:
        """Take the provider's own schema away, with all that is in it."""
        with self._engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE"))

    def close(self) -> None:
        self._engine.dispose()

    # Requests with a key

    def create(
        self, kind: str, key: str, op_id: UUID, *, account: str, amount_minor: int, currency: str, **details: Any
    ) -> str:
        """Make a payment, refund, payout or move; the same key again names the same object. Returns its id."""
        body = json.dumps([kind, account, amount_minor, currency, details], sort_keys=True)
        answer_is_lost = self._goes_wrong(kind)
        with self._engine.begin() as connection:
            object_id = self._once(connection, kind, key, body)
            if object_id is None:
                object_id = self._make(connection, kind, op_id, account, amount_minor, currency, details | {"key": key})
                now = self._now(connection)
                connection.execute(
                    insert(keys).values(key=key, body_hash=_hash(body), kind=kind, object_id=object_id, created_at=now)
                )
        if answer_is_lost:
            raise LineDropped
        return object_id

    def cancel_payment(self, payment_id: str) -> None:
        """Stop a payment that nobody has made yet; a finished one is left as it is."""
        answer_is_lost = self._goes_wrong("cancel")
        with self._engine.begin() as connection:
            row = self._object(connection, payment_id, lock=True)
            if row.status == "requires_action":
                self._move(connection, row, "cancelled")
        if answer_is_lost:
            raise LineDropped

    def _goes_wrong(self, operation: str) -> bool:
        """Let this call go wrong before it does anything, if that was asked for; True: it is done, but nobody hears of it."""
        self._answers()
        fault = self._fault(operation)
        if fault is Fault.REFUSED_CONNECTION:
            raise ConnectionRefused
        if fault is Fault.TIMEOUT_BEFORE:
            raise LineDropped
        if fault in (Fault.E500, Fault.E429, Fault.E409, Fault.E401):
            raise RemoteError(int(fault.value[1:]), fault.value)
        return fault is Fault.TIMEOUT_AFTER

    def _answers(self) -> None:
        if self.is_down:
            raise LineDropped

    def _once(self, connection: Connection, kind: str, key: str, body: str) -> str | None:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
        known = connection.execute(select(keys).where(keys.c.key == key)).one_or_none()
        if known is None:
            return None
        if known.body_hash != _hash(body) or known.kind != kind:
            raise RemoteError(400, "key_conflict")
        return str(known.object_id)

    def _make(
        self, connection: Connection, kind: str, op_id: UUID, account: str, amount_minor: int, currency: str,
        details: dict[str, Any],
    ) -> str:  # fmt: skip
        now = self._now(connection)
        row = {
            "id": f"{kind[:3]}_{secrets.token_hex(10)}",
            "kind": kind,
            "op_id": op_id,
            "account": account,
            "amount_minor": amount_minor,
            "currency": currency,
            "status": "requires_action" if kind in ASK_THE_PAYER else "pending",
            "due_at": None if kind in ASK_THE_PAYER else now + ON_THE_WAY.get(kind, timedelta(0)),
            "created_at": now,
            **details,
        }
        # The platform's own account is our affair alone.
        if self._needs_balance(kind) and account != PLATFORM_ACCOUNT:
            self._require_balance(connection, account, amount_minor, currency)
        if kind == "refund":
            self._prepare_refund(connection, row, now)
        connection.execute(insert(objects).values(row))
        self._settle_due(connection)
        return str(row["id"])

    def _prepare_refund(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        payment = self._object(connection, str(row["about"]), lock=True)
        refunded = connection.execute(
            select(func.coalesce(func.sum(objects.c.amount_minor), 0)).where(
                objects.c.kind == "refund", objects.c.about == payment.id, objects.c.status != "failed"
            )
        ).scalar_one()
        received = connection.execute(
            select(func.coalesce(func.sum(transactions.c.amount_minor), 0)).where(
                transactions.c.object_id == payment.id
            )
        ).scalar_one()
        if payment.status != "succeeded" or refunded + row["amount_minor"] > received:
            raise RemoteError(400, "refund_exceeds_payment")
        if payment.token == Token.REFUND_DELAYED:
            row["due_at"] = now + SLOW

    def _needs_balance(self, kind: str) -> bool:
        return kind not in (*ASK_THE_PAYER, "arrival")

    def _require_balance(self, connection: Connection, account: str, amount_minor: int, currency: str) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": account})
        balance = connection.execute(
            select(func.coalesce(func.sum(transactions.c.amount_minor), 0)).where(
                transactions.c.account == account, transactions.c.currency == currency
            )
        ).scalar_one()
        on_its_way = connection.execute(
            select(func.coalesce(func.sum(objects.c.amount_minor), 0)).where(
                objects.c.account == account, objects.c.currency == currency,
                objects.c.kind.not_in(("payment", "arrival")), objects.c.status == "pending",
            )
        ).scalar_one()  # fmt: skip
        if balance - on_its_way < amount_minor:
            raise RemoteError(400, "balance_insufficient")

    # What happens at the provider

    def pay(self, payment_id: str, token: Token) -> None:
        """What the payer does on the provider's page. A payment that is over is left as it is."""
        with self._engine.begin() as connection:
            row = self._object(connection, payment_id, lock=True)
            if row.status != "requires_action":
                return
            connection.execute(update(objects).where(objects.c.id == row.id).values(token=token.value))
            self._act(connection, row, token)

    def send_back(self, payout_id: str) -> None:
        """Days after a payout was paid, its bank sends it back."""
        with self._engine.begin() as connection:
            row = self._object(connection, payout_id, lock=True)
            if (row.kind, row.status) != ("payout", "succeeded"):
                raise RemoteError(400, "not_now")
            self._book(connection, row, "payout_failed", row.amount_minor, row.currency)
            self._move(connection, row, "failed", code="account_closed")

    def _act(self, connection: Connection, row: Row[Any], token: Token) -> None:
        """What the payer's choice does to an object that waits for it."""
        if FUNDING.get(token) in (row.about or "").split() and token is not Token.LATE_CREDIT_CARD:
            self._move(connection, row, "failed", code="funding_refused")
        elif token is Token.DECLINE:
            self._move(connection, row, "failed", code="card_declined")
        elif token in (Token.DELAYED_OK, Token.DELAYED_FAIL):
            due_at = self._now(connection) + SLOW
            connection.execute(update(objects).where(objects.c.id == row.id).values(due_at=due_at))
            self._move(connection, row, "processing")
        else:
            self._receive(connection, row, token)

    def _receive(self, connection: Connection, row: Row[Any], token: Token) -> None:
        amount = row.amount_minor // 2 if token is Token.PARTIAL_AMOUNT else row.amount_minor
        currency = ("EUR" if row.currency != "EUR" else "USD") if token is Token.WRONG_CURRENCY else row.currency
        self._book(connection, row, "payment", amount, currency)
        self._move(connection, row, "succeeded")

    def _book(
        self, connection: Connection, row: Row[Any], kind: str, amount: int, currency: str, account: str | None = None
    ) -> str:
        """Write a line of the account; return its id."""
        line_id = self._new_id(connection, "txn")
        connection.execute(
            insert(transactions).values(
                id=line_id,
                kind=kind,
                object_kind=row.kind,
                object_id=row.id,
                account=account or row.account,
                amount_minor=amount,
                currency=currency,
                created_at=self._now(connection),
            )
        )
        return line_id

    def _lines(self) -> Select[Any]:
        """Every line, with what it cost and from when it may be paid out."""
        return select(transactions, literal(0).label("fee_minor"), null().label("available_at"))

    def _move(self, connection: Connection, row: Row[Any], status: str, code: str | None = None) -> None:
        """Change a status and tell about it."""
        connection.execute(update(objects).where(objects.c.id == row.id).values(status=status, code=code))
        self._tell(connection, row, f"{row.kind}.{status}")

    def _settle_due(self, connection: Connection) -> None:
        """Let happen what the clock brings: slow payments, refunds, payouts."""
        due = connection.execute(
            select(objects)
            .where(objects.c.due_at <= func.platform_now() + self._ahead)
            .where(objects.c.status.in_(("processing", "pending")))
            .with_for_update(skip_locked=True)
        ).all()
        for row in due:
            code = self._why_it_fails(connection, row)
            if code is not None:
                self._move(connection, row, "failed", code=code)
            elif row.kind == "payment":
                self._receive(connection, row, Token(row.token))
            elif row.kind == "arrival":
                self._book(connection, row, "top_up", row.amount_minor, row.currency)
                self._move(connection, row, "succeeded")
            else:
                self._book(connection, row, row.kind, -row.amount_minor, row.currency)
                if row.kind == "move":
                    self._book(connection, row, "move", row.amount_minor, row.currency, account=str(row.about))
                self._move(connection, row, "succeeded")

    def _why_it_fails(self, connection: Connection, row: Row[Any]) -> str | None:
        """The code with which something slow ends; None: it succeeds."""
        if row.kind == "payment" and row.token == Token.DELAYED_FAIL:
            return "insufficient_funds"
        if row.kind == "payout" and str(row.about).endswith(REFUSING_ACCOUNT_SUFFIX):
            return "account_closed"
        return None

    # Asking

    def get(self, object_id: str) -> tuple[Row[Any], list[Row[Any]]]:
        """An object and its transactions. Raises RemoteError(404)."""
        self._answers()
        with self._engine.begin() as connection:
            self._settle_due(connection)
            row = self._object(connection, object_id)
            lines = connection.execute(
                self._lines()
                .where(transactions.c.object_id == row.id, transactions.c.account == row.account)
                .order_by(transactions.c.created_at, transactions.c.id)
            ).all()
            return row, list(lines)

    def find(self, op_id: UUID, key: str) -> str | None:
        """What this sending of an operation of ours made; the newest, for a key that was forgotten can have made two."""
        self._answers()
        made = select(objects.c.id).where(objects.c.op_id == op_id, objects.c.key == key)
        with self._engine.begin() as connection:
            return connection.execute(made.order_by(objects.c.created_at.desc()).limit(1)).scalar_one_or_none()

    def list_transactions(self, since: datetime, until: datetime) -> list[Row[Any]]:
        self._answers()
        with self._engine.begin() as connection:
            self._settle_due(connection)
            rows = connection.execute(
                self._lines()
                .outerjoin(objects, objects.c.id == transactions.c.object_id)
                .add_columns(objects.c.key)
                .where(transactions.c.created_at >= since, transactions.c.created_at < until)
                .order_by(transactions.c.created_at, transactions.c.id)
            )
            return list(rows)

    def balances(self) -> list[tuple[str, int, str]]:
        """(account, minor units, currency)"""
        self._answers()
        with self._engine.begin() as connection:
            rows = connection.execute(
                select(transactions.c.account, func.sum(transactions.c.amount_minor), transactions.c.currency)
                .group_by(transactions.c.account, transactions.c.currency)
                .order_by(transactions.c.account)
            )
            return [(account, int(minor), currency) for account, minor, currency in rows]

    # Control, for tests and demos

    def now(self) -> datetime:
        with self._engine.begin() as connection:
            return self._now(connection)

    def advance(self, by: timedelta) -> None:
        """Let time pass here only: the platform's clock stays."""
        self._ahead += by

    def next_fault(self, operation: str, *kinds: Fault) -> None:
        """Let the next calls of this operation go wrong, in this order.

        "payment", "refund", "payout", "move", "cancel", or `ANY_OPERATION`.
        """
        with self._engine.begin() as connection:
            for kind in kinds:
                connection.execute(insert(faults).values(operation=operation, fault=kind.value))

    def _fault(self, operation: str) -> Fault | None:
        with self._engine.begin() as connection:
            row = connection.execute(
                select(faults)
                .where(faults.c.operation.in_((operation, ANY_OPERATION)))
                .order_by(faults.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).one_or_none()
            if row is None:
                return None
            connection.execute(delete(faults).where(faults.c.id == row.id))
            return Fault(row.fault)

    def _object(self, connection: Connection, object_id: str, *, lock: bool = False) -> Row[Any]:
        query = select(objects).where(objects.c.id == object_id)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise RemoteError(404, "no_such_object")
        return row

    def _now(self, connection: Connection) -> datetime:
        now: datetime = connection.execute(text("SELECT platform_now()")).scalar_one()
        return now + self._ahead


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
