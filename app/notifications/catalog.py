"""Every message the platform sends, once. Each has a template `templates/email/<kind>.txt`."""

from __future__ import annotations

from enum import StrEnum


class Message(StrEnum):
    # account
    VERIFY_EMAIL = "verify_email"
    ACCOUNT_EXISTS = "account_exists"
    RESET_PASSWORD = "reset_password"
    SECURITY_CHANGED = "security_changed"
    # investor
    PLEDGE_PLACED = "pledge_placed"
    PLEDGE_REFERRED = "pledge_referred"
    PLEDGE_HELD = "pledge_held"
    PAYMENT_FAILED = "payment_failed"
    PLEDGE_CANCELLED = "pledge_cancelled"
    PLEDGE_REFUSED = "pledge_refused"
    REFUND_DUE = "refund_due"
    REFUND_PAID = "refund_paid"
    REFUND_FAILED = "refund_failed"
    PAYMENT_TAKEN_BACK = "payment_taken_back"
    PAYMENT_DISPUTED = "payment_disputed"
    SHARES_ISSUED = "shares_issued"
    CLAIM_DECIDED = "claim_decided"
    # issuer
    OFFERING_DECIDED = "offering_decided"
    OFFERING_FAILED = "offering_failed"
    FUNDS_RELEASED = "funds_released"
    PAYOUT_CAME_BACK = "payout_came_back"
    # staff
    CLOSING_PROPOSED = "closing_proposed"
    # changes of offerings
    CHANGE_TO_CONFIRM = "change_to_confirm"
    CHANGE_CONFIRMED = "change_confirmed"
    CHANGE_PUBLISHED = "change_published"
    DEADLINE_MOVED = "deadline_moved"
    CHANGE_DECIDED = "change_decided"
    # investor status
    CLAIM_ENDS_SOON = "claim_ends_soon"
    CLAIM_EXPIRED = "claim_expired"
    # the officers' desk
    CASE_QUESTION = "case_question"
    CASE_ANSWERED = "case_answered"
    PAYEE_CHANGE = "payee_change"
    # investors' cash accounts
    CASH_PAID_IN = "cash_paid_in"
    CASH_TAKEN_OUT = "cash_taken_out"
    CASH_CAME_BACK = "cash_came_back"
    CASH_GIVEN_BACK = "cash_given_back"
    CASH_DEBIT_RETURNED = "cash_debit_returned"
    CASH_REFUNDED = "cash_refunded"
    CASH_ACCOUNT_SET = "cash_account_set"
    CASH_DORMANT = "cash_dormant"
    # ways to pay that are charged later
    PLEDGE_PROMISED = "pledge_promised"
    CHARGE_DECLINED = "charge_declined"
    CHARGE_NEEDS_YOU = "charge_needs_you"
    # more demand than shares
    PLEDGE_SCALED = "pledge_scaled"
    ALLOTMENT_TO_CHOOSE = "allotment_to_choose"
    # waitlists
    WAITLIST_OFFERED = "waitlist_offered"
    WAITLIST_LAPSED = "waitlist_lapsed"
    WAITLIST_ENDED = "waitlist_ended"
    # a part is closed while the offering goes on
    ROLLING_ANNOUNCED = "rolling_announced"
    ROLLING_CALLED_OFF = "rolling_called_off"
    # what was held back from a company
    HOLDBACK_DUE = "holdback_due"
    # what companies pay their holders
    DISTRIBUTION_AGREED = "distribution_agreed"
    DISTRIBUTION_PAID = "distribution_paid"
    # a payout that was refused before any money moved; what a company did not pay in as agreed
    PAYOUT_REFUSED = "payout_refused"
    DISTRIBUTION_CALLED_OFF = "distribution_called_off"
