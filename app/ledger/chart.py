"""The chart of accounts: what each account is, whose book it is in, and what the database must refuse for it.

An account is kept apart per offering or per pledge where its code says so, and always per currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    ESCROW_CASH = "1100"
    INVESTOR_UNSETTLED = "2000"
    INVESTOR_HELD = "2010"
    REFUND_PAYABLE = "2020"
    ISSUER_PAYABLE = "2100"
    PLATFORM_FEE_PAYABLE = "2120"
    ISSUER_PAYOUT_IN_FLIGHT = "2130"
    UNIDENTIFIED_RECEIPTS = "2200"
    PLATFORM_CASH = "3000"
    FEE_RECEIVABLE = "3210"
    FEE_INCOME = "4000"


@dataclass(frozen=True, slots=True)
class Kind:
    book: str
    class_: str
    #: What the database refuses: a client liability below zero, a client asset below zero, or nothing.
    guard: str


_ASSET = Kind("client", "asset", "no_credit_balance")
_OWED = Kind("client", "liability", "no_debit_balance")

#: Every code, once. Accounts that may not be overdrawn are guarded in the database.
CHART: dict[Code, Kind] = {
    Code.ESCROW_CASH: _ASSET,  # [offering] what the custodian holds
    Code.INVESTOR_UNSETTLED: _OWED,  # [pledge] received, may still be taken back
    Code.INVESTOR_HELD: _OWED,  # [pledge] held for the investor
    Code.REFUND_PAYABLE: _OWED,  # [pledge] on its way back
    Code.ISSUER_PAYABLE: _OWED,  # [offering] closed, owed to the issuer
    Code.PLATFORM_FEE_PAYABLE: _OWED,  # [offering] our fee, still in escrow
    Code.ISSUER_PAYOUT_IN_FLIGHT: _OWED,  # [offering] instructed, not confirmed
    Code.UNIDENTIFIED_RECEIPTS: _OWED,  # [offering] came without a pledge that wants it
    Code.PLATFORM_CASH: Kind("platform", "asset", "none"),
    Code.FEE_RECEIVABLE: Kind("platform", "asset", "no_credit_balance"),  # [offering]
    Code.FEE_INCOME: Kind("platform", "income", "no_debit_balance"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """Which account: the code, and the offering or pledge that it is kept for (0: for nobody in particular)."""

    code: Code
    offering_id: int = 0
    pledge_id: int = 0
