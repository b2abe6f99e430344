"""The facts that a regime decides on, in the form of the public test cases (`docs/regimes.md`).

Amounts come as decimal texts and leave as `Money`; a field that is wrong is named in the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.money import EXPONENTS, Money

#: A purchase uses the limit while it is in one of these; resale does not give the limit back. (C3)
COUNTING = frozenset({"settled", "committed", "settled_resold"})
RELEASED = frozenset({"cancelled", "refunded", "lapsed"})


class BadFacts(ValueError):
    """The facts cannot be read; the message names the field."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """An earlier purchase or commitment. `details` are the regime's own fields (exemption, owner, …)."""

    on: date
    amount: Money
    issuer: str
    status: str
    details: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        return self.status in COUNTING


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one decision may look at."""

    regime: str
    category: str
    as_of: date
    investor: Mapping[str, Any]
    history: tuple[Purchase, ...]
    amount: Money
    issuer: str
    offering: Mapping[str, Any]
    event: Mapping[str, Any]

    @property
    def currency(self) -> str:
        return self.amount.currency

    def investor_money(self, name: str) -> Money | None:
        """An amount that the investor gave, or None where it is missing."""
        return money(self.investor.get(name), self.currency, f"investor.{name}")


def read(case: Mapping[str, Any]) -> Facts:
    """Read one case. Raises BadFacts."""
    if not isinstance(case, Mapping):
        raise BadFacts("a case is an object")
    pledge = _mapping(case, "pledge")
    currency = pledge.get("currency")
    if currency not in EXPONENTS:
        raise BadFacts(f"pledge.currency: {currency!r} is unknown")
    amount = money(pledge.get("amount"), currency, "pledge.amount")
    if amount is None:
        raise BadFacts("pledge.amount is missing")
    history = case.get("history", [])
    if not isinstance(history, list):
        raise BadFacts("history is a list")
    return Facts(
        regime=_text(case, "regime"),
        category=_text(case, "category"),
        as_of=day(case.get("as_of"), "as_of"),
        investor=_mapping(case, "investor"),
        history=tuple(_purchase(item, currency, f"history[{i}]") for i, item in enumerate(history)),
        amount=amount,
        issuer=str(pledge.get("issuer", "")),
        offering=_mapping(case, "offering"),
        event=_mapping(case, "event"),
    )


def _purchase(item: Any, currency: str, where: str) -> Purchase:
    if not isinstance(item, Mapping):
        raise BadFacts(f"{where} is an object")
    status = item.get("status")
    if status not in COUNTING | RELEASED:
        raise BadFacts(f"{where}.status: {status!r} is unknown")
    amount = money(item.get("amount"), currency, f"{where}.amount")
    if amount is None:
        raise BadFacts(f"{where}.amount is missing")
    return Purchase(day(item.get("date"), f"{where}.date"), amount, str(item.get("issuer", "")), status, item)


def _mapping(case: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = case.get(name, {})
    if not isinstance(value, Mapping):
        raise BadFacts(f"{name} is an object")
    return value


def _text(case: Mapping[str, Any], name: str) -> str:
    value = case.get(name)
    if not isinstance(value, str):
        raise BadFacts(f"{name} is a text")
    return value


def money(value: Any, currency: str, where: str) -> Money | None:
    """A decimal text as money; None stays None. Raises BadFacts for anything else."""
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError
        return Money.of(Decimal(value), currency)
    except (ValueError, ArithmeticError):
        raise BadFacts(f"{where}: {value!r} is no amount in {currency}") from None


def day(value: Any, where: str) -> date:
    """An ISO date. Raises BadFacts."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadFacts(f"{where}: {value!r} is no date") from None


def instant(value: Any, where: str) -> datetime:
    """An ISO date and time with its offset. Raises BadFacts."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadFacts(f"{where}: {value!r} is no date and time") from None
    if found.tzinfo is None:
        raise BadFacts(f"{where}: {value!r} has no offset")
    return found
