"""The words of ways to pay; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n import bank_file_words, reconciliation_words
from app.i18n.words import N_

METHODS: Mapping[str, str] = {
    "card": N_("Card"),
    "alipay": N_("Alipay"),
    "wechat_pay": N_("WeChat Pay"),
    "ach_debit": N_("US bank debit (ACH)"),
    "sepa_debit": N_("European bank debit (SEPA)"),
    "bank_transfer": N_("Bank transfer"),
    "cash_account": N_("Cash account here"),
}

#: Why a method does not fit a pledge, as the end of a sentence.
MISFITS: Mapping[str, str] = {
    "amount_too_small": N_("the amount is too small for it"),
    "amount_too_large": N_("the amount is too large for it"),
    "amount_too_fine": N_("the amount has a smaller part of the currency than it takes"),
    "holder_not_qualified": N_("the law wants the money held by a qualified third party"),
    "too_late_to_hear": N_("whether it was paid would be known only after the offering has ended"),
    "refund_out_of_time": N_("the last refund that could be due falls outside its time"),
    "held_too_long": N_("it cannot hold the money for as long as the offering may need"),
    "no_part_back": N_("it cannot return just any part of a payment, and you may get fewer shares than you pay for"),
}

REFUSALS: Mapping[str, str] = {
    "clients_money_short": N_(
        "The platform owes %(short)s to clients' money. Nothing is released until it has paid that in."
    ),
    "payee_not_at_custodian": N_(
        "The custodian pays only whom it knows: give the name of the company's account there, which begins with %(begins)s"
    ),
    "payee_no_bank_account": N_("This is no number of a bank account, and the custodian pays to bank accounts"),
    "bill_line_unknown": N_("There is no such line of money that came into the platform's own account."),
    "bill_line_used": N_("This line was booked already."),
    "fees_contradict": N_("The least success fee must be no more than the most, and less than the target."),
    "claim_too_large": N_(
        "The platform lost %(most)s on this offering that is not billed yet; no more can be claimed."
    ),
    "bill_smaller": N_("The company owes only %(owed)s."),
    "not_payable": N_("This pledge does not wait for a payment any more."),
    "method_chosen": N_("Another payment for this pledge is under way. Finish or cancel it first."),
    "method_refused": N_("This way to pay does not fit here: %(why)s. Choose another one; nothing was charged."),
    **bank_file_words.REFUSALS,
    **reconciliation_words.REFUSALS,
}

#: What gateways are called where people read it; one that is not here has its own name.
GATEWAYS: Mapping[str, str] = {
    "sandbox": N_("Sandbox Trust"),
    "sandbox_cards": N_("Sandbox Cards"),
    "stripe": "Stripe",
    "escrow_files": N_("the escrow agent"),
    "manual_bank": N_("the bank"),
}

#: Where the money of a pledge is.
PLACES: Mapping[str, str] = {
    "you": N_("With you"),
    "bank": N_("At your bank"),
    "collector": N_("Collected"),
    "escrow": N_("In escrow"),
    "company": N_("With the company"),
    "returning": N_("On its way back"),
    "disputed": N_("With your bank"),
    "unknown": N_("Not known yet"),
}

#: How far a refund is.
REFUND_STEPS: Mapping[str, str] = {
    "owed": N_("It is decided, and sent in a moment."),
    "sent": N_("It was sent. Your bank may take some days to show it."),
    "paid": N_("It was paid."),
    "failed": N_("The account that it was sent to does not take it."),
    "waits": N_(
        "Your bank has the money while it looks into a complaint. We wait for its word, so that nothing is paid twice."
    ),
}
