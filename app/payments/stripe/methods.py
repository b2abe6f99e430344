"""What each method can do at Stripe. The figures are Stripe's; where two sources differ, the more cautious one stands.

Days are calendar days: four business days are at most seven of them, with a weekend and a holiday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.money import EXPONENTS
from app.payments.port import Method, MethodCaps, plain

#: Our word -> Stripe's. https://docs.stripe.com/api/payment_methods/object
TYPES: Mapping[Method, str] = {
    Method.CARD: "card",
    Method.ALIPAY: "alipay",
    Method.WECHAT_PAY: "wechat_pay",
    Method.ACH_DEBIT: "us_bank_account",
    Method.SEPA_DEBIT: "sepa_debit",
    Method.BANK_TRANSFER: "customer_balance",
}

#: Debits: what their bank takes back is final, there is nothing to contest.
#: https://support.stripe.com/embedded-connect/questions/respond-to-or-contest-an-ach-direct-debit-dispute-as-a-merchant
FINAL = ("us_bank_account", "sepa_debit")

#: Which currencies a method takes. Alipay: https://docs.stripe.com/payments/alipay (by the place of business);
#: WeChat Pay: https://docs.stripe.com/payments/wechat-pay; bank transfers: https://docs.stripe.com/payments/customer-balance
CURRENCIES: Mapping[Method, frozenset[str]] = {
    Method.CARD: frozenset(EXPONENTS),
    Method.ALIPAY: frozenset({"CNY", "AUD", "CAD", "EUR", "GBP", "HKD", "JPY", "SGD", "MYR", "NZD", "USD"}),
    Method.WECHAT_PAY: frozenset({"CNY", "AUD", "CAD", "EUR", "GBP", "HKD", "JPY", "SGD", "USD"}),
    Method.ACH_DEBIT: frozenset({"USD"}),
    Method.SEPA_DEBIT: frozenset({"EUR"}),
    Method.BANK_TRANSFER: frozenset({"USD", "EUR", "GBP", "JPY"}),
}

#: One payment: eight digits of minor units. https://docs.stripe.com/api/payment_intents/object#payment_intent_object-amount
LARGEST_MINOR = 99_999_999
#: "US$0.50 or equivalent": https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. Where no figure is
#: known for a currency, one that is surely above it stands.
SMALLEST_MINOR: Mapping[str, int] = {
    "AUD": 50, "BHD": 200, "CAD": 50, "CHF": 50, "CNY": 400, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "INR": 4800,
    "JOD": 400, "JPY": 50, "KRW": 1000, "KWD": 200, "MYR": 200, "NOK": 300, "NZD": 50, "OMR": 200, "SEK": 300, "SGD": 50,
    "TND": 2000, "USD": 50,
}  # fmt: skip
#: Of three digits, the last must be zero: in payments, and in what is given back of them.
#: https://docs.stripe.com/currencies#three-decimal
STEP_MINOR: Mapping[str, int] = {currency: 10 if digits == 3 else 1 for currency, digits in EXPONENTS.items()}

#: Outside the US, a balance may lie for so long. https://docs.stripe.com/connect/manual-payouts
MOST_HELD = timedelta(days=90)


def is_kept(method: Method) -> bool:
    """Whether it can be kept and charged later, in whatever currency it is taken."""
    return "reusable_off_session" in _FIGURES.get(method, {})


def offered(currency: str) -> dict[Method, MethodCaps]:
    """Every method that takes this currency."""
    return {method: _caps(method, currency) for method in TYPES if currency in CURRENCIES[method]}


def _caps(method: Method, currency: str) -> MethodCaps:
    return replace(
        plain(method, "provider_balance"), max_hold=MOST_HELD,
        smallest_minor=SMALLEST_MINOR[currency], largest_minor=LARGEST_MINOR, step_minor=STEP_MINOR[currency],
        **_FIGURES[method],
    )  # fmt: skip


#: In what each differs from a plain way to pay.
_FIGURES: Mapping[Method, dict[str, Any]] = {
    # Refunds: the schemes' own limits differ, half a year is cautious. Complaints: the networks' 120 days.
    Method.CARD: {
        "reusable_off_session": True, "refund_window": timedelta(days=180), "reversible_for": timedelta(days=120),
    },
    # https://docs.stripe.com/payments/alipay: refunds within 90 days; no process for complaints.
    Method.ALIPAY: {"refund_window": timedelta(days=90)},
    # https://docs.stripe.com/payments/wechat-pay: refunds within 180 days; sources disagree on reuse, so: none.
    Method.WECHAT_PAY: {"refund_window": timedelta(days=180)},
    # https://docs.stripe.com/payments/ach-direct-debit: an answer within four business days; taken back for 60 days
    # (personal accounts), without appeal. What portals wait after it arrived: ten days.
    Method.ACH_DEBIT: {
        "reusable_off_session": True, "confirmation": "delayed", "confirm_within": timedelta(days=7),
        "clearing_hold": timedelta(days=10), "refund_window": timedelta(days=180), "reversible_for": timedelta(days=60),
    },
    # SEPA Core: 8 weeks without a reason, 13 months if not authorised; an answer within 14 business days.
    Method.SEPA_DEBIT: {
        "reusable_off_session": True, "confirmation": "delayed", "confirm_within": timedelta(days=21),
        "clearing_hold": timedelta(days=14), "refund_window": timedelta(days=180),
        "reversible_for": timedelta(days=397),
    },
    # https://docs.stripe.com/payments/bank-transfers: known when it arrives, usually within some banking days.
    Method.BANK_TRANSFER: {
        "confirmation": "delayed", "confirm_within": timedelta(days=7), "refund_window": timedelta(days=180),
    },
}  # fmt: skip
