"""The words of the issuer's checklist; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.words import N_

SECTIONS: Mapping[str, str] = {
    "company": N_("Company"), "terms": N_("Terms"), "deadline": N_("Deadline"), "story": N_("Story"),
    "risks": N_("Risks"), "funds": N_("Use of funds"), "team": N_("Team"), "financials": N_("Financials"),
    "documents": N_("Documents"), "payout": N_("Payout account"),
}  # fmt: skip

TASKS: Mapping[str, str] = {
    "company_registered": N_("Give the legal form, where the company is organised, and since when"),
    "company_address": N_("Give the company's address"),
    "security_type": N_("Say what kind of security is offered"),
    "share_price": N_("Set the price of one share"),
    "minimum_pledge": N_("Set the smallest pledge; it buys at least one share"),
    "target": N_("Set the target; below it everybody is refunded"),
    "maximum": N_("Set the maximum, at or above the target"),
    "oversubscription_rule": N_("Say how demand above the target is shared out"),
    "deadline": N_("Set the deadline, with its time zone"),
    "deadline_ahead": N_("Choose a deadline as far ahead as the rules want"),
    "tagline": N_("Say in one sentence what the company does"),
    "story": N_("Tell the company's story"),
    "risks": N_("Name at least three risks"),
    "use_of_funds": N_("Say what the money is for; the parts add up to 100 percent"),
    "team": N_("Name the people who run the company"),
    "financials_latest": N_("Give the figures of the latest financial year"),
    "financials_prior": N_("Give the figures of the year before"),
    "statements_level": N_("Say who checked the financial statements"),
    "documents": N_("Add at least one document, such as the financial statements"),
    "payout_account": N_("Say where the company is paid"),
}

FINANCIALS: Mapping[str, str] = {
    "total_assets": N_("Total assets"), "cash": N_("Cash"), "receivables": N_("Receivables"),
    "short_term_debt": N_("Short-term debt"), "long_term_debt": N_("Long-term debt"), "revenue": N_("Revenue"),
    "cost_of_goods_sold": N_("Cost of goods sold"), "taxes_paid": N_("Taxes paid"), "net_income": N_("Net income"),
}  # fmt: skip

STATEMENT_LEVELS: Mapping[str, str] = {
    "certified": N_("Certified by the chief executive"),
    "reviewed": N_("Reviewed by an independent accountant"),
    "audited": N_("Audited by an independent accountant"),
}

OVERSUBSCRIPTION: Mapping[str, str] = {
    "not_accepted": N_("Not accepted: the target is also the maximum"),
    "first_come": N_("First come, first served, up to the maximum"),
    "pro_rata": N_("Everybody gets the same part, up to the maximum"),
    "issuers_choice": N_("The company chooses, up to the maximum"),
}
