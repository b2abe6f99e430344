"""Limits over a number of months: what counts, what is left, and when more comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from app.money import Money
from app.regimes.calendar import months_after, months_before
from app.regimes.facts import Facts, Purchase
from app.regimes.parameters import WHOLE_BPS
from app.regimes.verdict import Decision, Verdict


def counted(
    facts: Facts, months: int | None, counts: Callable[[Purchase], bool] = lambda purchase: True
) -> list[Purchase]:
    """The purchases that use a limit on the day of the facts: so many calendar months back, both ends in. (C2, C3)

    Without months, all of them up to the day.
    """
    since = date.min if months is None else months_before(facts.as_of, months)
    return [one for one in facts.history if one.counts and since <= one.on <= facts.as_of and counts(one)]


def same_issuer(facts: Facts) -> Callable[[Purchase], bool]:
    """Counts what is bought from this very issuer."""
    return lambda purchase: purchase.issuer == facts.issuer


def same_group(facts: Facts) -> Callable[[Purchase], bool]:
    """Counts what the issuer sold, and those under common control with it."""
    return lambda purchase: purchase.issuer == facts.issuer or purchase.details.get("note") == "under common control"


def same_offering(facts: Facts) -> Callable[[Purchase], bool]:
    """Counts what is bought in this very offering; where none is named, what is bought from its issuer."""
    here = facts.offering.get("id")

    def counts(purchase: Purchase) -> bool:
        there = purchase.details.get("offering")
        return purchase.issuer == facts.issuer if here is None or there is None else there == here

    return counts


def total(purchases: Iterable[Purchase], currency: str) -> Money:
    return sum((one.amount for one in purchases), Money.zero(currency))


def within(
    facts: Facts, rule: str, cap: Money, purchases: list[Purchase], months: int | None, *, below: bool = False
) -> Verdict:
    """Allow exactly what is left of the cap; with `below`, less than that: the cap itself is too much. (C5)"""
    used = total(purchases, cap.currency)
    remaining = max(cap - used, Money.zero(cap.currency))
    fits = facts.amount < remaining if below else facts.amount <= remaining
    decision = Decision.ALLOW if fits else Decision.DENY
    return Verdict(decision, rule, cap, used, remaining, frees=frees(cap, used, purchases, months))


def tightest(*limits: Verdict) -> Verdict:
    """Of limits that all bind, the one that leaves least; of equals, the first."""
    return min(limits, key=lambda limit: limit.remaining.minor if limit.remaining else 0)


def frees(cap: Money, used: Money, purchases: list[Purchase], months: int | None) -> tuple[date, Money] | None:
    """When the next part of the limit comes back, and how much: the day after a purchase leaves the window."""
    zero = Money.zero(cap.currency)
    if months is None:
        return None
    for left_on in sorted({purchase.on for purchase in purchases}):
        leaving = total((one for one in purchases if one.on <= left_on), cap.currency)
        returns = min(cap, cap - used + leaving) - max(cap - used, zero)
        if returns > zero:
            return _out_of_window(left_on, months), returns
    return None


def _out_of_window(bought_on: date, months: int) -> date:
    """The first day whose months no longer reach back to a purchase."""
    found = months_after(bought_on, months) + timedelta(days=1)
    while months_before(found, months) <= bought_on:  # 28 February still counts on 29 February a year later
        found += timedelta(days=1)
    return found


def part(base: Money, bps: int) -> Money:
    """So many basis points, rounded down to the minor unit. (C4) A negative base gives a negative part."""
    exact = Decimal(base.minor) * bps / WHOLE_BPS
    return Money(int(exact.to_integral_value(ROUND_DOWN)), base.currency)
