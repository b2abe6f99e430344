"""From bytes to text, from text to amounts and days: strict, because a wrong guess here is money."""

from __future__ import annotations

import re
from datetime import date, datetime

from app.errors import Refused
from app.money import EXPONENTS, MOST_MINOR, Money

LARGEST_MB = 10
LARGEST_BYTES = LARGEST_MB << 20
MOST_LINES = 40_000
LONGEST_TEXT = 500

#: With these a spreadsheet takes a cell for a formula; the full-width forms too.
FORMULA = tuple("=+@\t＝＋－＠")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def require_size(content: bytes) -> None:
    """Raises Refused("bank_file_large")."""
    if len(content) > LARGEST_BYTES:
        raise Refused("bank_file_large", field="file", largest_mb=LARGEST_MB)


def decoded(content: bytes, encoding: str | None = None) -> str:
    """The text of a file: as its profile or its byte order mark says, or UTF-8, or GB18030 where that makes Chinese.

    Raises Refused("bank_file_encoding") with the first line that cannot be read.
    """
    marked = next((codec for mark, codec in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    tried = marked or encoding or "utf-8"
    try:
        return _whole(content.decode(tried), content)
    except UnicodeDecodeError as error:
        fault = error.start
    if marked is None and encoding is None:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            fault = error.start
        else:
            if _CHINESE.search(text):
                return _whole(text, content)
    raise Refused("bank_file_encoding", field="file", line=content.count(b"\n", 0, fault) + 1)


def _whole(text: str, content: bytes) -> str:
    if "\x00" in text:
        raise Refused("bank_file_encoding", field="file", line=content.count(b"\n", 0, content.find(b"\x00")) + 1)
    return text


def amount(cell: str, currency: str, *, line: int, decimal: str = ".", thousands: str = "") -> Money:
    """An amount as banks write it: digits, one decimal mark, perhaps a minus. Never 1e3, NaN, a formula, 10.005.

    Raises Refused("bank_file_formula" | "bank_file_amount") with the line.
    """
    cell = cell.strip(" \u00a0")
    if cell.startswith(FORMULA):
        raise Refused("bank_file_formula", field="file", line=line)
    whole = rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]+" if thousands else "[0-9]+"
    if not re.fullmatch(rf"-?(?:{whole})(?:{re.escape(decimal)}[0-9]+)?", cell):
        raise Refused("bank_file_amount", field="file", line=line)
    plain = cell.replace(thousands, "") if thousands else cell
    try:
        found = Money.of(plain.replace(decimal, "."), currency)
    except (ValueError, ArithmeticError):
        raise Refused("bank_file_amount", field="file", line=line) from None
    if abs(found.minor) > MOST_MINOR:
        raise Refused("bank_file_amount", field="file", line=line)
    return found


def currency(cell: str, wanted: str, *, line: int) -> str:
    """Raises Refused("bank_file_currency") for any but the account's own."""
    found = cell.strip()
    if found != wanted or found not in EXPONENTS:
        raise Refused("bank_file_currency", field="file", line=line, currency=found[:10])
    return found


def day(cell: str, form: str, *, line: int) -> date:
    """Raises Refused("bank_file_date") with the line."""
    try:
        return datetime.strptime(cell.strip(), form).date()
    except ValueError:
        raise Refused("bank_file_date", field="file", line=line) from None


def text(*parts: str) -> str:
    """What people wrote, on one line. It is kept as written and never evaluated."""
    return " ".join(" ".join(part.split()) for part in parts if part.strip())[:LONGEST_TEXT]
