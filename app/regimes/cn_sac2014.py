"""The draft of 2014 on private equity crowdfunding of the Securities Association of China; it never became a rule.

Every number is in `cn_sac2014.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from app.regimes.cn_law import look_through
from app.regimes.cn_qualified import PERSON, QualifiedInvestors
from app.regimes.facts import Facts
from app.regimes.parameters import Schema
from app.regimes.regime import Question
from app.regimes.verdict import Heads, Verdict, allowed_if, one_more


class CnSac2014(QualifiedInvestors):
    """See `regime.Regime`."""

    file = "cn_sac2014.toml"
    schema: ClassVar[Schema] = {
        "qualified_investor": {"ticket_minor": int, "entity_net_assets_minor": int, **PERSON},
        "holders": {"holders_heads": int},
    }
    release_rule: ClassVar[str] = "CN-SAC2014-14"

    def questions(self) -> Mapping[str, Question]:
        return {"eligibility": self._eligibility, "cohort": self._holders}

    def _eligibility(self, facts: Facts) -> Verdict:
        """Any limb is enough: the ticket, or what the investor has. Source: article 14."""
        law = self.pack.in_force("qualified_investor", facts.as_of)
        if law is None:
            return allowed_if(False, self.release_rule)
        if facts.investor.get("status") == "anonymous":
            return allowed_if(False, "CN-SAC-SOLICIT")
        by_ticket = facts.amount >= law.money("ticket")
        missing = self.missing_consent(facts) or (None if by_ticket else self.missing_evidence(facts))
        return missing or allowed_if(by_ticket or self.is_rich_enough(facts, law), self.release_rule)

    def _holders(self, facts: Facts) -> Verdict:
        """Source: article 12."""
        law = self.pack.in_force("holders", facts.as_of)
        if law is None:
            return allowed_if(False, "CN-SAC-12")
        holders = look_through(facts, employees_excluded=False)
        return one_more(Heads(law["holders_heads"], holders, "holders"), "CN-SAC-12")
