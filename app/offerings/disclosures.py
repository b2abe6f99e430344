"""What an offering must tell before it can be submitted: the issuer's checklist.

A task is open while something is missing or contradicts itself; nothing is ever a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.issuers.models import Issuer
from app.offerings.models import Offering
from app.offerings.terms import Terms, deadline_problem, problems
from app.regimes.regime import Regime

#: The sections of the issuer's form, in order.
SECTIONS = ("company", "terms", "deadline", "story", "risks", "funds", "team", "financials", "documents", "payout")

#: What is disclosed -> the section in which it is edited.
SECTION_OF = {
    "story": "story", "risks": "risks", "use_of_funds": "funds", "team": "team", "financials": "financials",
    "statements_level": "financials", "lead": "story",
}  # fmt: skip
#: What an officer may ask to be changed.
ASKABLE = ("terms", "deadline", "story", "risks", "funds", "team", "financials", "documents")

#: The filed figures, each for the latest and the prior financial year. Source: Form C, "Annual report disclosure".
FINANCIALS = (
    "total_assets", "cash", "receivables", "short_term_debt", "long_term_debt",
    "revenue", "cost_of_goods_sold", "taxes_paid", "net_income",
)  # fmt: skip
YEARS = ("latest", "prior")
STATEMENT_LEVELS = ("certified", "reviewed", "audited")
FEWEST_RISKS = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: its words are `i18n/labels.py`'s, `section` is where it is done."""

    code: str
    section: str
    is_done: bool


def checklist(offering: Offering, issuer: Issuer, documents: int, regime: Regime, now: datetime) -> list[Task]:
    """Every task, done or open, in the order of the sections."""
    told = offering.disclosure
    wrong = {problem.field for problem in problems(Terms.of(offering))}
    financials = told.get("financials", {})
    tasks = [
        ("company_registered", "company", bool(issuer.legal_form and issuer.jurisdiction and issuer.incorporated_on)),
        ("company_address", "company", bool(issuer.address.get("street1") and issuer.address.get("city"))),
        ("security_type", "terms", offering.security_type is not None),
        ("share_price", "terms", offering.share_price is not None and "share_price" not in wrong),
        ("minimum_pledge", "terms", offering.minimum_pledge is not None and "minimum_pledge" not in wrong),
        ("target", "terms", offering.target is not None and "target" not in wrong),
        ("maximum", "terms", offering.maximum is not None and "maximum" not in wrong),
        ("oversubscription_rule", "terms", offering.oversubscription_rule is not None),
        ("deadline", "deadline", offering.deadline_at is not None),
        (
            "deadline_ahead",
            "deadline",
            offering.deadline_at is None or deadline_problem(offering.deadline_at, regime, now) is None,
        ),
        ("tagline", "story", bool(offering.tagline.strip())),
        ("story", "story", bool(told.get("story", "").strip())),
        ("risks", "risks", len(told.get("risks", [])) >= FEWEST_RISKS),
        ("use_of_funds", "funds", sum(int(use["percent"]) for use in told.get("use_of_funds", [])) == 100),
        ("team", "team", bool(told.get("team"))),
        *((f"financials_{year}", "financials", _all_given(financials.get(year, {}))) for year in YEARS),
        ("statements_level", "financials", told.get("statements_level") in STATEMENT_LEVELS),
        ("documents", "documents", documents > 0),
        ("payout_account", "payout", issuer.can_be_paid),
    ]
    return [Task(code, section, done) for code, section, done in tasks]


def _all_given(year: dict[str, int | None]) -> bool:
    return all(year.get(name) is not None for name in FINANCIALS)


def open_tasks(tasks: Sequence[Task]) -> list[Task]:
    return [task for task in tasks if not task.is_done]
