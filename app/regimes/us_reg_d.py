"""US Regulation D (17 CFR 230.501 to 230.508): private offerings, to few people or to accredited ones.

Every number is in `us_reg_d.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.calendar import months_after
from app.regimes.facts import BadFacts, Facts, whole
from app.regimes.parameters import Schema
from app.regimes.profile import Intent, Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Heads, Verdict, allowed_if, one_more


class UsRegD(Regime):
    """See `regime.Regime`."""

    file = "us_reg_d.toml"
    schema: ClassVar[Schema] = {
        "purchasers": {"purchasers_heads": int, "window_days": int},
        "verification": {"natural_ticket_minor": int, "entity_ticket_minor": int},
        "offering_cap": {"cap_minor": int, "window_months": int},
        "periods": {"resale_months": int},
    }
    pledge_question: ClassVar[str] = "eligibility"
    standing = ("accredited", "verified", "min_invest_letter")
    measures_at_sale = True  # 17 CFR 230.501(a): "at the time of the sale"
    release_rule: ClassVar[str] = "US-D-506c"

    def questions(self) -> Mapping[str, Question]:
        return {
            "eligibility": self._may_buy,
            "cohort": self._may_buy,
            "investor_cap": self._may_buy,
            "offering_cap": self._offering_cap,
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        """An officer finds somebody accredited only on evidence: that is the verification."""
        return {"type": profile.kind, "accredited": profile.accredited, "verified": profile.accredited}

    def offering_facts(self, intent: Intent) -> dict[str, Any]:
        """An offering on a public site solicits everybody, so that only Rule 506(c) is left."""
        return {"id": intent.offering, "rule": "506c"}

    def resale_restricted_until(self, issued_on: date) -> date | None:
        """Source: 17 CFR 230.502(d), 230.144(d)(1)(ii)."""
        return months_after(issued_on, self.periods(issued_on)["resale_months"])

    def _may_buy(self, facts: Facts) -> Verdict:
        match facts.offering.get("rule"):
            case "506b":
                return self._private(facts)
            case "506c":
                return self._verified(facts)
            case "504":
                return allowed_if(True, "US-D-504")
            case other:
                raise BadFacts(f"offering.rule: {other!r} is unknown to {self.pack.id}")

    def _private(self, facts: Facts) -> Verdict:
        """Rule 506(b): accredited investors, and few others in ninety days. Source: 17 CFR 230.506(b)(2)(i)."""
        if facts.investor_says("accredited"):
            return allowed_if(True, "US-D-506b")
        if facts.offering_says("general_solicitation"):
            return allowed_if(False, "US-D-502c")
        law = self.pack.in_force("purchasers", facts.as_of)
        if law is None:
            return allowed_if(False, "US-D-506b")
        heads = Heads(law["purchasers_heads"], self._purchasers(facts, law["window_days"]), "purchasers")
        if facts.investor.get("excluded_501e"):
            return replace(allowed_if(True, "US-D-501e"), heads=heads)
        return one_more(heads, "US-D-506b")

    def _purchasers(self, facts: Facts, days: int) -> int:
        """Those who bought from this issuer in so many days, both ends in; a line of the history may be several."""
        since = facts.as_of - timedelta(days=days)
        bought = windows.counted(facts, None, windows.same_group(facts))
        return sum(whole(one.details.get("count", 1), "history[].count") for one in bought if one.on >= since)

    def _verified(self, facts: Facts) -> Verdict:
        """Rule 506(c): accredited, and verified by documents or by the size of the ticket. Source: 17 CFR 230.506(c)."""
        if self.pack.in_force("purchasers", facts.as_of) is None or not facts.investor_says("accredited"):
            return allowed_if(False, "US-D-506c")
        if facts.investor_says("verified"):
            return allowed_if(True, "US-D-506c")
        law = self.pack.in_force("verification", facts.as_of)
        if law is not None and facts.investor_says("min_invest_letter"):
            ticket = law.money("entity_ticket" if facts.is_entity else "natural_ticket")
            if facts.amount >= ticket:
                return allowed_if(True, "US-D-506c-LATHAM")
        return Verdict(Decision.NEEDS_ACK, "US-D-506c")

    def _offering_cap(self, facts: Facts) -> Verdict:
        """Rule 506 knows none; that of Rule 504 is shared with other exempt sales. Source: 17 CFR 230.504(b)(2)."""
        if facts.offering.get("rule") != "504":
            return allowed_if(True, "US-D-506c" if facts.offering.get("rule") == "506c" else "US-D-506b")
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "US-D-504")
        sold = windows.counted(facts, law["window_months"], windows.same_group(facts))
        return windows.within(facts, "US-D-504", law.money("cap"), sold, law["window_months"])
