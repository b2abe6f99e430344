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
from app.regimes import facts as facts_of_case
from app.regimes.facts import BadFacts
from app.regimes.parameters import PackError
from app.regimes.regime import Regime
from app.regimes.registry import BUILT
from app.regimes.verdict import Decision as Outcome

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
    """A decision that a proposed edition would turn.

    `largest` is the largest amount that would pass (None: no limit), `short_by` how much of the amount would not.
    """

    decision_id: int
    decided_at: datetime
    offering_id: int
    stored: str
    proposed: str
    rule: str
    requested: Money
    largest: Money | None
    short_by: Money | None


@dataclass(slots=True)
class WhatIf:
    """What a proposed edition would have done: counts by "stored > proposed", and the first of the changes.

    `short` is how much of the amounts would not pass, by the same key and currency; `refused_amounts` the same for what
    was allowed.
    """

    looked_at: int = 0
    turned: dict[str, int] = field(default_factory=dict)
    short: dict[str, dict[str, int]] = field(default_factory=dict)
    refused_amounts: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def add(self, change: Change) -> None:
        turned = f"{change.stored} > {change.proposed}"
        self.turned[turned] = self.turned.get(turned, 0) + 1
        if change.short_by is not None:
            for sums in (
                self.short.setdefault(turned, {}),
                self.refused_amounts if change.stored == Outcome.ALLOW else {},
            ):
                sums[change.short_by.currency] = sums.get(change.short_by.currency, 0) + change.short_by.minor
        if len(self.changes) < NAMED:
            self.changes.append(change)


def proposed_edition(regime_id: str, text: str) -> Regime:
    """A law in a proposed edition. Raises PackError when it cannot be read or could not answer, KeyError for an unknown law.

    Whatever the rules can answer must have its words, and old facts must still be facts: its id and its currency stay.
    """
    installed = BUILT[regime_id]
    proposed = type(installed)(text)
    for name in ("id", "currency"):
        was = getattr(installed.pack, name)
        if getattr(proposed.pack, name) != was:
            raise PackError(f"{installed.file}: {name} must stay {was}")
    for rule in installed.pack.rules:
        if rule not in proposed.pack.rules:
            raise PackError(f'{installed.file}: [rules."{rule}"] is missing')
    return proposed


def changes(session: Session, proposed: Regime, since: datetime) -> Iterator[Change | None]:
    """Each decision since then, on its own facts, under a proposed edition; None: it is the same."""
    for asked in queries.asked(session, proposed.pack.id, since):
        verdict = proposed.assess(facts_of_case.read(asked.facts))
        if verdict.decision == asked.outcome:
            yield None
            continue
        requested = Money.of(asked.facts["pledge"]["amount"], asked.facts["pledge"]["currency"])
        largest = receipts.largest(proposed, asked.facts, verdict)
        yield Change(
            decision_id=asked.id,
            decided_at=asked.decided_at,
            offering_id=asked.offering_id,
            stored=asked.outcome,
            proposed=verdict.decision,
            rule=verdict.rule,
            requested=requested,
            largest=largest,
            short_by=None if largest is None else requested - min(largest, requested),
        )


def what_if(session: Session, proposed: Regime, since: datetime) -> WhatIf:
    """Run a proposed edition over the decisions since then: who would be refused, by how much."""
    found = WhatIf()
    for change in changes(session, proposed, since):
        found.looked_at += 1
        if change is not None:
            found.add(change)
    return found
