"""US Regulation A (17 CFR 230.251): what a company may offer to everybody, and how much one person may buy of it.

Every number is in `us_reg_a.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from app.money import Money
from app.regimes import windows
from app.regimes.facts import BadFacts, Facts, Purchase
from app.regimes.parameters import Schema
from app.regimes.profile import Profile, text
from app.regimes.regime import Question, Regime
from app.regimes.us_rule_501 import net_worth
from app.regimes.verdict import Decision, Verdict, allowed_if


class UsRegA(Regime):
    """See `regime.Regime`."""

    file = "us_reg_a.toml"
    schema: ClassVar[Schema] = {
        "offering_cap": {
            "tier_1_minor": int, "tier_1_affiliates_minor": int, "tier_2_minor": int, "tier_2_affiliates_minor": int,
            "window_months": int,
        },
        "investor_cap": {"share_bps": int},
    }  # fmt: skip
    settings: ClassVar[Mapping[str, type]] = {"offering_tier": int}
    figures = ("annual_income", "net_worth")
    standing = ("accredited", "revenue", "net_assets")
    measures_at_sale = True  # 17 CFR 230.251(d)(2)(i)(C): "sale"
    release_rule: ClassVar[str] = "US-A-251d2iC"

    def questions(self) -> Mapping[str, Question]:
        return {"investor_cap": self._investor_cap, "offering_cap": self._offering_cap}

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {
            "type": profile.kind,
            "accredited": profile.accredited,
            "annual_income": text(profile.annual_income),
            "net_worth": text(profile.net_worth),
        }

    def _investor_cap(self, facts: Facts) -> Verdict:
        """A tenth of the greater figure, in each offering anew. Source: 17 CFR 230.251(d)(2)(i)(C)."""
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "US-A-251d2iC")
        listed = facts.offering_says("exchange_listed")
        if self._tier(facts) == 1 or listed or facts.investor_says("accredited"):
            return allowed_if(True, "US-A-251d2iC")
        figures = self._figures(facts)
        zero = Money.zero(facts.currency)
        base = max((figure for figure in figures.values() if figure is not None), default=zero)
        cap = max(windows.part(base, law["share_bps"]), zero)
        bought = windows.counted(facts, None, windows.same_offering(facts))
        verdict = windows.within(facts, "US-A-251d2iC", cap, bought, None)
        if not verdict.allows and None in figures.values():
            verdict = replace(verdict, decision=Decision.NEEDS_ACK)  # the figure that is missing may be the greater
        return replace(verdict, numbers={name: str(figure.amount) for name, figure in figures.items() if figure})

    def _figures(self, facts: Facts) -> dict[str, Money | None]:
        if facts.is_entity:
            return {name: facts.investor_money(name, negative=True) for name in ("revenue", "net_assets")}
        return {"annual_income": facts.investor_money("annual_income", negative=True), "net_worth": net_worth(facts)}

    def _offering_cap(self, facts: Facts) -> Verdict:
        """What the issuer sells under this regulation in twelve months. Source: 17 CFR 230.251(a)."""
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            return allowed_if(False, "US-A-251a")
        same_group = windows.same_group(facts)

        def counts(sale: Purchase) -> bool:
            return same_group(sale) and sale.details.get("exemption", "reg_a") == "reg_a"

        sold = windows.counted(facts, law["window_months"], counts)
        cap = law.money(f"tier_{self._tier(facts)}")
        return windows.within(facts, "US-A-251a", cap, sold, law["window_months"])

    def _tier(self, facts: Facts) -> int:
        """An offering that names no tier has the one of the pack. Raises BadFacts."""
        tier = facts.offering.get("tier", self.pack.settings["offering_tier"])
        if tier not in (1, 2) or isinstance(tier, bool):
            raise BadFacts(f"offering.tier: {tier!r} is unknown")
        return int(tier)
