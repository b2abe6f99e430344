"""A CSV statement, by its bank's profile."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from app.errors import Refused
from app.money import Money
from app.payments.statements import cells
from app.payments.statements.lines import Statement, StatementLine, statement
from app.payments.statements.profile import Profile

Balances = tuple[str, str]


def read(content: bytes, profile: Profile, currency: str, typed: Balances | None = None) -> Statement:
    """`typed` are the opening and the closing balance, as a person read them, for a bank whose files have none.

    Raises Refused, with the line: nothing of a file is taken when a part of it cannot be.
    """
    found = _Rows(cells.decoded(content, profile.encoding), profile, currency)
    if typed is not None and profile.opening is None:
        found.balances = [found.amount(balance, 0) for balance in typed]
    lines = list(found.lines())
    if len(found.balances) != 2:
        raise Refused("bank_file_cut", field="file")
    return statement("", found.balances[0], found.balances[1], lines)


class _Rows:
    """Goes through a file once; the balances are known at its end."""

    def __init__(self, text: str, profile: Profile, currency: str) -> None:
        self.profile, self.currency = profile, currency
        self.balances: list[Money] = []
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=profile.delimiter, strict=True)
        self._header = self._found_header()

    def _rows(self) -> Iterator[list[str]]:
        """Rows with something in them."""
        try:
            for row in self._reader:
                if self._reader.line_num > cells.MOST_LINES:
                    raise Refused("bank_file_lines_many", field="file", most=cells.MOST_LINES)
                if any(cell.strip() for cell in row):
                    yield [cell.strip() for cell in row]
        except csv.Error:
            raise Refused("bank_file_row", field="file", line=self._reader.line_num) from None

    def _found_header(self) -> list[str]:
        """The first row with every declared column: banks put their own words above it."""
        for row in self._rows():
            if self.profile.header <= set(row):
                return row
            self._balance(row)
        raise Refused("bank_file_columns", field="file", name=", ".join(sorted(self.profile.header)))

    def lines(self) -> Iterator[StatementLine]:
        for row in self._rows():
            if self._balance(row):
                continue
            if len(row) != len(self._header) or self._is_closed:
                raise Refused("bank_file_row", field="file", line=self._reader.line_num)
            yield self._line(dict(zip(self._header, row, strict=True)), self._reader.line_num)

    @property
    def _is_closed(self) -> bool:
        """Nothing may follow the closing balance."""
        return self.profile.closing is not None and len(self.balances) == 2

    def _balance(self, row: list[str]) -> bool:
        """Whether a row is one of the two balances; it is kept then."""
        wanted = (self.profile.opening, self.profile.closing)
        if row[0] not in wanted or len(self.balances) == 2:
            return False
        filled = [cell for cell in row[1:] if cell and cell != self.currency]
        if len(filled) != 1 or wanted.index(row[0]) != len(self.balances):
            raise Refused("bank_file_row", field="file", line=self._reader.line_num)
        self.balances.append(self.amount(filled[0], self._reader.line_num))
        return True

    def _line(self, row: dict[str, str], number: int) -> StatementLine:
        def cell(name: str) -> str:
            return row[self.profile.columns[name]] if name in self.profile.columns else ""

        if "currency" in self.profile.columns:
            cells.currency(cell("currency"), self.currency, line=number)
        return StatementLine(
            number=number,
            booked_on=cells.day(cell("date"), self.profile.date_format, line=number),
            amount=self._signed(cell, number),
            text=cells.text(*(row[name] for name in self.profile.text)),
            payer=cells.text(cell("payer")),
            payer_account=cells.text(cell("payer_account")),
            bank_id=cells.text(cell("bank_id")) or None,
        )

    def _signed(self, cell: Callable[[str], str], number: int) -> Money:
        if self.profile.sign == "signed":
            return self.amount(cell("amount"), number)
        nothing = Money.zero(self.currency)
        if self.profile.sign == "columns":
            received, paid = (self.amount(cell(name), number) if cell(name) else nothing for name in ("in", "out"))
            if (received and paid) or not (cell("in") or cell("out")) or min(received.minor, paid.minor) < 0:
                raise Refused("bank_file_amount", field="file", line=number)
            return received - paid
        amount = self.amount(cell("amount"), number)
        if amount < nothing:
            raise Refused("bank_file_amount", field="file", line=number)
        return nothing - amount if cell("mark") in self.profile.marks_out else amount

    def amount(self, cell: str, number: int) -> Money:
        return cells.amount(
            cell, self.currency, line=number, decimal=self.profile.decimal, thousands=self.profile.thousands
        )
