"""Malaysia's equity crowdfunding (SC Guidelines on Recognized Markets): how much each class of investor may invest.

Every number is in `my_ecf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from app.regimes import windows
from app.regimes.calendar import business_days_after
from app.regimes.facts import Facts, day
from app.regimes.parameters import Schema
from app.regimes.profile import Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Verdict, allowed_if


class MyEcf(Regime):
    """See `regime.Regime`."""

    file = "my_ecf.toml"
    schema: ClassVar[Schema] = {
        "investor_cap": {"issuer_minor": int, "total_minor": int, "angel_total_minor": int, "window_months": int},
        "offering_cap": {"cap_minor": int, "window_months": int},
        "periods": {"cancel_business_days": int, "opt_out_days": int},
    }
    settings: ClassVar[Mapping[str, type]] = {"issuer_limit_has_window": bool}
    standing = ("class",)
    release_rule: ClassVar[str] = "MY-ECF-COOL"

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._investor_cap,
            "offering_cap": self._offering_cap,
            "cooling_off": self._withdrawal,
        }

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {"type": profile.kind, "class": "retail"}

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        return self.pack.end_of(self._withdraw_until(self.pack.day_of(accepted_at)))

    def _withdraw_until(self, invested_on: date) -> date:
        days = self.periods(invested_on)["cancel_business_days"]
        return business_days_after(invested_on, days, *self.pack.notice_holidays)

    def _investor_cap(self, facts: Facts) -> Verdict:
        """A retail investor has two limits, an angel one, a sophisticated investor none."""
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "MY-ECF-ISSUER")
        if facts.investor_class == "sophisticated":
            return allowed_if(True, "MY-ECF-SOPH")
        months = law["window_months"]
        bought = windows.counted(facts, months)
        if facts.investor_class == "angel":
            return windows.within(facts, "MY-ECF-ANGEL", law.money("angel_total"), bought, months)
        issuer_months = months if self.pack.settings["issuer_limit_has_window"] else None
        from_issuer = windows.counted(facts, issuer_months, windows.same_issuer(facts))
        return windows.tightest(
            windows.within(facts, "MY-ECF-ISSUER", law.money("issuer"), from_issuer, issuer_months),
            windows.within(facts, "MY-ECF-TOTAL", law.money("total"), bought, months),
        )

    def _offering_cap(self, facts: Facts) -> Verdict:
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "MY-ECF-RAISE")
        months = law["window_months"] or None
        sold = windows.counted(facts, months, windows.same_group(facts))
        return windows.within(facts, "MY-ECF-RAISE", law.money("cap"), sold, months)

    def _withdrawal(self, facts: Facts) -> Verdict:
        """After investing; or, to opt out, after the notice of a material adverse change."""
        at = day(facts.event.get("at"), "event.at")
        if facts.event.get("notice_received_on") is not None:
            noticed_on = day(facts.event["notice_received_on"], "event.notice_received_on")
            until = noticed_on + timedelta(days=self.periods(noticed_on)["opt_out_days"])
        else:
            until = self._withdraw_until(day(facts.event.get("invested_on"), "event.invested_on"))
        return allowed_if(at <= until, "MY-ECF-COOL")
