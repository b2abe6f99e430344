"""The law asked in few words: each function makes a case, filling in what a test does not speak of."""

from __future__ import annotations

from typing import Any

from app.regimes.registry import assess_case

Case = dict[str, Any]


def us_pledge(amount: str, *, on: str = "2025-03-15", history: list[Case] | None = None, **investor: Any) -> Case:
    """Somebody with income 60,000 and net worth 200,000, whose cap in 2025 is 10,000, wants to buy."""
    person = {
        "type": "natural", "accredited": False, "annual_income": "60000.00", "net_worth": "200000.00",
        "other_platform_12m": "0.00", **investor,
    }  # fmt: skip
    return {
        "id": "one", "regime": "US-CF", "category": "investor_cap", "as_of": on, "investor": person,
        "history": history or [], "pledge": {"amount": amount, "currency": "USD", "issuer": "iss-A"},
    }  # fmt: skip


def bought(on: str, amount: str, status: str = "settled", **others: str) -> Case:
    return {"date": on, "amount": amount, "issuer": "iss-B", "status": status, **others}


def us_raise(amount: str, *, on: str = "2025-03-15", history: list[Case] | None = None) -> Case:
    """A company wants to raise up to this amount."""
    return {
        "id": "one", "regime": "US-CF", "category": "offering_cap", "as_of": on, "history": history or [],
        "pledge": {"amount": amount, "currency": "USD", "issuer": "iss-A"},
    }  # fmt: skip


def us_event(kind: str, category: str, *, on: str = "2025-03-15", **event: Any) -> Case:
    return {
        "id": "one", "regime": "US-CF", "category": category, "as_of": on, "event": {"type": kind, **event},
        "pledge": {"amount": "1000.00", "currency": "USD", "issuer": "iss-A"},
    }  # fmt: skip


def michou(amount: str = "400000.00", *, on: str = "2016-10-10", ticket: str = "400000.00", **investor: Any) -> Case:
    """A certified investor with five million in financial assets wants to buy."""
    person = {"type": "natural", "status": "certified", "financial_assets": "5000000.00", **investor}
    return {
        "id": "one", "regime": "CN-MICHOU", "category": "eligibility", "as_of": on, "investor": person, "history": [],
        "pledge": {"amount": amount, "currency": "CNY", "issuer": "iss-A"}, "offering": {"id": "p1", "min_ticket": ticket},
    }  # fmt: skip


def decided(case: Case) -> tuple[str | None, str | None]:
    """The decision and its rule."""
    answer = assess_case(case)
    return answer["decision"], answer["reason_rule"]


def limit(case: Case) -> tuple[str | None, str | None]:
    """The cap and what is left of it."""
    answer = assess_case(case)
    return answer["cap"], answer["remaining"]
