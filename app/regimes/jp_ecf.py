"""Japan's small electronic offerings of shares (Financial Instruments and Exchange Act, article 29-4-2).

Every number is in `jp_ecf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.facts import Facts, day
from app.regimes.parameters import Schema
from app.regimes.profile import Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Verdict, allowed_if


class JpEcf(Regime):
    """See `regime.Regime`."""

    file = "jp_ecf.toml"
    schema: ClassVar[Schema] = {
        "investor_cap": {"cap_minor": int, "window_months": int, "specified_exempt": bool},
        "offering_cap": {"below_minor": int, "window_months": int},
        "periods": {"cancel_days": int},
    }
    settings: ClassVar[Mapping[str, type]] = {"first_day_counts": bool}
    standing = ("specified_investor",)
    release_rule: ClassVar[str] = "JP-COOL-8D"

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._investor_cap,
            "offering_cap": self._offering_cap,
            "cooling_off": self._withdrawal,
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {"type": profile.kind, "specified_investor": False}

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        return self.pack.end_of(self._withdraw_until(self.pack.day_of(accepted_at)))

    def _withdraw_until(self, applied_on: date) -> date:
        days = self.periods(applied_on)["cancel_days"]
        return applied_on + timedelta(days=days - 1 if self.pack.settings["first_day_counts"] else days)

    def _investor_cap(self, facts: Facts) -> Verdict:
        """In one issuer, in a year."""
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "JP-INV-500K")
        if law["specified_exempt"] and facts.investor_says("specified_investor"):
            return allowed_if(True, "JP-TOKUTEI")
        bought = windows.counted(facts, law["window_months"], windows.same_issuer(facts))
        return windows.within(facts, "JP-INV-500K", law.money("cap"), bought, law["window_months"])

    def _offering_cap(self, facts: Facts) -> Verdict:
        """Less than the limit: the limit itself is too much."""
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "JP-ISSUER-100M")
        sold = windows.counted(facts, law["window_months"], windows.same_group(facts))
        return windows.within(facts, "JP-ISSUER-100M", law.money("below"), sold, law["window_months"], below=True)

    def _withdrawal(self, facts: Facts) -> Verdict:
        until = self._withdraw_until(day(facts.event.get("applied_on"), "event.applied_on"))
        return allowed_if(day(facts.event.get("at"), "event.at") <= until, "JP-COOL-8D")
