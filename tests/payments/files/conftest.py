"""A custodian by files on a real database, and its agent's side of the folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.database import Database
from app.money import Money
from app.payments.escrow_files.adapter import FileGateway
from app.payments.escrow_files.setup import Around, escrow_agent
from app.payments.port import Method, Op, Outcome, Payer
from app.vault import Signer
from tests.payments.files.statements import csv, row

SIGNER = Signer("a test key that is long enough to be one", "instructions to custodians")
ENV = {
    "ESCROW_FILES_PAYEE": "First Trust, for OpenRaise investors", "ESCROW_FILES_ACCOUNT": "1234567",
    "ESCROW_FILES_DEPOSIT_LINES": "Bank=First Trust; Routing number=021000021",
}  # fmt: skip


def new_op() -> Op:
    return Op(uuid4(), 1, "test")


class Agent:
    """What the tests do with a gateway and its folder."""

    def __init__(self, gateway: FileGateway, folder: Path) -> None:
        self.gateway, self.folder = gateway, folder

    def collect(
        self, op: Op, amount: str = "100.00", reference: str = "P-23456789", method: Method = Method.BANK_TRANSFER
    ) -> Outcome:
        return self.gateway.collect(
            op, Money.of(amount, "USD"), method=method, account="offering-7",
            payer=Payer("investor-5", "Ada Lovelace", "US"), reference=reference, return_url="http://localhost/",
        )  # fmt: skip

    def tell(self, *rows: str, opening: str = "0.00") -> None:
        self.gateway.import_statement(csv(*rows, opening=opening))

    def fund(self) -> None:
        """500 dollars are in the account to pay out from, and the agent has emptied the folder."""
        self.gateway.expect(new_op(), Money.of("500.00", "USD"), account="offering-7", reference="FUNDS")
        self.tell(row("500.00", "FUNDS"))
        shutil.rmtree(self.folder / "outgoing")

    def files(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_bytes()) for path in sorted((self.folder / "outgoing").glob("*"))]

    def counts(self) -> tuple[int, int]:
        """(files, lines) that are kept."""
        with self.gateway.desk._sessions() as session:
            return tuple(  # type: ignore[return-value]
                session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
                for table in ("bank_files", "bank_lines")
            )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "escrow_files"


@pytest.fixture
def agent(database_url: str, folder: Path) -> Iterator[Agent]:
    database = Database(database_url)
    gateway = escrow_agent(Around(ENV, database.url, folder.parent, SIGNER, livemode=False))
    yield Agent(gateway, folder)
    gateway.desk.leave()
    database.close()
