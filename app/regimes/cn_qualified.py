"""Qualified investors in China: what the rules of a platform, of the drafts and of private funds share.

A person qualifies by financial assets or by the average income of some years. The packs hold the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from app.regimes.facts import BadFacts, Facts, flag, money
from app.regimes.parameters import Row
from app.regimes.profile import Profile, text
from app.regimes.regime import Regime
from app.regimes.verdict import Decision, Verdict

#: The columns of a table of bars that a person must reach.
PERSON = {"financial_assets_minor": int, "average_income_minor": int, "income_years": int}


class QualifiedInvestors(Regime):
    """A regime that asks who may invest at all, and not how much."""

    settings: ClassVar[Mapping[str, type]] = {"evidence_needed": bool, "active_consent_needed": bool}
    pledge_question: ClassVar[str] = "eligibility"
    counted_by = "CN-LAW"
    figures = ("financial_assets", "income_3y")
    standing = ("status", "evidence", "net_assets")

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        """An officer certifies only on evidence; our form ticks nothing by itself."""
        return {
            "type": profile.kind,
            "status": "certified" if profile.certified else "registered",
            "financial_assets": text(profile.financial_assets),
            "income_3y": [text(year) for year in profile.income_3y],
            "evidence": profile.certified,
            "consents_preticked": False,
        }

    def missing_consent(self, facts: Facts) -> Verdict | None:
        if facts.investor_says("consents_preticked") and self.pack.settings["active_consent_needed"]:
            return Verdict(Decision.NEEDS_ACK, "CN-CONSENT")
        return None

    def missing_evidence(self, facts: Facts) -> Verdict | None:
        if flag(facts.investor.get("evidence"), "investor.evidence") is False and self.pack.settings["evidence_needed"]:
            return Verdict(Decision.NEEDS_ACK, "CN-EVIDENCE")
        return None

    def is_rich_enough(self, facts: Facts, law: Row) -> bool:
        """Either bar is enough: financial assets, or the average income. An entity goes by its net assets, if at all."""
        if facts.is_entity:
            if "entity_net_assets_minor" not in law.values:
                return False
            net_assets = facts.investor_money("net_assets", negative=True)
            return net_assets is not None and net_assets >= law.money("entity_net_assets")
        assets = facts.investor_money("financial_assets")
        average = _average_income(facts, law["income_years"])
        return (assets is not None and assets >= law.money("financial_assets")) or (
            average is not None and average >= law.money("average_income").minor
        )


def _average_income(facts: Facts, years: int) -> Decimal | None:
    """In minor units, unrounded; None when a year is missing. Raises BadFacts."""
    given = facts.investor.get("income_3y") or []
    if not isinstance(given, list):
        raise BadFacts("investor.income_3y is a list")
    incomes = [money(year, facts.currency, "investor.income_3y", negative=True) for year in given]
    known = [income.minor for income in incomes if income is not None]
    return Decimal(sum(known)) / len(known) if len(known) >= years else None
