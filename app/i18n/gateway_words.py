"""What gateways answer when they do not do what we asked, in words: for the operator, and for the officers of a closing."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n.locales import Language
from app.i18n.words import N_, said
from app.payments.port import Method, OpKind

_NOT_DONE_HERE = N_("This gateway cannot do that.")
_NO_ANSWER = N_("No answer came; whether it was done is not known.")

#: By the name of the error, where the gateway said nothing of its own.
GATEWAY_ERRORS: Mapping[str, str] = {
    "Declined": N_("The other side said no."),
    "Rejected": N_("The gateway will never do this."),
    "InsufficientProviderFunds": N_("Our balance at the gateway is too low."),
    "RateLimited": N_("The gateway was asked too often; later it may work."),
    "NotSent": N_("The gateway could not be reached; nothing was sent."),
    "Unknown": _NO_ANSWER,
    "InFlight": N_("The gateway is still doing it."),
    "KeyConflict": N_("The key stands at the gateway for something else."),
    "Unsupported": _NOT_DONE_HERE,
    "Misconfigured": N_("The gateway does not accept our credentials."),
    "BadSignature": N_("It was not signed by the gateway, or was changed on its way."),
    "Stale": N_("It was signed too long ago, or in the future."),
    "KeyForgotten": N_("The gateway has forgotten the key by now; whether it was done cannot be told."),
}

#: By the code of the gateway, or our own.
GATEWAY_CODES: Mapping[str, str] = {
    # of accounts that money goes to
    "account_closed": N_("The bank account is closed."),
    "account_frozen": N_("The bank account is frozen."),
    "bank_account_restricted": N_("The bank account takes no such payments."),
    "bank_ownership_changed": N_("The bank account went to another bank."),
    "could_not_process": N_("The bank could not process the payment."),
    "debit_not_authorized": N_("The bank account may not be debited."),
    "incorrect_account_holder_name": N_("The name of the account holder is wrong."),
    "incorrect_account_holder_address": N_("The address of the account holder is wrong."),
    "incorrect_account_holder_tax_id": N_("The tax number of the account holder is wrong."),
    "invalid_account_number": N_("There is no such account number."),
    "invalid_currency": N_("The bank account does not take this currency."),
    "no_account": N_("There is no such bank account."),
    "declined": N_("The bank said no."),
    "returned": N_("The bank sent it back."),
    "unsupported_card": N_("The card takes no payouts."),
    # of payments
    "card_declined": N_("The card was declined."),
    "expired_card": N_("The card has expired."),
    "incorrect_cvc": N_("The card's security code is wrong."),
    "insufficient_funds": N_("There is not enough money in the account."),
    "processing_error": N_("The payment could not be processed; later it may work."),
    "authentication_required": N_("The bank wants its customer to confirm the payment."),
    "payment_intent_authentication_failure": N_("The bank's customer did not confirm the payment."),
    "funding_refused": N_("Paid on credit, which is not taken here."),
    # of refunds
    "lost_or_stolen_card": N_("The card was lost or stolen."),
    "expired_or_canceled_card": N_("The card has expired or was ended."),
    "charge_for_pending_refund_disputed": N_("The payer's bank looks into a complaint about the payment."),
    "payment_disputed": N_("The payer's bank looks into a complaint about the payment."),
    "merchant_request": N_("It was stopped at the gateway on our side."),
    "refund_exceeds_payment": N_("More than was paid cannot be returned."),
    "refund_window_over": N_("The payment is too old to be returned by this way."),
    "unknown": N_("The bank gave no reason."),
    # of the gateway, and of our side
    "balance_insufficient": N_("Our balance at the gateway is too low."),
    "not_on_the_statement": N_("The money is on no statement of the account yet."),
    "more_than_received": N_("More than came cannot be returned."),
    "nothing_was_paid": N_("Nothing was paid that could be returned."),
    "no_such_object": N_("The gateway does not know what this is about."),
    "no_such_instruction": N_("The gateway does not know what this is about."),
    "unknown_kind": N_("The gateway does not know what this is about."),
    "dispute_of_no_payment": N_("The complaint is about no payment that is known."),
    "no_such_instrument": N_("The way to pay is not kept any more."),
    "not_kept": N_("The way to pay is not kept any more."),
    "not_now": N_("This cannot come next."),
    "currency": N_("This gateway does not take the currency."),
    "amount_too_fine": N_("The gateway does not take so small a part of the currency."),
    "payee_unknown_to_stripe": N_("The payee was not entered at Stripe."),
    "key_conflict": N_("The key stands at the gateway for something else."),
    "key_forgotten": N_("The gateway has forgotten the key by now; whether it was done cannot be told."),
    "no_account_for_funds": N_("It is not set up to which account money is sent back to this gateway."),
    "payee_changed": N_("The account was changed after two people had seen it; nothing was sent."),
    "company_on_hold": N_("The company is on hold. First decide the alert about it, then have this sent."),
    "came_back": N_("What was carried came back again and again."),
    "amount_differs": N_("Another amount came than was asked for."),
    "dealt_with": N_("A person has said what becomes of it."),
    "paid_otherwise": N_("It goes another way instead: to the investor's bank account, or carried anew."),
    "refused_connection": N_("The gateway could not be reached; nothing was sent."),
    "not_connected": N_("The gateway could not be reached; nothing was sent."),
    "outgoing_folder": N_("The folder for outgoing files cannot be written; nothing was sent."),
    "collection_not_there_yet": N_("It waits until the payment is at the gateway."),
    "line_without_object": N_("A line of the account is not told of in full yet."),
    "database": N_("Our record of the files could not be written; it is tried again."),
    **dict.fromkeys(("timeout", "no_answer", "e500_sticky"), _NO_ANSWER),
    **dict.fromkeys(
        (
            *(kind.value for kind in OpKind), *(method.value for method in Method), "move", "expect", "events",
            "deposit_details", "no_custodian", "method_or_currency", "method_not_reusable", "method_does_not_take_this",
        ),
        _NOT_DONE_HERE,
    ),
}  # fmt: skip


def gateway_code(code: str, language: Language) -> str:
    """Why a gateway did not do it; a code that nobody gave words to is named, and who knows it."""
    words = GATEWAY_CODES.get(code) or GATEWAY_ERRORS.get(code)
    if words is None:
        return said(
            language, N_("The gateway gave a reason of its own, “%(code)s”: ask it what that means."), code=code
        )
    return said(language, words)


def gateway_failure(written: str, language: Language) -> str:
    """Why a gateway could not be read: the name of the error, and the gateway's code if it gave one."""
    error, _, code = written.partition(" ")
    return gateway_code(code or error, language)
