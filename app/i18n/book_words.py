"""The words of accounts, entries and instructions; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

#: The chart of accounts, in words.
ACCOUNTS: Mapping[str, str] = {
    "1100": N_("Escrow cash"), "2000": N_("Investors, not settled"), "2010": N_("Held for investors"),
    "2020": N_("Refunds owed"), "2100": N_("Owed to issuers"), "2120": N_("Our fee, in escrow"),
    "2130": N_("Payouts on their way"), "2200": N_("Unidentified receipts"), "3000": N_("Our cash"),
    "3210": N_("Fees to come"), "4000": N_("Fee income"),
}  # fmt: skip

#: What moved money, as lines of a bank statement.
ENTRY_KINDS: Mapping[str, str] = {
    "funds_collected": N_("Money from an investor"),
    "unidentified_funds_received": N_("Money that no pledge wanted"),
    "unidentified_funds_returned": N_("Unwanted money returned"),
    "refund_owed": N_("Refund owed to an investor"),
    "refund_paid": N_("Refund paid to an investor"),
    "pledge_closed": N_("Pledge closed for the company"),
    "platform_fee_charged": N_("Fee charged"),
    "payout_instructed": N_("Payout sent on its way"),
    "payout_paid": N_("Payout to the company"),
    "payout_failed": N_("Payout that failed"),
    "platform_fee_swept": N_("Fee moved to our own account"),
}

INSTRUCTION_KINDS: Mapping[str, str] = {
    "collect": N_("Collect a pledge"),
    "cancel": N_("Stop a payment"),
    "refund": N_("Refund an investor"),
    "release": N_("Pay a company"),
    "fee": N_("Move our fee"),
}

BOOKS: Mapping[str, str] = {"client": N_("Clients' money"), "platform": N_("The platform's own")}

ACCOUNT_CLASSES: Mapping[str, str] = {
    "asset": N_("Asset"), "liability": N_("Liability"), "income": N_("Income"), "expense": N_("Expense"),
    "equity": N_("Equity"),
}  # fmt: skip
