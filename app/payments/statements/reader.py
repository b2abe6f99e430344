"""The one door for a file of a bank statement."""

from __future__ import annotations

from app.payments.statements import camt053, cells, csv_file
from app.payments.statements.csv_file import Balances
from app.payments.statements.lines import Statement
from app.payments.statements.profile import Profile


def read(content: bytes, profile: Profile, currency: str, typed: Balances | None = None) -> Statement:
    """An XML file is camt.053, any other the CSV of the profile.

    Raises Refused, its code beginning "bank_file_": nothing of such a file is to be kept.
    """
    cells.require_size(content)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return camt053.read(content, currency)
    return csv_file.read(content, profile, currency, typed)
