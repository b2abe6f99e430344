"""MiChou's own rules for private offerings in China: who may invest, and from which amount.

Every number is in `cn_michou.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from app.regimes.cn_qualified import PERSON, QualifiedInvestors
from app.regimes.facts import Facts, money
from app.regimes.parameters import Schema
from app.regimes.profile import Intent, text
from app.regimes.regime import Question
from app.regimes.verdict import Decision, Verdict, allowed_if


class CnMiChou(QualifiedInvestors):
    """See `regime.Regime`."""

    file = "cn_michou.toml"
    schema: ClassVar[Schema] = {"qualified_investor": PERSON, "periods": {"open_days": int}}
    settings: ClassVar[Mapping[str, type]] = {**QualifiedInvestors.settings, "two_tier": bool}
    release_rule: ClassVar[str] = "CN-MICHOU-QI"

    def questions(self) -> Mapping[str, Question]:
        return {"eligibility": self._eligibility}

    def offering_facts(self, intent: Intent) -> dict[str, Any]:
        return {"id": intent.offering, "min_ticket": text(intent.minimum_pledge)}

    def earliest_deadline(self, opened_on: date) -> date:
        return opened_on + timedelta(days=self.periods(opened_on)["open_days"])

    def _eligibility(self, facts: Facts) -> Verdict:
        if facts.investor.get("status") != "certified":
            return Verdict(Decision.NEEDS_ACK, "CN-MICHOU-CERT")
        missing = self.missing_consent(facts) or self.missing_evidence(facts)
        if missing is not None:
            return missing
        law = self.pack.in_force("qualified_investor", facts.as_of)
        if law is None or not self.is_rich_enough(facts, law):
            return allowed_if(False, "CN-MICHOU-QI")
        ticket = money(facts.offering.get("min_ticket"), facts.currency, "offering.min_ticket")
        if ticket is not None and facts.amount < ticket:
            return Verdict(Decision.DENY, "CN-MICHOU-TICKET", numbers={"min_ticket": str(ticket.amount)})
        return allowed_if(True, "CN-MICHOU-QI")
