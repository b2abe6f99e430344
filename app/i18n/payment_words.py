"""The words of ways to pay; pages read them from `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n import bank_file_words
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
    "holder_not_qualified": N_("the law wants the money held by a qualified third party"),
    "too_late_to_hear": N_("whether it was paid would be known only after the offering has ended"),
    "refund_out_of_time": N_("the last refund that could be due falls outside its time"),
    "held_too_long": N_("it cannot hold the money for as long as the offering may need"),
}

REFUSALS: Mapping[str, str] = {
    "not_payable": N_("This pledge does not wait for a payment any more."),
    "method_chosen": N_("Another payment for this pledge is under way. Finish or cancel it first."),
    "method_refused": N_("This way to pay does not fit here: %(why)s. Choose another one; nothing was charged."),
    **bank_file_words.REFUSALS,
}
