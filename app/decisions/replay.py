"""Decide everything again: by the edition of its day, which must never drift, or by a proposed one, to see who would
be refused. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.decisions import queries, receipts
from app.decisions.models import Decision
from app.money import Money
from app.regimes.facts import BadFacts
from app.regimes.regime import Regime
from app.regimes.registry import BUILT

#: So many of those who would be refused are named; all are counted.
NAMED = 200


@dataclass(frozen=True, slots=True)
class Drift:
    """A stored decision that would be another one now. `stored` and `now` hold only what differs."""

    decision_id: int
    stored: dict[str, str]
    now: dict[str, str]


def again(session: Session, since: datetime | None = None) -> Iterator[Drift | None]:
    """Decide each stored decision again, with the facts and the edition of its day; None: it is the same."""
    for decision in queries.in_order(session, since):
        yield _drift(decision, queries.regime_of(session, decision))


def _drift(decision: Decision, regime: Regime) -> Drift | None:
    stored = _answer_of(decision)
    try:
        answer = receipts.of_case(regime, decision.facts)
    except (BadFacts, KeyError) as error:
        return Drift(decision.id, stored, {"error": str(error)})
    now = {
        "outcome": answer.decision,
        "rule": answer.rule.id,
        "law": answer.law,
        "citation": answer.rule.cite,
        "requested": str(answer.requested),
        "cap": str(answer.cap),
        "used": str(answer.used),
        "remaining": str(answer.remaining),
        "largest": str(answer.largest),
        "frees": f"{answer.frees} {answer.frees_on}",
        "numbers": str(sorted(answer.numbers.items())),
    }
    differing = [name for name in now if now[name] != stored[name]]
    if not differing:
        return None
    return Drift(decision.id, {name: stored[name] for name in differing}, {name: now[name] for name in differing})


def _answer_of(decision: Decision) -> dict[str, str]:
    return {
        "outcome": str(decision.outcome),
        "rule": decision.rule,
        "law": decision.law,
        "citation": decision.citation,
        "requested": str(decision.money("requested")),
        "cap": str(decision.money("cap")),
        "used": str(decision.money("used")),
        "remaining": str(decision.money("remaining")),
        "largest": str(decision.money("largest")),
        "frees": f"{decision.money('frees')} {decision.frees_on}",
        "numbers": str(sorted(decision.numbers.items())),
    }


@dataclass(frozen=True, slots=True)
class Change:
    """A decision that a proposed edition would turn. `short_by` is how much of the amount would not pass."""

    decision_id: int
    stored: str
    proposed: str
    rule: str
    requested: Money
    short_by: Money | None


@dataclass(slots=True)
class WhatIf:
    """What a proposed edition would have done: counts by "stored > proposed", and the first of the changes."""

    looked_at: int = 0
    turned: dict[str, int] = field(default_factory=dict)
    refused_amounts: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


def what_if(session: Session, text: str, regime_id: str, since: datetime) -> WhatIf:
    """Run a proposed edition over the decisions since then, on their own facts.

    Raises PackError when the edition cannot be read, KeyError for an unknown regime.
    """
    proposed = type(BUILT[regime_id])(text)
    found = WhatIf()
    for decision in queries.in_order(session, since):
        if decision.regime != regime_id:
            continue
        found.looked_at += 1
        answer = receipts.of_case(proposed, decision.facts)
        if answer.decision == decision.outcome:
            continue
        turned = f"{decision.outcome} > {answer.decision}"
        found.turned[turned] = found.turned.get(turned, 0) + 1
        short = None if answer.largest is None else answer.requested - min(answer.largest, answer.requested)
        if decision.allows and short is not None:
            refused = found.refused_amounts
            refused[answer.currency] = refused.get(answer.currency, 0) + short.minor
        if len(found.changes) < NAMED:
            found.changes.append(
                Change(decision.id, str(decision.outcome), answer.decision, answer.rule.id, answer.requested, short)
            )
    return found
