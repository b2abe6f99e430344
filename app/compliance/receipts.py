"""A decision as a person reads it: the same receipt for the investor, the officer and the mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.compliance.models import Decision
from app.money import Money
from app.regimes.regime import Regime
from app.regimes.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Receipt:
    """`law` names the pack and its last change; `remaining` is before the pledge it is about."""

    decision: str
    rule: str
    citation: str
    law: str
    cap: Money | None
    used: Money | None
    remaining: Money | None
    frees_on: date | None
    frees: Money | None
    numbers: dict[str, str]
    currency: str

    @property
    def allows(self) -> bool:
        return self.decision == "allow"

    @property
    def has_cap(self) -> bool:
        return self.cap is not None


def of_verdict(verdict: Verdict, regime: Regime, on: date) -> Receipt:
    return Receipt(
        decision=verdict.decision.value,
        rule=verdict.rule,
        citation=regime.pack.rules[verdict.rule].cite,
        law=regime.pack.version(on),
        cap=verdict.cap,
        used=verdict.used,
        remaining=verdict.remaining,
        frees_on=verdict.frees[0] if verdict.frees else None,
        frees=verdict.frees[1] if verdict.frees else None,
        numbers=verdict.numbers,
        currency=regime.pack.currency,
    )


def of_decision(decision: Decision) -> Receipt:
    return Receipt(
        decision=str(decision.outcome),
        rule=decision.rule,
        citation=decision.citation,
        law=decision.law,
        cap=decision.money("cap"),
        used=decision.money("used"),
        remaining=decision.money("remaining"),
        frees_on=decision.frees_on,
        frees=decision.money("frees"),
        numbers=decision.numbers,
        currency=decision.currency,
    )
