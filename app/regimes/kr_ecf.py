"""Korea's online small-amount investment brokerage (Financial Investment Services and Capital Markets Act).

Every number is in `kr_ecf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.facts import Facts
from app.regimes.parameters import Schema
from app.regimes.profile import Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Verdict, allowed_if


class KrEcf(Regime):
    """See `regime.Regime`."""

    file = "kr_ecf.toml"
    schema: ClassVar[Schema] = {
        "investor_cap": {
            "general_issuer_minor": int, "general_total_minor": int,
            "qualified_issuer_minor": int, "qualified_total_minor": int, "window_months": int,
        },
        "offering_cap": {"cap_minor": int, "window_months": int},
        "periods": {"open_days": int},
    }  # fmt: skip
    standing = ("class",)
    release_rule: ClassVar[str] = "KR-ISSUER"

    def questions(self) -> Mapping[str, Question]:
        return {"investor_cap": self._investor_cap, "offering_cap": self._offering_cap}

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {"type": profile.kind, "class": "general"}

    def earliest_deadline(self, opened_on: date) -> date:
        return opened_on + timedelta(days=self.periods(opened_on)["open_days"])

    def _investor_cap(self, facts: Facts) -> Verdict:
        """In one issuer and in all of them, in a year; professionals have no limit."""
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "KR-PER-ISSUER")
        if facts.investor_class == "professional":
            return allowed_if(True, "KR-PRO")
        kind = "qualified" if facts.investor_class == "qualified" else "general"
        months = law["window_months"]
        bought, from_issuer = windows.counted(facts, months), windows.counted(facts, months, windows.same_issuer(facts))
        return windows.tightest(
            windows.within(facts, "KR-PER-ISSUER", law.money(f"{kind}_issuer"), from_issuer, months),
            windows.within(facts, "KR-TOTAL", law.money(f"{kind}_total"), bought, months),
        )

    def _offering_cap(self, facts: Facts) -> Verdict:
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "KR-ISSUER")
        sold = windows.counted(facts, law["window_months"], windows.same_group(facts))
        return windows.within(facts, "KR-ISSUER", law.money("cap"), sold, law["window_months"])
