"""Singapore's securities-based crowdfunding (Securities and Futures Act 2001): small offers, and offers to professionals.

Every number is in `sg_scf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.facts import Facts, Purchase
from app.regimes.parameters import Schema
from app.regimes.profile import Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Verdict, allowed_if

#: To whom may be offered without a prospectus and without a limit. Source: sections 274, 275.
PROFESSIONALS = ("accredited", "institutional")


class SgScf(Regime):
    """See `regime.Regime`."""

    file = "sg_scf.toml"
    schema: ClassVar[Schema] = {"offering_cap": {"cap_minor": int, "window_months": int}}
    standing = ("class",)
    release_rule: ClassVar[str] = "SG-272A"

    def questions(self) -> Mapping[str, Question]:
        return {
            **dict.fromkeys(("investor_cap", "eligibility"), self._may_buy),
            "offering_cap": self._offering_cap,
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {"type": profile.kind, "class": "retail"}

    def _may_buy(self, facts: Facts) -> Verdict:
        """No law limits the investor."""
        if facts.investor_class in PROFESSIONALS:
            return allowed_if(True, "SG-274-275")
        return allowed_if(self.pack.in_force("offering_cap", facts.as_of) is not None, "SG-272A")

    def _offering_cap(self, facts: Facts) -> Verdict:
        """Small offers of twelve months; what goes to professionals is no part of them."""
        if facts.investor_class in PROFESSIONALS:
            return allowed_if(True, "SG-274-275")
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "SG-272A")
        same_group = windows.same_group(facts)

        def counts(sale: Purchase) -> bool:
            return same_group(sale) and sale.details.get("offer_kind", "small") == "small"

        sold = windows.counted(facts, law["window_months"], counts)
        return windows.within(facts, "SG-272A", law.money("cap"), sold, law["window_months"])
