"""A decision as a person reads it: the same receipt for the investor, the officer and the mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.decisions import queries
from app.decisions.models import Decision
from app.investors.models import Investor
from app.money import Money
from app.regimes import facts as facts_of_case
from app.regimes.parameters import Rule
from app.regimes.profile import EarlierPledge, Intent, text
from app.regimes.regime import Regime
from app.regimes.verdict import Decision as Outcome
from app.regimes.verdict import Verdict

#: From the mildest to the strictest answer.
STRICTNESS = (Outcome.ALLOW, Outcome.NEEDS_ACK, Outcome.NEEDS_WAIT, Outcome.DENY)


@dataclass(frozen=True, slots=True)
class Asked:
    """A law that applies, and the earlier pledges that it looks at."""

    regime: Regime
    history: Sequence[EarlierPledge]


@dataclass(frozen=True, slots=True)
class Receipt:
    """`law` names the pack and its last change; `used` and `remaining` are before the pledge.

    `largest` is the largest amount that would pass: None where there is no limit. `numbers` are the inputs of the
    formula. `stated` is the part of `used` that was bought on each other platform, as statements say. `others` are the laws that were asked as well and bind less.
    """

    decision: str
    regime: str
    rule: Rule
    law: str
    facts: dict[str, Any]
    requested: Money
    cap: Money | None
    used: Money | None
    remaining: Money | None
    largest: Money | None
    frees_on: date | None
    frees: Money | None
    numbers: dict[str, str]
    stated: Mapping[str, Money] = field(default_factory=dict)
    others: tuple[Receipt, ...] = ()

    @property
    def allows(self) -> bool:
        return self.decision == Outcome.ALLOW

    @property
    def currency(self) -> str:
        return self.requested.currency

    @property
    def strictness(self) -> tuple[int, bool, int]:
        """Orders receipts: a stricter answer is more, and of equal answers the one that leaves less."""
        left = self.remaining
        return STRICTNESS.index(Outcome(self.decision)), left is not None, -left.minor if left else 0

    def for_a_message(self) -> dict[str, Any]:
        """In both languages, with plain values: its text is written when it is sent."""
        amounts = {"cap": self.cap, "used": self.used, "remaining": self.remaining}
        return {
            "currency": self.currency, "rule": self.rule.id, "citation": self.rule.cite, "en": self.rule.en, "zh": self.rule.zh, "law": self.law,
            **{f"{name}_minor": None if amount is None else amount.minor for name, amount in amounts.items()},
            "stated": {platform: amount.minor for platform, amount in self.stated.items()},
        }  # fmt: skip


def asked(session: Session, investor: Investor, laws: Sequence[Asked], intent: Intent) -> Receipt:
    """What every law says to an intent, without keeping it: the receipt of the one that binds."""
    answers = [of_case(law.regime, queries.case_of(session, investor, law.regime, law.history, intent)) for law in laws]
    binding, *others = sorted(answers, key=lambda answer: answer.strictness, reverse=True)
    return replace(binding, others=tuple(others))


def allowance(session: Session, investor: Investor, law: Asked, on: date) -> Receipt:
    """How much the investor may still invest, and why: a decision about nothing."""
    nothing = Money.zero(law.regime.pack.currency)
    return asked(session, investor, [law], Intent(nothing, issuer="-", offering="-", minimum_pledge=None, on=on))


def of_case(regime: Regime, case: dict[str, Any]) -> Receipt:
    """Ask one law. Pure. Raises BadFacts."""
    verdict = regime.assess(facts_of_case.read(case))
    return Receipt(
        decision=verdict.decision.value,
        regime=regime.pack.id,
        rule=regime.pack.rules[verdict.rule],
        law=regime.pack.version(date.fromisoformat(case["as_of"])),
        facts=case,
        requested=Money.of(case["pledge"]["amount"], case["pledge"]["currency"]),
        cap=verdict.cap,
        used=verdict.used,
        remaining=verdict.remaining,
        largest=largest(regime, case, verdict),
        frees_on=verdict.frees[0] if verdict.frees else None,
        frees=verdict.frees[1] if verdict.frees else None,
        numbers=_numbers(verdict),
        stated=_stated(regime, case, verdict.used),
    )


def _stated(regime: Regime, case: Mapping[str, Any], used: Money | None) -> dict[str, Money]:
    """platform -> how much more of the limit is used than without what was bought there."""
    history = case.get("history") or []
    found = {}
    for platform in dict.fromkeys(one["platform"] for one in history if "platform" in one):
        kept = [one for one in history if one.get("platform") != platform]
        without = regime.assess(facts_of_case.read({**case, "history": kept})).used
        if used is not None and without is not None and without < used:
            found[platform] = used - without
    return found


def largest(regime: Regime, case: dict[str, Any], verdict: Verdict) -> Money | None:
    """The largest amount that would pass; None: there is no limit.

    What is left of a limit passes only if nothing else stands against it, so the law is asked again.

    Some limits must not be reached: then it is a minor unit less. A limit in another currency than the pledge's says
    nothing about the amount.
    """
    nothing, left = Money.zero(case["pledge"]["currency"]), verdict.remaining
    if left is None or left.currency != nothing.currency:
        return None if verdict.allows else nothing
    for amount in (left, left - Money(1, left.currency)):
        asked = {**case, "pledge": {**case["pledge"], "amount": text(amount)}}
        if amount > nothing and regime.assess(facts_of_case.read(asked)).allows:
            return amount
    return nothing


def _numbers(verdict: Verdict) -> dict[str, str]:
    heads = verdict.heads
    if heads is None:
        return verdict.numbers
    return {
        **verdict.numbers, "heads_cap": str(heads.cap), "heads_used": str(heads.used), "heads_unit": heads.unit,
    }  # fmt: skip


def of_decision(session: Session, decision: Decision) -> Receipt:
    """The receipt of a stored decision, in the words of the edition that decided, with the laws beside it."""
    others = tuple(_stored(session, other) for other in queries.beside(session, decision.id))
    return replace(_stored(session, decision), others=others)


def _stored(session: Session, decision: Decision) -> Receipt:
    regime, used = queries.regime_of(session, decision), decision.money("used")
    return Receipt(
        decision=str(decision.outcome),
        regime=decision.regime,
        rule=regime.pack.rules[decision.rule],
        law=decision.law,
        facts=decision.facts,
        requested=Money(decision.requested_minor, decision.currency),
        cap=decision.money("cap"),
        used=used,
        remaining=decision.money("remaining"),
        largest=decision.money("largest"),
        frees_on=decision.frees_on,
        frees=decision.money("frees"),
        numbers=decision.numbers,
        stated=_stated(regime, decision.facts, used),
    )
