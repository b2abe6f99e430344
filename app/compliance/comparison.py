"""What was claimed beside its evidence, field by field: the same, the same in another spelling, different, or not known.

Pure functions of rows; the marks are words, never colours alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.decisions.models import Decision
from app.investors.models import Figures, Investor, Kind
from app.issuers.models import Issuer
from app.money import Money
from app.offerings.form_c import FINANCIALS, FormC
from app.offerings.models import Offering


class Mark(StrEnum):
    SAME = "same"
    SPELLING = "spelling"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """`field` is a key of `labels.COMPARED`; the values are as they are, and are written for the reader by the page."""

    field: str
    claimed: object
    evidence: object

    @property
    def mark(self) -> Mark:
        if self.claimed in (None, "") or self.evidence in (None, ""):
            return Mark.UNKNOWN
        if self.claimed == self.evidence:
            return Mark.SAME
        written = isinstance(self.claimed, str) and isinstance(self.evidence, str)
        return Mark.SPELLING if written and _plain(self.claimed) == _plain(self.evidence) else Mark.DIFFERS


def _plain(value: object) -> str:
    """A name without what only its writing differs by: case, accents, width, punctuation and the order of spaces."""
    letters = unicodedata.normalize("NFKD", str(value)).casefold()
    return re.sub(r"[\W_]+", "", "".join(one for one in letters if not unicodedata.combining(one)))


def with_filing(offering: Offering, issuer: Issuer, filing: FormC) -> Iterator[Line]:
    """What a company says on the site, against what it filed."""
    yield Line("legal_name", issuer.legal_name, filing.legal_name)
    yield Line("legal_form", issuer.legal_form, filing.legal_form)
    yield Line("jurisdiction", issuer.jurisdiction, filing.jurisdiction)
    yield Line("incorporated_on", issuer.incorporated_on, filing.incorporated_on)
    yield Line("employees", issuer.employees, filing.employees)
    yield Line("share_price", offering.share_price, filing.share_price)
    yield Line("target", offering.target, filing.target)
    yield Line("maximum", offering.maximum, filing.maximum)
    ends = offering.deadline_at
    yield Line("deadline", ends and ends.astimezone(ZoneInfo(offering.deadline_zone)).date(), filing.deadline)
    for year in ("latest", "prior"):
        told = offering.disclosure.get("financials", {}).get(year, {})
        filed = filing.disclosure.get("financials", {}).get(year, {})
        for name in FINANCIALS:
            yield Line(f"{name}_{year}", _amount(told.get(name), offering), _amount(filed.get(name), offering))


def _amount(minor: int | None, offering: Offering) -> Money | None:
    return None if minor is None else Money(minor, offering.currency)


def with_account(investor: Investor, account_name: str) -> Iterator[Line]:
    """The name that goes on the register, against the name of who signs in; an entity has another than who acts for it."""
    if investor.kind == Kind.NATURAL:
        yield Line("investor_name", investor.legal_name, account_name)


def with_decision(amount: Money, decision: Decision, figures: Figures | None) -> Iterator[Line]:
    """What is pledged and declared now, against what the law was asked about."""
    yield Line("amount", amount, Money(decision.requested_minor, decision.currency))
    income = figures.money("annual_income") if figures else None
    asked = decision.numbers.get("annual_income")
    yield Line("annual_income", income, Money.of(asked, decision.currency) if asked else None)
