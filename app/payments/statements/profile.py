"""How one bank writes its CSV files: declared in TOML, never guessed.

delimiter = ","            # of the cells
encoding = "utf-8"         # left out: found by itself
date_format = "%Y-%m-%d"   # as in Python's strptime
decimal = "."
thousands = ""
sign = "signed"            # one amount, out has a minus | "columns": `in` and `out` | "mark": `mark` says which
marks_out = ["D"]          # for "mark": what stands there when money went out
opening = "Opening balance"  # the first cell of the row with that balance; left out: typed at the import
closing = "Closing balance"

[columns]                  # by the names in the bank's own header
date = "Date"
amount = "Amount"
text = ["Reference", "Details"]
payer = "Name"             # these four may be left out
payer_account = "Account"
currency = "Currency"
bank_id = "ID"
"""

from __future__ import annotations

import codecs
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NEEDED = {"signed": ("amount",), "columns": ("in", "out"), "mark": ("amount", "mark")}
_COLUMNS = {"date", "amount", "in", "out", "mark", "text", "payer", "payer_account", "currency", "bank_id"}
PLAIN = Path(__file__).parent / "profiles" / "plain.toml"


@dataclass(frozen=True, slots=True)
class Profile:
    """See above; `columns` has only those that are declared, `text` apart."""

    columns: dict[str, str]
    text: tuple[str, ...]
    delimiter: str = ","
    encoding: str | None = None
    date_format: str = "%Y-%m-%d"
    decimal: str = "."
    thousands: str = ""
    sign: str = "signed"
    marks_out: tuple[str, ...] = ()
    opening: str | None = None
    closing: str | None = None

    @property
    def header(self) -> set[str]:
        return {*self.columns.values(), *self.text}


def read(source: str) -> Profile:
    """Raises ValueError that names what is wrong: an operator wrote it."""
    found: dict[str, Any] = tomllib.loads(source)
    columns: dict[str, Any] = found.pop("columns", {})
    text = tuple(columns.pop("text", ()))
    sign = found.get("sign", "signed")
    if sign not in _NEEDED:
        raise ValueError(f"sign must be one of {', '.join(_NEEDED)}, not {sign!r}")
    unknown = set(found) - (set(Profile.__slots__) - {"columns", "text"}) | set(columns) - _COLUMNS
    if unknown:
        raise ValueError(f"a profile has no {', '.join(sorted(unknown))}")
    missing = [name for name in ("date", *_NEEDED[sign]) if name not in columns] + ([] if text else ["text"])
    if missing:
        raise ValueError(f"[columns] needs {', '.join(missing)}")
    if sign == "mark" and not found.get("marks_out"):
        raise ValueError("marks_out says what stands in the column `mark` when money went out")
    if len(found.get("delimiter", ",")) != 1 or found.get("decimal", ".") == found.get("thousands", ""):
        raise ValueError("delimiter is one character, and decimal and thousands differ")
    try:
        codecs.lookup(found.get("encoding", "utf-8"))
    except LookupError as error:
        raise ValueError(str(error)) from None
    if (found.get("opening") is None) != (found.get("closing") is None):
        raise ValueError("opening and closing are declared together")
    return Profile(columns, text, **{**found, "marks_out": tuple(found.get("marks_out", ()))})
