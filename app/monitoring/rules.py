"""The patterns, each a pure function over plain facts and a row of the platform's policy.

Pledges come in the order in which they were placed. A rule answers with the pledges that make the pattern, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def refund_cycling(pledges: Sequence[Seen], policy: Row) -> list[Seen] | None:
    """R4: one investor paid, cancelled and was refunded several times."""
    returned = [one for one in pledges if one.is_returned]
    return _within(returned, timedelta(days=policy["window_days"]), lambda group: len(group) >= policy["fewest_times"])


def fast_fill(pledges: Sequence[Seen], opened_at: datetime, target: Money, policy: Row) -> list[Seen] | None:
    """R5: few investors brought a large part of the target soon after the opening."""
    early = [one for one in pledges if one.is_held and one.placed_at <= opened_at + timedelta(hours=policy["hours"])]
    few = len({one.investor_id for one in early}) <= policy["most_heads"]
    return early if few and _makes(early, target, policy) else None


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
