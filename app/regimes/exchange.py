"""Amounts in another currency than the law's, exactly: nothing is rounded before it is compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from app.money import EXPONENTS, Money
from app.regimes import windows
from app.regimes.facts import AMOUNT, BadFacts, Facts, Purchase
from app.regimes.verdict import Decision, Verdict


def minor_in(currency: str, amount: Money, fx: Mapping[str, Any]) -> Fraction:
    """The amount in minor units of `currency`, not rounded.

    The rate is `fx["GBPEUR"]`, so many euros a pound, or `fx["SEKEUR_div"]`, so many kronor a euro. Raises BadFacts.
    """
    if amount.currency == currency:
        return Fraction(amount.minor)
    pair = f"{amount.currency}{currency}"
    times, divided_by = _rate(fx, pair), _rate(fx, f"{pair}_div")
    if times is not None:
        major = Fraction(amount.amount) * times
    elif divided_by is not None:
        major = Fraction(amount.amount) / divided_by
    else:
        raise BadFacts(f"fx.{pair} is missing")
    return major * Fraction(10 ** EXPONENTS[currency])


def _rate(fx: Mapping[str, Any], name: str) -> Fraction | None:
    value = fx.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not AMOUNT.fullmatch(value) or Decimal(value) <= 0:
        raise BadFacts(f"fx.{name}: {value!r} is no rate")
    return Fraction(value)


def within(facts: Facts, rule: str, cap: Money, purchases: Iterable[Purchase]) -> Verdict:
    """Allow exactly what is left of a cap in the law's currency; `remaining` is rounded down for people. (C4, C5)"""
    used = minor_in(cap.currency, windows.total(purchases, facts.currency), facts.fx)
    left = max(cap.minor - used, Fraction(0))
    decision = Decision.ALLOW if minor_in(cap.currency, facts.amount, facts.fx) <= left else Decision.DENY
    return Verdict(decision, rule, cap, Money(ceil(used), cap.currency), Money(floor(left), cap.currency))
