"""The chart of accounts: what each account is, whose book it is in, and what the database must refuse for it.

An account is kept apart per offering, pledge, investor or gateway where its code says so, and always per currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    COLLECTOR_PENDING = "1000"
    COLLECTOR_CASH = "1010"
    ESCROW_CASH = "1100"
    CLIENT_CASH = "1110"
    IN_TRANSIT = "1150"
    DUE_FROM_PLATFORM = "1190"
    RETURNED_DEBIT = "1195"
    ISSUER_CLAWBACK = "1196"
    DISPUTED = "1197"
    INVESTOR_UNSETTLED = "2000"
    INVESTOR_HELD = "2010"
    INVESTOR_FEE_HELD = "2015"
    REFUND_PAYABLE = "2020"
    INVESTOR_CASH = "2030"
    INVESTOR_CASH_COMING = "2032"
    INVESTOR_CASH_RESERVED = "2035"
    ISSUER_PAYABLE = "2100"
    ISSUER_HOLDBACK = "2110"
    PLATFORM_FEE_PAYABLE = "2120"
    ISSUER_PAYOUT_IN_FLIGHT = "2130"
    DISTRIBUTION_FUND = "2140"
    UNIDENTIFIED_RECEIPTS = "2200"
    DISTRIBUTION_PAYABLE = "2300"
    WITHHOLDING_TAX = "2310"
    UNCLAIMED = "2320"
    PLATFORM_CASH = "3000"
    DUE_TO_CLIENT = "3100"
    FEE_RECEIVABLE = "3210"
    ISSUER_RECEIVABLE = "3220"
    FEE_INCOME = "4000"
    RECHARGE_INCOME = "4010"
    PROCESSOR_FEE = "5000"
    DISPUTE_FEE = "5010"
    LOSSES = "5020"
    COMMITMENT = "9000"
    COMMITMENT_CONTRA = "9001"


@dataclass(frozen=True, slots=True)
class Kind:
    book: str
    class_: str
    #: What the database refuses: a liability or income below zero, an asset or expense below zero, or nothing.
    guard: str


_ASSET = Kind("client", "asset", "no_credit_balance")
_OWED = Kind("client", "liability", "no_debit_balance")
_COST = Kind("platform", "expense", "none")  # a dispute that is won gives back what it cost
_EARNED = Kind("platform", "income", "no_debit_balance")
_CLAIM = Kind("platform", "asset", "no_credit_balance")

#: Every code, once. Accounts that may not be overdrawn are guarded in the database.
CHART: dict[Code, Kind] = {
    # A collector's balance can really go below zero, when money is taken back that has been carried on: it is watched.
    Code.COLLECTOR_PENDING: Kind("client", "asset", "none"),  # [offering, gateway] collected, not to be paid out yet
    Code.COLLECTOR_CASH: Kind("client", "asset", "none"),  # [offering, gateway] what a collector holds
    Code.ESCROW_CASH: _ASSET,  # [offering] what the custodian holds
    # It goes below what investors have only by what the platform owes to it (K1), when a bank takes back a used top-up.
    Code.CLIENT_CASH: Kind("client", "asset", "none"),  # [gateway] what the custodian holds for cash accounts
    Code.IN_TRANSIT: _ASSET,  # [offering] sent by one gateway, not arrived at the other
    Code.DUE_FROM_PLATFORM: _ASSET,  # [offering] what gateways kept for themselves, to be paid in by the platform
    Code.RETURNED_DEBIT: _ASSET,  # [pledge] taken back by a bank after the shares were given
    Code.ISSUER_CLAWBACK: _ASSET,  # [offering] what the issuer owes back
    Code.DISPUTED: _ASSET,  # [pledge] with a bank that looks into a complaint
    Code.INVESTOR_UNSETTLED: _OWED,  # [pledge] received, may still be taken back
    Code.INVESTOR_HELD: _OWED,  # [pledge] held for the investor
    Code.INVESTOR_FEE_HELD: _OWED,  # [pledge] the investor's fee, ours only when the shares are given
    Code.REFUND_PAYABLE: _OWED,  # [pledge] on its way back
    Code.INVESTOR_CASH: _OWED,  # [investor] free in the cash account
    Code.INVESTOR_CASH_COMING: _OWED,  # [investor] paid for the cash account, not with the custodian yet
    Code.INVESTOR_CASH_RESERVED: _OWED,  # [investor] on its way out of the cash account
    Code.ISSUER_PAYABLE: _OWED,  # [offering] closed, owed to the issuer
    Code.ISSUER_HOLDBACK: _OWED,  # [offering] closed, kept back for returns
    Code.PLATFORM_FEE_PAYABLE: _OWED,  # [offering] our fee, still in escrow
    Code.ISSUER_PAYOUT_IN_FLIGHT: _OWED,  # [offering] instructed, not confirmed
    Code.DISTRIBUTION_FUND: _OWED,  # [offering] paid in by the issuer for its holders
    Code.UNIDENTIFIED_RECEIPTS: _OWED,  # [offering, investor] came without a pledge, or a cash account, that wants it
    Code.DISTRIBUTION_PAYABLE: _OWED,  # [investor]
    Code.WITHHOLDING_TAX: _OWED,  # [offering]
    Code.UNCLAIMED: _OWED,  # [investor] could not be paid for so long that the law has its own rules
    Code.PLATFORM_CASH: Kind("platform", "asset", "none"),
    Code.DUE_TO_CLIENT: Kind("platform", "liability", "no_debit_balance"),  # [offering] mirrors DUE_FROM_PLATFORM
    Code.FEE_RECEIVABLE: _CLAIM,  # [offering] mirrors PLATFORM_FEE_PAYABLE
    Code.ISSUER_RECEIVABLE: _CLAIM,  # [offering] billed to the issuer
    Code.FEE_INCOME: _EARNED,
    Code.RECHARGE_INCOME: _EARNED,
    Code.PROCESSOR_FEE: _COST,
    Code.DISPUTE_FEE: _COST,
    Code.LOSSES: _COST,
    Code.COMMITMENT: Kind("memo", "asset", "no_credit_balance"),  # [pledge] promised, not charged yet
    Code.COMMITMENT_CONTRA: Kind("memo", "liability", "no_debit_balance"),  # [offering]
}


class Account(NamedTuple):
    """Which account: the code, and whom it is kept for (0 and "": for nobody in particular).

    A tuple: a closing makes hundreds of thousands.
    """

    code: Code
    offering_id: int = 0
    pledge_id: int = 0
    investor_id: int = 0
    gateway: str = ""
