"""What the platform knows of an investor, as plain values; each regime picks what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.money import Money


@dataclass(frozen=True, slots=True)
class Profile:
    """Figures are as declared; `accredited` and `certified` are as an officer verified.

    `standing` is what else is known, in the words of a case's `investor`: statuses that count on the day, tests,
    simulations, statements and their dates. A regime takes the keys that it knows.
    """

    kind: str
    declared_on: date | None = None
    annual_income: Money | None = None
    net_worth: Money | None = None
    other_platform_12m: Money | None = None
    financial_assets: Money | None = None
    income_3y: tuple[Money, ...] = ()
    joint_with_spouse: bool = False
    accredited: bool = False
    certified: bool = False
    standing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EarlierPledge:
    """One of the investor's own pledges under the same regime, or a purchase on another platform that a statement names."""

    on: date
    amount: Money
    issuer: str
    is_settled: bool
    #: The reference of the offering, where a law counts by offering.
    offering: str = ""
    #: Whose it was, when it was not the investor's own: "spouse".
    owner: str | None = None
    #: Where it was bought, when it was not here.
    platform: str | None = None

    def as_case(self) -> dict[str, Any]:
        status = "settled" if self.is_settled else "committed"
        case = {"date": self.on.isoformat(), "amount": text(self.amount), "issuer": self.issuer, "status": status}
        named = {"offering": self.offering, "owner": self.owner, "platform": self.platform}
        return {**case, **{name: value for name, value in named.items() if value}}


@dataclass(frozen=True, slots=True)
class Intent:
    """What the investor wants to do."""

    amount: Money
    issuer: str
    offering: str
    minimum_pledge: Money | None
    on: date
    #: The day of the pledge, where the law is asked again at the sale.
    committed_on: date | None = None
    #: What the investor acknowledges with this very pledge: keys of a case's `investor`.
    acknowledged: tuple[str, ...] = ()


def text(amount: Money | None) -> str | None:
    """An amount as the case form writes it."""
    return None if amount is None else str(amount.amount)
