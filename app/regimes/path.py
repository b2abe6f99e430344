"""The way through a law, step by step: what its pack was asked on the way to a verdict, and which purchases counted.

The rules need not tell anything for it: the pack is watched, and a purchase counts if the limit is used differently
without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from app.money import Money
from app.regimes.facts import RELEASED, Facts, Purchase
from app.regimes.parameters import Pack, Row
from app.regimes.regime import Regime
from app.regimes.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table that was asked for its row of a day; None: it has none."""

    table: str
    on: date
    row: Row | None


class Counted(StrEnum):
    """What a limit makes of an earlier purchase."""

    COUNTED = "counted"
    GIVEN_BACK = "given_back"
    #: It would count if it were of the day of the question.
    OUTSIDE = "outside"
    #: Another exemption, another company, another person: whatever the rule does not look at.
    OTHER = "other"
    #: The answer measures no limit.
    NO_LIMIT = "no_limit"


@dataclass(frozen=True, slots=True)
class Path:
    """`settings` are the open points that were looked up, with how the pack decides them."""

    verdict: Verdict
    lookups: tuple[Lookup, ...]
    settings: Mapping[str, Any]
    purchases: tuple[tuple[Purchase, Counted], ...]


class _Settings(dict[str, Any]):
    """Settings that remember which of them were asked for."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.asked: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self.asked[name] = super().__getitem__(name)
        return self.asked[name]


class _Watched(Pack):
    """A pack that remembers what it was asked."""

    def __init__(self, pack: Pack) -> None:
        vars(self).update(vars(pack))
        self.lookups: dict[tuple[str, date], Lookup] = {}
        self.settings = self.watched = _Settings(pack.settings)

    def in_force(self, table: str, on: date) -> Row | None:
        row = super().in_force(table, on)
        self.lookups[table, on] = Lookup(table, on, row)
        return row


def walk(regime: Regime, facts: Facts) -> Path:
    """Ask this edition of a law, and watch. Pure. Raises BadFacts."""
    watched = _Watched(regime.pack)
    again = type(regime)(regime.pack.text)  # a law of its own: its functions are bound to its pack
    again.pack = watched
    verdict = again.assess(facts)
    return Path(
        verdict,
        tuple(watched.lookups.values()),
        watched.watched.asked,
        tuple((one, _counted(regime, facts, verdict, number)) for number, one in enumerate(facts.history)),
    )


def _counted(regime: Regime, facts: Facts, verdict: Verdict, number: int) -> Counted:
    used = _used(verdict)
    if used is None:
        return Counted.NO_LIMIT
    before, one, after = facts.history[:number], facts.history[number], facts.history[number + 1 :]
    without = _used(regime.assess(replace(facts, history=(*before, *after))))
    if without != used:
        return Counted.COUNTED
    if one.status in RELEASED:
        return Counted.GIVEN_BACK
    today = replace(one, on=facts.as_of)
    if _used(regime.assess(replace(facts, history=(*before, today, *after)))) != used:
        return Counted.OUTSIDE
    return Counted.OTHER


def _used(verdict: Verdict) -> Money | int | None:
    return verdict.heads.used if verdict.heads else verdict.used
