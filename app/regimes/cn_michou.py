"""MiChou's own rules for private offerings in China: who may invest, and from which amount.

Every number is in `cn_michou.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from app.money import Money
from app.regimes.facts import BadFacts, Facts, flag, money
from app.regimes.parameters import Schema
from app.regimes.profile import EarlierPledge, Intent, Profile, text
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Verdict


class CnMiChou(Regime):
    """See `regime.Regime`."""

    file = "cn_michou.toml"
    schema: ClassVar[Schema] = {
        "qualified_investor": {"financial_assets_minor": int, "average_income_minor": int, "income_years": int},
        "periods": {"open_days": int},
    }
    settings: ClassVar[Mapping[str, type]] = {"evidence_needed": bool, "active_consent_needed": bool, "two_tier": bool}
    pledge_question: ClassVar[str] = "eligibility"
    figures = ("financial_assets", "income_3y")
    release_rule: ClassVar[str] = "CN-MICHOU-QI"

    def questions(self) -> Mapping[str, Question]:
        return {"eligibility": self._eligibility}

    def _eligibility(self, facts: Facts) -> Verdict:
        investor = facts.investor
        if investor.get("status") != "certified":
            return Verdict(Decision.NEEDS_ACK, "CN-MICHOU-CERT")
        if facts.investor_says("consents_preticked") and self.pack.settings["active_consent_needed"]:
            return Verdict(Decision.NEEDS_ACK, "CN-CONSENT")
        if flag(investor.get("evidence"), "investor.evidence") is False and self.pack.settings["evidence_needed"]:
            return Verdict(Decision.NEEDS_ACK, "CN-EVIDENCE")
        if not self._is_qualified(facts):
            return Verdict(Decision.DENY, "CN-MICHOU-QI")
        ticket = money(facts.offering.get("min_ticket"), facts.currency, "offering.min_ticket")
        if ticket is not None and facts.amount < ticket:
            return Verdict(Decision.DENY, "CN-MICHOU-TICKET", numbers={"min_ticket": str(ticket.amount)})
        return Verdict(Decision.ALLOW, "CN-MICHOU-QI")

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        """An officer certifies only on evidence."""
        return {
            "type": profile.kind,
            "status": "certified" if profile.certified else "registered",
            "financial_assets": text(profile.financial_assets),
            "income_3y": [text(year) for year in profile.income_3y],
            "evidence": profile.certified,
            "consents_preticked": False,
        }

    def offering_facts(self, intent: Intent) -> dict[str, Any]:
        return {"id": intent.offering, "min_ticket": text(intent.minimum_pledge)}

    def _is_qualified(self, facts: Facts) -> bool:
        """Either bar is enough: financial assets, or the average income over three years."""
        law = self.pack.in_force("qualified_investor", facts.as_of)
        if law is None:
            return False
        assets = facts.investor_money("financial_assets")
        if assets is not None and assets >= law.money("financial_assets"):
            return True
        years = facts.investor.get("income_3y") or []
        if not isinstance(years, list):
            raise BadFacts("investor.income_3y is a list")
        incomes = [money(year, facts.currency, "investor.income_3y", negative=True) for year in years]
        known = [income for income in incomes if income is not None]
        if len(known) < law["income_years"]:
            return False
        average = Decimal(sum(income.minor for income in known)) / len(known)
        return average >= law.money("average_income").minor

    def may_raise(self, *, amount: Money, issuer: str, earlier: Sequence[EarlierPledge], on: date) -> Verdict:
        """MiChou published no limit on what a company may raise."""
        return Verdict(Decision.ALLOW, "CN-MICHOU-QI")

    def earliest_deadline(self, opened_on: date) -> date:
        law = self.pack.in_force("periods", opened_on)
        return opened_on + timedelta(days=law["open_days"] if law else 0)
