"""MiChou's own rules for private offerings in China: who may invest, and from which amount.

Every number is in `cn_michou.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.money import Money
from app.regimes.facts import BadFacts, Facts, flag, money
from app.regimes.parameters import Pack
from app.regimes.profile import EarlierPledge, Intent, Profile, text
from app.regimes.verdict import Decision, Verdict

SCHEMA: dict[str, dict[str, type]] = {
    "qualified_investor": {"financial_assets_minor": int, "average_income_minor": int, "income_years": int},
    "periods": {"open_days": int},
}


SETTINGS: dict[str, type] = {"evidence_needed": bool, "active_consent_needed": bool}


class CnMiChou:
    """See `registry.Regime`."""

    figures: tuple[str, ...] = ("financial_assets", "income_3y")
    needs_qualified_custodian = False

    def __init__(self) -> None:
        self.pack = Pack(Path(__file__).with_suffix(".toml"), SCHEMA, SETTINGS)

    def assess(self, facts: Facts) -> Verdict:
        if facts.currency != self.pack.currency:
            raise BadFacts(f"pledge.currency: {self.pack.id} decides in {self.pack.currency}")
        if facts.category != "eligibility":
            raise BadFacts(f"category: {facts.category!r} is unknown to {self.pack.id}")
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

    def pledge_case(self, profile: Profile, history: Sequence[EarlierPledge], intent: Intent) -> dict[str, Any]:
        """The facts of a pledge in the form of a case. An officer certifies only on evidence."""
        return {
            "regime": self.pack.id,
            "category": "eligibility",
            "as_of": intent.on.isoformat(),
            "investor": {
                "type": profile.kind,
                "status": "certified" if profile.certified else "registered",
                "financial_assets": text(profile.financial_assets),
                "income_3y": [text(year) for year in profile.income_3y],
                "evidence": profile.certified,
                "consents_preticked": False,
            },
            "history": [earlier.as_case() for earlier in history],
            "pledge": {"amount": text(intent.amount), "currency": intent.amount.currency, "issuer": intent.issuer},
            "offering": {"id": intent.offering, "min_ticket": text(intent.minimum_pledge)},
        }

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

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        """No cooling-off was published; ours is the kindest: until the deadline."""
        return deadline

    def earliest_deadline(self, opened_on: date) -> date:
        law = self.pack.in_force("periods", opened_on)
        return opened_on + timedelta(days=law["open_days"] if law else 0)

    def resale_restricted_until(self, issued_on: date) -> date | None:
        return None

    def may_release(self, *, opened_on: date, on: date, held: Money, target: Money) -> Verdict:
        return Verdict(Decision.ALLOW if held >= target else Decision.DENY, "CN-MICHOU-QI")
