"""China's private investment funds (CSRC order 105, AMAC's rules on raising): who may buy, and the cooling-off.

Every number is in `cn_pf.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from app.regimes.cn_qualified import PERSON, QualifiedInvestors
from app.regimes.facts import BadFacts, Facts, instant
from app.regimes.parameters import Schema
from app.regimes.regime import Question
from app.regimes.verdict import Decision, Verdict, allowed_if

FUND_KINDS = ("securities", "private_equity")


class CnPf(QualifiedInvestors):
    """See `regime.Regime`."""

    file = "cn_pf.toml"
    schema: ClassVar[Schema] = {
        "qualified_investor": {"ticket_minor": int, "entity_net_assets_minor": int, **PERSON},
        "periods": {"cooling_off_hours": int},
    }
    release_rule: ClassVar[str] = "CN-AMAC-29"

    def questions(self) -> Mapping[str, Question]:
        return {"eligibility": self._eligibility, "cooling_off": self._confirm}

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        """Until the deadline; who pays in its last hours has the cooling-off still."""
        return max(deadline, self._cooled_off(accepted_at))

    def _cooled_off(self, since: datetime) -> datetime:
        """So many hours, as they pass."""
        return since.astimezone(UTC) + timedelta(hours=self.periods(self.pack.day_of(since))["cooling_off_hours"])

    def _eligibility(self, facts: Facts) -> Verdict:
        """Both the ticket and what the investor has. Source: order 105, article 12."""
        law = self.pack.in_force("qualified_investor", facts.as_of)
        if law is None:
            return allowed_if(False, "CN-PF-12")
        missing = self.missing_consent(facts) or self.missing_evidence(facts)
        enough = facts.amount >= law.money("ticket") and self.is_rich_enough(facts, law)
        return missing or allowed_if(enough, "CN-PF-12")

    def _confirm(self, facts: Facts) -> Verdict:
        """The call that confirms comes only after the cooling-off. Source: AMAC rules on raising, articles 29, 30."""
        kind = facts.event.get("fund_kind")
        if kind not in FUND_KINDS:
            raise BadFacts(f"event.fund_kind: {kind!r} is unknown")
        at = instant(facts.event.get("at"), "event.at")
        signed, paid = (
            None if facts.event.get(name) is None else instant(facts.event[name], f"event.{name}")
            for name in ("contract_signed_at", "paid_at")
        )
        by_contract = kind == "private_equity" and not facts.event_says("contract_adopts_24h")
        if by_contract or self.pack.in_force("periods", facts.as_of) is None:
            return allowed_if(True, "CN-AMAC-29")
        over = signed is not None and paid is not None and at >= self._cooled_off(max(signed, paid))
        return Verdict(Decision.ALLOW if over else Decision.NEEDS_WAIT, "CN-AMAC-29")
