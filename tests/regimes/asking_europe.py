"""The laws of Europe asked in few words: like `asking.py`, each function makes a case."""

from __future__ import annotations

from typing import Any

from tests.regimes.asking import Case

#: A net worth of 80,000: the threshold is 4,000.
FIGURES = {"net_annual_income": "60000.00", "liquid_assets": "50000.00", "annual_commitments": "30000.00"}
ACKNOWLEDGED = dict.fromkeys(("ack_21_7_warning", "ack_21_7_consent", "ack_21_7_understands"), True)
EU_DAY = "2025-06-02"
UK_DAY = "2024-06-03"


def _case(regime: str, category: str, on: str, amount: str, currency: str, issuer: str, **others: Any) -> Case:
    pledge = {"amount": amount, "currency": currency, "issuer": issuer}
    return {"id": "one", "regime": regime, "category": category, "as_of": on, "pledge": pledge, **others}


def eu_pledge(
    amount: str = "500.00", *, on: str = EU_DAY, history: list[Case] | None = None, offer: str | None = None,
    currency: str = "EUR", fx: Case | None = None, **investor: Any,
) -> Case:  # fmt: skip
    """Somebody who passed the test and made the simulation, with a threshold of 4,000, wants to invest."""
    person = {
        "type": "natural", "class": "non_sophisticated", "entry_test": "passed", "entry_test_on": "2025-01-10",
        "simulation_on": "2025-01-10", "nw_inputs": FIGURES, **investor,
    }  # fmt: skip
    case = _case("EU-ECSPR", "investor_cap", on, amount, currency, "po-A", investor=person, history=history or [])
    case["pledge"] |= {} if offer is None else {"offer": offer}
    return {**case, "fx": fx} if fx else case


def eu_raise(amount: str, *history: Case, on: str = EU_DAY) -> Case:
    """A project owner launches an offer."""
    return _case(
        "EU-ECSPR", "offering_cap", on, amount, "EUR", "po-A", investor={"class": "n/a"}, history=list(history)
    )


def eu_event(kind: str, at: str, made_at: str = "2025-06-02T10:00:00+02:00", **investor: Any) -> Case:
    """An offer to invest is taken back, or its money is to move."""
    person = {"type": "natural", "class": "non_sophisticated", **investor}
    happened = {"type": kind, "offer_made_at": made_at, "at": at}
    return _case("EU-ECSPR", "cooling_off", at[:10], "500.00", "EUR", "po-A", investor=person, event=happened)


def uk_pledge(
    amount: str = "100.00", *, on: str = UK_DAY, history: list[Case] | None = None, statement: Case | None = None,
    category: str = "investor_cap", event: Case | None = None, **investor: Any,
) -> Case:  # fmt: skip
    """A restricted investor with net assets of 50,000, who passed the test, wants to invest."""
    signed = restricted(net_assets="50000.00") if statement is None else statement
    person = {"category_statement": signed, "appropriateness": "passed", **investor}
    case = _case("UK-COBS", category, on, amount, "GBP", "iss-A", investor=person, history=history or [])
    return case if event is None else {**case, "event": event}


def restricted(signed_on: str | None = "2024-05-01", **figures: Any) -> Case:
    return {"kind": "restricted", "signed_on": signed_on, **figures}


def wealthy(signed_on: str, **figures: str) -> Case:
    return {"kind": "hnw", "signed_on": signed_on, **figures}


def certified(signed_on: str, **grounds: Any) -> Case:
    return {"kind": "self_cert", "signed_on": signed_on, **grounds}


def uk_raise(
    amount: str, *history: Case, on: str = "2026-01-19", rate: str | None = None, pop: bool | None = False
) -> Case:
    """A company wants to offer up to this amount; `rate` is so many euros a pound."""
    others: Case = {"history": list(history), "fx": {} if rate is None else {"GBPEUR": rate}}
    return _case("UK-COBS", "offering_cap", on, amount, "GBP", "iss-A", offering={"pop_operator": pop}, **others)
