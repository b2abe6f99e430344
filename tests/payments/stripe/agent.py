"""The escrow agent of the stories at Stripe: does what files ask, sends wires to Stripe, and writes the bank's statement."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from app.money import Money
from app.payments.escrow_files.adapter import FileGateway
from app.payments.port import PLATFORM_ACCOUNT
from tests.payments.files.statements import csv, row
from tests.payments.stripe.far import FUNDS, Far

#: Documents that ask for money to leave; who is to come is only waited for.
OUT = ("return_list", "release_letter", "transfer_order")


class Agent:
    """Acts once for each key, and for each payout of Stripe's that has come to its account."""

    def __init__(self, gateway: FileGateway, folder: Path, far: Far) -> None:
        self._gateway, self._folder, self._far = gateway, folder, far
        self._done: set[str] = set()
        self.balance = Money.zero("USD")
        #: What was written into the statement: amount and text.
        self.told: list[tuple[Money, str]] = []

    def a_day(self, day: date) -> None:
        """Carry out what lies in the folder, and hand over the statement of the day."""
        opening, lines = self.balance, [*self._arrived(), *self._carried_out()]
        if lines:
            self.balance = sum((amount for amount, _ in lines), opening)
            rows = [
                row(str(amount.amount), text, id_=f"B{len(self.told) + i}", day=day.isoformat())
                for i, (amount, text) in enumerate(lines)
            ]
            self._gateway.import_statement(csv(*rows, opening=str(opening.amount)))
            self.told += lines

    def _arrived(self) -> list[tuple[Money, str]]:
        """All that a bank tells of money from Stripe is what Stripe was asked to write into the statement."""
        found = [self._far.act("look", id_=one["id"]) for one in self._far.act("known", object_="payout")["data"]]
        lines = []
        for one in found:
            if one["destination"] == "ba_agent" and one["status"] == "paid" and one["id"] not in self._done:
                self._done.add(one["id"])
                lines.append((Money(one["amount"], "USD"), str(one["statement_descriptor"])))
        return lines

    def _carried_out(self) -> list[tuple[Money, str]]:
        lines = []
        for line in self.asked():
            if line["key"] in self._done:
                continue
            self._done.add(line["key"])
            comes = line["account"] == PLATFORM_ACCOUNT
            lines.append((Money(line["amount_minor"] * (1 if comes else -1), "USD"), line["reference"]))
            if line.get("payee", {}).get("account") == FUNDS:
                self._far.act("top_up", amount=line["amount_minor"], currency="usd")
        return lines

    def asked(self) -> list[dict[str, Any]]:
        """Every line of every file that asks for money to leave."""
        files = [json.loads(path.read_bytes()) for path in sorted((self._folder / "outgoing").glob("*.json"))]
        asked = [one["instructions"] for one in files]
        return [line for one in asked if one["document"] in OUT for line in one["lines"]]
