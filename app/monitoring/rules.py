"""The patterns, each a pure function over plain facts and a row of the platform's policy.

Pledges come in the order in which they were placed. A rule answers with the pledges that make the pattern, or None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.money import Money
from app.regimes.parameters import WHOLE_BPS, Row


@dataclass(frozen=True, slots=True)
class Seen:
    """One pledge. `amount` is what was promised; `is_held` and `is_returned` say where its money is."""

    id: int
    ref: str
    investor_id: int
    offering_id: int
    amount: Money
    placed_at: datetime
    is_held: bool = False
    #: Held once, and given back because the investor wanted it.
    is_returned: bool = False
    is_related: bool = False
    #: A mark of the account that paid; from which country it was placed: None where nobody tells.
    paid_from: str | None = None
    placed_from: str | None = None
    #: How long its investor had not pledged before it: since the last one, or since registering.
    quiet_for: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Declared:
    """What an investor declared at once: figures by name, in minor units of one currency."""

    id: int
    declared_at: datetime
    currency: str
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Jump:
    """A figure that grew too much, and the first pledge that it came before. `raised_by` is the id of what was declared."""

    pledge: Seen
    raised_by: int
    name: str
    before: Money
    after: Money


def structuring(pledges: Sequence[Seen], threshold: Money, policy: Row) -> list[Seen] | None:
    """R1: pledges of one investor that each stay below the review threshold and reach it together."""
    small = [one for one in pledges if one.amount.currency == threshold.currency and one.amount < threshold]

    def reaches(group: Sequence[Seen]) -> bool:
        return len(group) >= policy["fewest_times"] and sum(one.amount.minor for one in group) >= threshold.minor

    return _within(small, timedelta(days=policy["window_days"]), reaches)


def velocity(pledges: Sequence[Seen], policy: Row) -> list[Seen] | None:
    """R2: many pledges of one investor, or pledges in many offerings, within a short time."""
    many = _within(pledges, timedelta(minutes=policy["minutes"]), lambda group: len(group) >= policy["pledge_times"])
    return many or _within(
        pledges,
        timedelta(minutes=policy["offering_minutes"]),
        lambda group: len({one.offering_id for one in group}) >= policy["offering_times"],
    )


def shared_account(pledges: Sequence[Seen], policy: Row) -> list[Seen] | None:
    """R3: several investors paid from one account."""
    return _within(
        pledges,
        timedelta(days=policy["window_days"]),
        lambda group: len({one.investor_id for one in group}) >= policy["fewest_heads"],
    )


def burst(pledges: Sequence[Seen], policy: Row) -> list[Seen] | None:
    """R9: one investor was quiet for long, and then pledged several times within a few days."""
    for first, one in enumerate(pledges):
        until = one.placed_at + timedelta(days=policy["window_days"])
        group = [later for later in pledges[first:] if later.placed_at <= until]
        if one.quiet_for >= timedelta(days=policy["quiet_days"]) and len(group) >= policy["fewest_times"]:
            return group
    return None


def elsewhere(pledges: Sequence[Seen], residence: str, policy: Row) -> list[Seen] | None:
    """R12: pledges of one investor that were placed from other countries than the one they live in."""
    away = [one for one in pledges if one.placed_from not in (None, residence)]
    return _within(away, timedelta(days=policy["window_days"]), lambda group: len(group) >= policy["fewest_times"])


def figures_jump(declared: Sequence[Declared], pledges: Sequence[Seen], policy: Row) -> list[Jump]:
    """R11: a figure grew sharply within the days before a pledge, in one step or in several; each growth once.

    `declared` in the order in which it was said. The first figures of all are measured by nothing.
    """
    found: dict[int, Jump] = {}
    for pledge in pledges:
        currency, since = pledge.amount.currency, pledge.placed_at - timedelta(days=policy["window_days"])
        told = [one for one in declared if one.currency == currency and one.declared_at <= pledge.placed_at]
        recent = [one for one in told if one.declared_at >= since]
        # What counted as the days began; where nothing did, what was said first.
        said = [one for one in told if one.declared_at < since][-1:] + recent
        for name in said[-1].figures if recent else ():
            grown = [one for one in said[1:] if _grew(said[0], one, name, policy)]
            if grown and grown[-1] is said[-1]:  # what was taken back again does not count
                jump = Jump(
                    pledge, grown[0].id, name, *(Money(one.figures[name], currency) for one in (said[0], said[-1]))
                )
                found.setdefault(grown[0].id, jump)
    return list(found.values())


def _grew(before: Declared, after: Declared, name: str, policy: Row) -> bool:
    least = policy.values.get(f"{after.currency.lower()}_minor")
    if least is None or name not in before.figures or name not in after.figures:
        return False
    old, new = before.figures[name], after.figures[name]
    return bool(new - old >= least and new >= old * policy["growth_times"])


def refund_cycling(pledges: Sequence[Seen], policy: Row) -> list[Seen] | None:
    """R4: one investor paid, cancelled and was refunded several times."""
    returned = [one for one in pledges if one.is_returned]
    return _within(returned, timedelta(days=policy["window_days"]), lambda group: len(group) >= policy["fewest_times"])


def fast_fill(pledges: Sequence[Seen], opened_at: datetime, target: Money, policy: Row) -> list[Seen] | None:
    """R5: few investors brought a large part of the target soon after the opening, whoever else came beside them."""
    early = [one for one in pledges if one.is_held and one.placed_at <= opened_at + timedelta(hours=policy["hours"])]
    brought: Counter[int] = Counter()
    for one in early:
        brought[one.investor_id] += one.amount.minor
    few = dict(brought.most_common(policy["most_heads"]))
    theirs = [one for one in early if one.investor_id in few]
    return theirs if _makes(theirs, target, policy) else None


def insider_funding(pledges: Sequence[Seen], target: Money, policy: Row) -> list[Seen] | None:
    """R7: related parties of the company brought a large part of the target."""
    related = [one for one in pledges if one.is_held and one.is_related]
    return related if _makes(related, target, policy) else None


def _makes(pledges: Sequence[Seen], target: Money, policy: Row) -> bool:
    return bool(pledges) and sum(one.amount.minor for one in pledges) * WHOLE_BPS >= target.minor * policy["share_bps"]


def _within(
    pledges: Sequence[Seen], window: timedelta, is_pattern: Callable[[Sequence[Seen]], bool]
) -> list[Seen] | None:
    """The first pledges within a window, both ends counted in, that make the pattern; the latest of them ends it."""
    first = 0
    for last, one in enumerate(pledges):
        while pledges[first].placed_at < one.placed_at - window:
            first += 1
        if is_pattern(pledges[first : last + 1]):
            return list(pledges[first : last + 1])
    return None
