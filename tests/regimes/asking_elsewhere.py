"""The laws besides Regulation Crowdfunding and those of Europe asked in few words: like `asking.py`, it makes a case."""

from __future__ import annotations

from typing import Any

from tests.regimes.asking import Case

#: Regime -> its currency and a day on which its newest text is in force.
USUAL = {
    "US-REGA": ("USD", "2025-03-15"), "US-REGD": ("USD", "2025-03-15"), "CN-SAC2014": ("CNY", "2016-10-10"),
    "CN-SAC2015R": ("CNY", "2016-10-10"), "CN-PF": ("CNY", "2016-10-10"), "CN-LAW": ("CNY", "2016-10-10"),
    "CA-45110": ("CAD", "2025-06-02"), "AU-CSF": ("AUD", "2025-06-02"), "MY-ECF": ("MYR", "2025-06-02"),
    "JP-ECF": ("JPY", "2024-06-03"), "KR-ECF": ("KRW", "2019-06-03"), "NZ-CF": ("NZD", "2025-06-03"),
    "SG-SCF": ("SGD", "2025-06-03"), "IN": ("INR", "2025-06-03"),
}  # fmt: skip


def ask(
    regime: str, category: str, amount: str = "1000.00", *, on: str | None = None, history: list[Case] | None = None,
    offering: Case | None = None, event: Case | None = None, **investor: Any,
) -> Case:  # fmt: skip
    """Somebody wants so much of issuer iss-A, or iss-A wants to raise so much."""
    currency, usual_day = USUAL[regime]
    return {
        "id": "one", "regime": regime, "category": category, "as_of": on or usual_day, "investor": investor,
        "history": history or [], "pledge": {"amount": amount, "currency": currency, "issuer": "iss-A"},
        "offering": offering or {}, "event": event or {},
    }  # fmt: skip


#: Every status that an earlier purchase can have, and whether it uses a limit.
STATUSES = {
    "settled": True, "committed": True, "settled_resold": True, "cancelled": False, "refunded": False, "lapsed": False,
}  # fmt: skip
