"""New Zealand's licensed crowd funding (Financial Markets Conduct Act 2013): a limit for the issuer, a warning for all.

Every number is in `nz_cf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.facts import Facts, Purchase
from app.regimes.parameters import Schema
from app.regimes.profile import Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Verdict, allowed_if


class NzCf(Regime):
    """See `regime.Regime`."""

    file = "nz_cf.toml"
    schema: ClassVar[Schema] = {"offering_cap": {"cap_minor": int, "window_months": int, "summed": list}}
    release_rule: ClassVar[str] = "NZ-NOCAP"

    def questions(self) -> Mapping[str, Question]:
        return {
            **dict.fromkeys(("investor_cap", "eligibility", "disclosure"), self._may_buy),
            "offering_cap": self._offering_cap,
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        """The warning is confirmed at each pledge: the form has it as a statement."""
        return {"type": profile.kind, "warning_ack": True}

    def _may_buy(self, facts: Facts) -> Verdict:
        if self.pack.in_force("offering_cap", facts.as_of) is None:
            return allowed_if(False, "NZ-NOCAP")
        if not facts.investor_says("warning_ack"):
            return Verdict(Decision.NEEDS_ACK, "NZ-WARN")
        return allowed_if(True, "NZ-NOCAP")

    def _offering_cap(self, facts: Facts) -> Verdict:
        """What the issuer raised by each of the exclusions counts together."""
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "NZ-2M")
        same_group, summed = windows.same_group(facts), {None, *law["summed"]}

        def counts(sale: Purchase) -> bool:
            return same_group(sale) and sale.details.get("via") in summed

        sold = windows.counted(facts, law["window_months"], counts)
        return windows.within(facts, "NZ-2M", law.money("cap"), sold, law["window_months"])
