"""The words of investors' cash accounts; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

#: A line of an investor's own statement, as they see it.
LINES: Mapping[str, str] = {
    "cash_paid_in": N_("Topped up"),
    "cash_arrived": N_("Topped up"),
    "cash_reserved": N_("Set aside"),
    "cash_freed": N_("Free again"),
    "cash_pledged": N_("Paid for a pledge"),
    "refunded_to_cash": N_("Refund of a pledge"),
    "distribution_paid": N_("Distribution of a company"),
    "cash_taken_out": N_("Paid to your bank"),
    "cash_came_back": N_("Came back from your bank"),
    "stray_cash_identified": N_("Money that was looked at"),
    "cash_debit_returned": N_("Taken back by your bank"),
}

REFUSALS: Mapping[str, str] = {
    "cash_too_little": N_("Amount must be %(least)s or more"),
    "cash_too_much": N_("Amount must be %(most)s or less"),
    "cash_not_enough": N_("Only %(free)s is free in the cash account. Nothing was moved."),
    "refund_sent": N_("This refund is on its way already."),
    "refund_to_source": N_("This money must go back to where it came from."),
    "stray_settled": N_("Somebody has said already what becomes of this money."),
    "stray_with_collector": N_("This money is with a collector, and not with the custodian. It can only go back."),
    "stray_other_currency": N_("This money came in %(currency)s. It can only go back."),
    "bank_account_missing": N_("Give your own bank account first. Nothing was moved."),
    "bank_account_frozen": N_("Your bank account was changed. Nothing is paid to it before %(until)s."),
    "account_number_unclear": N_("Give the number with 5 to 34 letters and digits, such as an IBAN"),
    "holder_differs": N_("The account must be in the name of %(name)s"),
}
