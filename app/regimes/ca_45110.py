"""Canada's start-up crowdfunding (National Instrument 45-110): how much one person may put into one distribution.

Every number is in `ca_45110.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from app.regimes import windows
from app.regimes.facts import Facts, instant
from app.regimes.parameters import Schema
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Verdict, allowed_if


class Ca45110(Regime):
    """See `regime.Regime`."""

    file = "ca_45110.toml"
    schema: ClassVar[Schema] = {
        "investor_cap": {"cap_minor": int, "advised_cap_minor": int},
        "offering_cap": {"cap_minor": int, "window_months": int},
        "periods": {"cancel_hours": int, "longest_days": int},
    }
    settings: ClassVar[Mapping[str, type]] = {"cancel_at_the_instant": bool}
    standing = ("dealer_suitability_advice",)
    release_rule: ClassVar[str] = "CA-45110-48H"

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._investor_cap,
            "offering_cap": self._offering_cap,
            "cooling_off": self._withdrawal,
        }

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        return self._withdraw_until(accepted_at)

    def latest_deadline(self, opened_on: date) -> date | None:
        return opened_on + timedelta(days=self.periods(opened_on)["longest_days"])

    def _withdraw_until(self, start: datetime) -> datetime:
        """So many hours, as they pass, from the subscription or the notice of an amendment."""
        return start.astimezone(UTC) + timedelta(hours=self.periods(self.pack.day_of(start))["cancel_hours"])

    def _investor_cap(self, facts: Facts) -> Verdict:
        """Of one distribution, not of a year."""
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "CA-45110-INV")
        cap = law.money("advised_cap" if facts.investor_says("dealer_suitability_advice") else "cap")
        bought = windows.counted(facts, None, windows.same_offering(facts))
        return windows.within(facts, "CA-45110-INV", cap, bought, None)

    def _offering_cap(self, facts: Facts) -> Verdict:
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "CA-45110-ISSUER")
        sold = windows.counted(facts, law["window_months"], windows.same_group(facts))
        return windows.within(facts, "CA-45110-ISSUER", law.money("cap"), sold, law["window_months"])

    def _withdrawal(self, facts: Facts) -> Verdict:
        at = instant(facts.event.get("at"), "event.at")
        until = self._withdraw_until(instant(facts.event.get("start"), "event.start"))
        in_time = at <= until if self.pack.settings["cancel_at_the_instant"] else at < until
        return allowed_if(in_time, "CA-45110-48H")
