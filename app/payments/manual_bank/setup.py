"""The same as an escrow agent by files, by wire only; settings begin with MANUAL_BANK_.

MANUAL_BANK_QUALIFIED   "yes": the bank is a qualified third party and agreed to it in writing (17 CFR 227.303(e)(2))
"""

from __future__ import annotations

from dataclasses import replace

from app.payments.escrow_files.adapter import FileGateway
from app.payments.escrow_files.setup import WIRE, Around, made

NAME = "manual_bank"


def manual_bank(around: Around) -> FileGateway:
    """Raises ConfigurationError."""
    qualified = around.env.get("MANUAL_BANK_QUALIFIED") == "yes"
    wire = WIRE if qualified else replace(WIRE, funds_held_by="segregated")
    return made(NAME, around, (wire,), qualified=qualified)
