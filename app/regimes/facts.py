"""The facts that a regime decides on, in the form of the public test cases (`docs/regimes.md`).

Amounts come as decimal texts and leave as `Money`; a field that is wrong is named in the error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.money import EXPONENTS, Money
from app.regimes import fields

#: A purchase uses the limit while it is in one of these; resale does not give the limit back. (C3)
COUNTING = frozenset({"settled", "committed", "settled_resold"})
RELEASED = frozenset({"cancelled", "refunded", "lapsed"})


#: Decimal texts and nothing that merely looks like one ("1e3", "1_000", full-width digits).
AMOUNT = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,6})?")
#: Arithmetic with months and zones stays inside the calendar between these years.
YEARS_TAKEN = range(1900, 2200)
ENTITIES = ("entity", "legal")
INVESTOR_TYPES = ("natural", *ENTITIES, "crowdfunding_vehicle")


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
    #: Rates by the names of two currencies: "GBPEUR": how many euros a pound is; "SEKEUR_div": how many kronor a euro.
    fx: Mapping[str, Any]
    #: The pledge as it was written: the offer it goes to, where a law counts by offer.
    pledge: Mapping[str, Any]

    @property
    def currency(self) -> str:
        return self.amount.currency

    def investor_money(self, name: str, *, negative: bool = False) -> Money | None:
        """An amount that the investor gave, or None where it is missing."""
        return money(self.investor.get(name), self.currency, f"investor.{name}", negative=negative)

    @property
    def is_entity(self) -> bool:
        return self.investor.get("type") in ENTITIES

    @property
    def investor_class(self) -> str | None:
        """Which class of investor; one that a law does not know has no privilege there. Raises BadFacts."""
        kind = self.investor.get("class")
        if kind is not None and not isinstance(kind, str):
            raise BadFacts(f"investor.class: {kind!r} is no text")
        return kind

    def investor_says(self, name: str) -> bool:
        return flag(self.investor.get(name), f"investor.{name}") is True

    def offering_says(self, name: str) -> bool:
        return flag(self.offering.get(name), f"offering.{name}") is True

    def event_says(self, name: str) -> bool:
        return flag(self.event.get(name), f"event.{name}") is True


def read(case: Mapping[str, Any]) -> Facts:
    """Read one case. Raises BadFacts."""
    if not isinstance(case, Mapping):
        raise BadFacts("a case is an object")
    strange = fields.unknown(case)
    if strange is not None:
        raise BadFacts(f"{strange} is unknown")
    pledge = mapping(case.get("pledge"), "pledge")
    currency = pledge.get("currency")
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise BadFacts(f"pledge.currency: {currency!r} is unknown")
    amount = money(pledge.get("amount"), currency, "pledge.amount")
    if amount is None:
        raise BadFacts("pledge.amount is missing")
    history = [] if case.get("history") is None else case["history"]
    if not isinstance(history, list):
        raise BadFacts("history is a list")
    return Facts(
        regime=_text(case, "regime"),
        category=_text(case, "category"),
        as_of=day(case.get("as_of"), "as_of"),
        investor=_investor(case),
        history=tuple(_purchase(item, currency, f"history[{i}]") for i, item in enumerate(history)),
        amount=amount,
        issuer=str(pledge.get("issuer", "")),
        offering=mapping(case.get("offering"), "offering"),
        event=mapping(case.get("event"), "event"),
        fx=mapping(case.get("fx"), "fx"),
        pledge=pledge,
    )


def _investor(case: Mapping[str, Any]) -> Mapping[str, Any]:
    investor = mapping(case.get("investor"), "investor")
    kind = investor.get("type")
    if kind is not None and kind not in INVESTOR_TYPES:
        raise BadFacts(f"investor.type: {kind!r} is unknown")
    return investor


def _purchase(item: Any, currency: str, where: str) -> Purchase:
    if not isinstance(item, Mapping):
        raise BadFacts(f"{where} is an object")
    status = item.get("status")
    if not isinstance(status, str) or status not in COUNTING | RELEASED:
        raise BadFacts(f"{where}.status: {status!r} is unknown")
    amount = money(item.get("amount"), currency, f"{where}.amount")
    if amount is None:
        raise BadFacts(f"{where}.amount is missing")
    return Purchase(day(item.get("date"), f"{where}.date"), amount, str(item.get("issuer", "")), status, item)


def event_money(facts: Facts, name: str) -> Money:
    """An amount that an event must name. Raises BadFacts."""
    found = money(facts.event.get(name), facts.currency, f"event.{name}")
    if found is None:
        raise BadFacts(f"event.{name} is missing")
    return found


def whole(value: Any, where: str) -> int:
    """A number of people or of times, not below zero. Raises BadFacts."""
    if type(value) is not int or value < 0:
        raise BadFacts(f"{where}: {value!r} is no whole number")
    return value


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """An object; a missing one is empty. Raises BadFacts for anything else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadFacts(f"{where} is an object")
    return value


def _text(case: Mapping[str, Any], name: str) -> str:
    value = case.get(name)
    if not isinstance(value, str):
        raise BadFacts(f"{name} is a text")
    return value


def money(value: Any, currency: str, where: str, *, negative: bool = False) -> Money | None:
    """A decimal text as money; None stays None. Raises BadFacts for anything else."""
    if value is None:
        return None
    try:
        if not isinstance(value, str) or not AMOUNT.fullmatch(value):
            raise ValueError
        amount = Money.of(Decimal(value), currency)
    except ValueError:
        raise BadFacts(f"{where}: {value!r} is no amount in {currency}") from None
    if amount.minor < 0 and not negative:
        raise BadFacts(f"{where}: {value!r} is below zero")
    return amount


def flag(value: Any, where: str) -> bool | None:
    """True or false; None stays None. Raises BadFacts for anything else, such as the text "false"."""
    if value is not None and not isinstance(value, bool):
        raise BadFacts(f"{where}: {value!r} is neither true nor false")
    return value


def day(value: Any, where: str) -> date:
    """An ISO date. Raises BadFacts."""
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.year not in YEARS_TAKEN:
        raise BadFacts(f"{where}: {value!r} is no date")
    return found


def instant(value: Any, where: str) -> datetime:
    """An ISO date and time with its offset. Raises BadFacts."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadFacts(f"{where}: {value!r} is no date and time") from None
    if found.tzinfo is None:
        raise BadFacts(f"{where}: {value!r} has no offset")
    if found.year not in YEARS_TAKEN:
        raise BadFacts(f"{where}: {value!r} is no date and time")
    return found
