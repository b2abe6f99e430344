"""India has no equity crowdfunding: only private placements to identified persons (Companies Act 2013, section 42).

Every number is in `in_private_placement.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from app.regimes.facts import Facts, whole
from app.regimes.parameters import Schema
from app.regimes.profile import EarlierPledge, Intent, Profile
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Heads, Verdict, allowed_if, one_more


class InPrivatePlacement(Regime):
    """See `regime.Regime`."""

    file = "in_private_placement.toml"
    schema: ClassVar[Schema] = {"offerees": {"offerees_heads": int}}
    pledge_question: ClassVar[str] = "eligibility"
    standing = ("class",)
    release_rule: ClassVar[str] = "IN-42-2"

    def questions(self) -> Mapping[str, Question]:
        return dict.fromkeys(("eligibility", "cohort"), self._may_be_offered)

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {"type": profile.kind, "class": "retail"}

    def pledge_case(self, profile: Profile, history: Sequence[EarlierPledge], intent: Intent) -> dict[str, Any]:
        """What stands on a public site is offered to everybody."""
        return {**super().pledge_case(profile, history, intent), "event": {"public_solicitation": True}}

    def _may_be_offered(self, facts: Facts) -> Verdict:
        """The limit is of those who were offered to, not of those who bought."""
        law = self.pack.in_force("offerees", facts.as_of)
        if law is None:
            return allowed_if(False, "IN-42-2")
        if facts.event_says("public_solicitation"):
            return allowed_if(False, "IN-42-7")
        name = "offerees_this_fy_excl_qib"
        heads = Heads(law["offerees_heads"], whole(facts.event.get(name), f"event.{name}"), "offerees")
        if facts.investor_class == "qib":
            return replace(allowed_if(True, "IN-42-QIB"), heads=heads)
        return one_more(heads, "IN-42-2")
