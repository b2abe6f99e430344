"""A custodian by files under test: its agent does at the end of every day what the files ask, and its bank tells of it.

It stands on a database of its own, whose clock it moves, and on a folder that is thrown away.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import URL

from app import clock
from app.actor import SYSTEM
from app.database import Database
from app.money import Money
from app.payments.conformance.bench import Forgery, SignedEvent, Trouble
from app.payments.conformance.kit import NotAsked
from app.payments.errors import Unknown
from app.payments.escrow_files.adapter import FileGateway
from app.payments.escrow_files.desk import Desk
from app.payments.escrow_files.setup import Around
from app.payments.port import PLATFORM_ACCOUNT, Op, Payee, Ref
from app.vault import Signer

A_DAY = timedelta(days=1)
#: Which way each document carries money.
OUT, IN = ("return_list", "release_letter", "transfer_order"), ("deposit_list",)
#: As `profiles/plain.toml` wants them.
COLUMNS = ("Date", "Amount", "Currency", "Reference", "Name", "Account", "ID")


class Unlucky:
    """Stands before what is kept of the files, and lets the database go away at a bad moment."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.is_down = False
        self.trouble: Trouble | None = None

    def __getattr__(self, name: str) -> Any:
        if self.is_down:
            raise Unknown("database")
        return getattr(self._desk, name)

    def record(self, *given: Any, **named: Any) -> Any:
        if self.trouble is Trouble.NEVER_ARRIVED:
            self.trouble = None
            raise Unknown("database")
        return self._desk.record(*given, **named)

    def wrote(self, *given: Any) -> None:
        self._desk.wrote(*given)
        if self.trouble is Trouble.ANSWER_LOST:
            self.trouble = None
            raise Unknown("database")


class FilesBench:
    """See `conformance.bench.Bench`. `make` is how the custodian is made from what is around it."""

    accounts = ("offering-1", "offering-2")
    payee = Payee("Acme, Inc.", "021-555")
    secrets: Sequence[str] = ()

    def __init__(self, name: str, make: Callable[[Around], FileGateway], url: URL, signer: Signer) -> None:
        self._database, self._data_dir = Database(url), Path(tempfile.mkdtemp())
        with self._database.transaction(SYSTEM) as tx:  # banks book by the day: a new one begins
            clock.freeze(tx.session, tx.now.replace(hour=0, minute=0, second=0, microsecond=0) + A_DAY)
        env = {f"{name.upper()}_PAYEE": "First Trust, for a test", f"{name.upper()}_ACCOUNT": "1234567"}
        self.gateway = make(Around(env, self._database.url, self._data_dir, signer, livemode=False))
        self._folder = self._data_dir / name
        self._unlucky = Unlucky(self.gateway.desk)
        self.gateway.desk = self._unlucky  # type: ignore[assignment]
        self._done: set[str] = set()
        (currency,) = self.gateway.caps.currencies
        self._closing = Money.zero(currency)

    def now(self) -> datetime:
        with self._database.snapshot() as view:
            return view.now

    def advance(self, by: timedelta) -> None:
        with self._database.transaction(SYSTEM) as tx:
            clock.advance(tx.session, by)
        if by >= A_DAY:
            self._carry_out()

    def asked(self, payment: Ref) -> Money:
        line = next(one for _, one in self._lines() if one["reference"] == payment.id)
        return Money(line["amount_minor"], line["currency"])

    def pay(self, payment: Ref) -> None:
        self._carry_out()

    def decline(self, payment: Ref) -> None:
        raise NotAsked("nobody is asked who could say no")

    def fund(self, account: str, amount: Money) -> None:
        self.gateway.expect(Op(uuid4(), 1, "test"), amount, account=account, reference="FUNDS")
        self._carry_out()

    def upset(self, trouble: Trouble) -> bool:
        if trouble not in (Trouble.ANSWER_LOST, Trouble.NEVER_ARRIVED):
            return False
        self._unlucky.trouble = trouble
        return True

    @contextmanager
    def down(self) -> Iterator[None]:
        self._unlucky.is_down = True
        try:
            yield
        finally:
            self._unlucky.is_down = False

    def event(self, about: Ref, forgery: Forgery | None = None) -> SignedEvent:
        raise NotAsked("tells nothing by itself")

    def close(self) -> None:
        self._unlucky.is_down = False
        self.gateway.desk.leave()
        self._database.close()
        shutil.rmtree(self._data_dir, ignore_errors=True)

    def _lines(self) -> list[tuple[str, dict[str, Any]]]:
        """(document, line) of every file that went out."""
        files = [json.loads(path.read_bytes()) for path in sorted((self._folder / "outgoing").glob("*.json"))]
        return [(one["instructions"]["document"], line) for one in files for line in one["instructions"]["lines"]]

    def _carry_out(self) -> None:
        """Payers pay, the agent acts once for each key, and the bank's statement of the day comes."""
        booked: list[tuple[Money, str]] = []
        for document, line in self._lines():
            if line["key"] in self._done or document not in (*IN, *OUT):
                continue
            self._done.add(line["key"])
            amount = Money(line["amount_minor"], line["currency"])
            signed = [amount] if document in IN else [Money(-amount.minor, amount.currency)]
            if document == "transfer_order" and line["to"] != PLATFORM_ACCOUNT:
                signed.append(amount)
            booked += [(one, line["reference"]) for one in signed]
        if booked:
            self.gateway.import_statement(self._statement(booked))

    def _statement(self, booked: Sequence[tuple[Money, str]]) -> bytes:
        written, day = io.StringIO(), self.now().date().isoformat()
        file = csv.writer(written, lineterminator="\n")
        file.writerows([COLUMNS, ("Opening balance", self._closing.amount)])
        for number, (amount, reference) in enumerate(booked):
            file.writerow((day, amount.amount, amount.currency, reference, "", "", f"{reference}/{number}"))
            self._closing += amount
        file.writerow(("Closing balance", self._closing.amount))
        return written.getvalue().encode()
