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
    "1000": N_("With collectors, not free yet"),
    "1010": N_("With collectors"),
    "1110": N_("Investors' cash, with the custodian"),
    "1150": N_("Between two gateways"),
    "1190": N_("Owed by the platform"),
    "1195": N_("Returned debits to recover"),
    "1196": N_("Owed back by issuers"),
    "1197": N_("In dispute"),
    "2015": N_("Investors' fees, not earned yet"),
    "2030": N_("Cash accounts"),
    "2035": N_("Cash on its way out"),
    "2110": N_("Held back from issuers"),
    "2140": N_("Distributions, paid in"),
    "2300": N_("Distributions owed"),
    "2310": N_("Tax kept"),
    "2320": N_("Unclaimed"),
    "3100": N_("Owed to clients' money"),
    "3220": N_("Billed to issuers"),
    "4010": N_("Costs charged on"),
    "5000": N_("Cost of gateways"),
    "5010": N_("Cost of disputes"),
    "5020": N_("Losses"),
    "9000": N_("Promised by investors"),
    "9001": N_("Promises, other side"),
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
    "pledge_promised": N_("Way to pay kept"),
    "promise_ended": N_("Kept way to pay ended"),
    "funds_cleared": N_("Debit cleared"),
    "funds_available": N_("Collected money is free"),
    "custody_transfer_sent": N_("Sent to the custodian"),
    "custody_transfer_received": N_("Arrived at the custodian"),
    "custody_return_sent": N_("Sent back by the custodian"),
    "custody_return_received": N_("Arrived back at the collector"),
    "top_up_received": N_("Paid in by the platform"),
    "receipt_identified": N_("Unidentified money found its pledge"),
    "investor_fee_earned": N_("Investor's fee earned"),
    "processor_cost_recharged": N_("Costs charged on to the company"),
    "holdback_kept": N_("Held back from the company"),
    "holdback_released": N_("Held-back money released"),
    "listing_fee_billed": N_("Listing fee billed"),
    "issuer_bill_paid": N_("Bill paid by the company"),
    "refund_failed": N_("Refund that came back"),
    "payout_returned": N_("Payout that came back"),
    "debit_returned": N_("Debit taken back by a bank"),
    "loss_covered_by_holdback": N_("Loss covered by what was held back"),
    "loss_covered_by_platform": N_("Loss covered by the platform"),
    "loss_claimed_from_issuer": N_("Loss claimed from the company"),
    "dispute_opened": N_("Taken in a dispute"),
    "dispute_won": N_("Given back after a dispute"),
    "dispute_lost": N_("Lost in a dispute"),
    "loss_recovered": N_("Covered loss that came back"),
    "gateway_price_taken": N_("Price of a gateway"),
    "cash_paid_in": N_("Paid into a cash account"),
    "cash_reserved": N_("Cash on its way out"),
    "cash_freed": N_("Cash free again"),
    "cash_pledged": N_("Pledged from a cash account"),
    "refunded_to_cash": N_("Refund into a cash account"),
    "cash_taken_out": N_("Taken out of a cash account"),
    "cash_came_back": N_("Withdrawal that came back"),
    "distribution_received": N_("Distribution paid in"),
    "distribution_declared": N_("Distribution owed to a holder"),
    "carry_charged": N_("Carry charged"),
    "distribution_paid": N_("Distribution paid"),
    "distribution_came_back": N_("Distribution that came back"),
    "distribution_unclaimed": N_("Distribution nobody claims"),
    "tax_paid": N_("Tax paid"),
}

INSTRUCTION_KINDS: Mapping[str, str] = {
    "collect": N_("Collect a pledge"),
    "cancel": N_("Stop a payment"),
    "refund": N_("Refund an investor"),
    "release": N_("Pay a company"),
    "fee": N_("Move our fee"),
    "setup": N_("Keep a way to pay"),
    "to_custody": N_("Carry to the custodian"),
    "from_custody": N_("Carry back to the collector"),
    "arrival": N_("Wait for what was carried"),
    "top_up": N_("Pay in what the platform owes"),
    "pay_back": N_("Pay an investor's account"),
    "from_cash": N_("Pledge from a cash account"),
}

BOOKS: Mapping[str, str] = {
    "client": N_("Clients' money"),
    "platform": N_("The platform's own"),
    "memo": N_("Promises"),
}

ACCOUNT_CLASSES: Mapping[str, str] = {
    "asset": N_("Asset"), "liability": N_("Liability"), "income": N_("Income"), "expense": N_("Expense"),
    "equity": N_("Equity"),
}  # fmt: skip
