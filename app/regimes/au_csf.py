"""Australia's crowd-sourced funding (Corporations Act 2001, Part 6D.3A): how much a retail client may put into a company.

Every number is in `au_csf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.calendar import business_days_after
from app.regimes.facts import Facts, day, flag
from app.regimes.parameters import Schema
from app.regimes.profile import Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Verdict, allowed_if


class AuCsf(Regime):
    """See `regime.Regime`."""

    file = "au_csf.toml"
    schema: ClassVar[Schema] = {
        "investor_cap": {"cap_minor": int, "window_months": int},
        "offering_cap": {"cap_minor": int, "window_months": int, "assets_below_minor": int, "revenue_below_minor": int},
        "periods": {"cancel_business_days": int},
    }
    standing = ("retail",)
    release_rule: ClassVar[str] = "AU-738ZD"

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._investor_cap,
            "offering_cap": self._offering_cap,
            "cooling_off": self._withdrawal,
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        """The risks are acknowledged at each pledge: the form has them as a statement."""
        return {"type": profile.kind, "retail": True, "risk_ack": True}

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        return self.pack.end_of(self._withdraw_until(self.pack.day_of(accepted_at)))

    def _withdraw_until(self, applied_on: date) -> date:
        """So many business days after the application; a holiday anywhere in the country is none of them."""
        days = self.periods(applied_on)["cancel_business_days"]
        return business_days_after(applied_on, days, *self.pack.notice_holidays)

    def _investor_cap(self, facts: Facts) -> Verdict:
        """In one company, in twelve months; who says nothing is a retail client."""
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "AU-738ZC")
        if not self._is_retail(facts):
            return allowed_if(True, "AU-738ZC")
        bought = windows.counted(facts, law["window_months"], windows.same_issuer(facts))
        verdict = windows.within(facts, "AU-738ZC", law.money("cap"), bought, law["window_months"])
        if verdict.allows and not facts.investor_says("risk_ack"):
            return replace(verdict, decision=Decision.NEEDS_ACK, rule="AU-738ZA")
        return verdict

    def _is_retail(self, facts: Facts) -> bool:
        return flag(facts.investor.get("retail"), "investor.retail") is not False

    def _offering_cap(self, facts: Facts) -> Verdict:
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "AU-738G")
        sold = windows.counted(facts, law["window_months"], windows.same_group(facts))
        return windows.within(facts, "AU-738G", law.money("cap"), sold, law["window_months"])

    def _withdrawal(self, facts: Facts) -> Verdict:
        """Only retail clients have the right."""
        until = self._withdraw_until(day(facts.event.get("applied_on"), "event.applied_on"))
        in_time = day(facts.event.get("at"), "event.at") <= until
        return allowed_if(self._is_retail(facts) and in_time, "AU-738ZD")
