"""UK rules for promoting crowdfunding: FCA COBS 4.7 and 4.12A, the Financial Promotion Order, and who may offer how much.

Every number is in `uk_cobs.toml`. The ten percent of a restricted investor are what they state themselves; an order that
breaks their own statement is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, ClassVar

from app.money import Money
from app.regimes import exchange, windows
from app.regimes.calendar import months_after
from app.regimes.facts import BadFacts, Facts, Purchase, day, flag, instant, mapping, money, whole
from app.regimes.parameters import Row, Schema, Wording
from app.regimes.profile import EarlierPledge, Intent, Profile, text
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Verdict

SCHEMA: Schema = {
    "restricted": {"share_bps": int, "must_stay_below": bool, "window_months": int, "counted_kinds": list},
    "high_net_worth": {"income_minor": int, "net_assets_minor": int},
    "self_certified": {
        "grounds": list, "director_turnover_minor": int, "unlisted_investments_times": int, "angel_network_months": int,
    },
    "accepted_forms": {"signed_from": date},
    "periods": {"statement_months": int, "wait_hours": int},
    "risk_warning": {"warning": str, "learn_more": str},
    "offering_cap": {"cap_minor": int, "currency": str, "window_months": int, "lifted_by_platform": bool},
}  # fmt: skip

STATEMENT = "investor.category_statement"
#: What the firm knows of the wait before the first offer: keys of `Profile.standing` that a case tells as its event.
WAIT = ("dofp_requested_at", "at")


class UkCobs(Regime):
    """See `regime.Regime`."""

    file = "uk_cobs.toml"
    schema = SCHEMA
    settings: ClassVar[Mapping[str, type]] = {"we_operate_a_public_offer_platform": bool}
    figures = ("other_platform_12m",)
    standing = ("category_statement", "appropriateness", "first_time")
    needs_qualified_custodian = True  # FCA CASS 7: client money lies with a bank, apart from the firm's
    release_rule: ClassVar[str] = "UK-ALL-OR-NOTHING"

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text)
        self._categories: dict[str, Callable[[Facts, Mapping[str, Any], date], Verdict]] = {
            "restricted": self._restricted,
            "hnw": self._high_net_worth,
            "self_cert": self._self_certified,
        }

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._promotion,
            "cooling_off": self._promotion,
            "offering_cap": self._offering_cap,
        }

    def risk_warning(self, on: date) -> tuple[Wording, Wording] | None:
        """Source: FCA COBS 4.12A.11R, 4.12A.36R."""
        row = self.pack.in_force("risk_warning", on)
        return None if row is None else (self.pack.word(row["warning"]), self.pack.word(row["learn_more"]))

    def assess(self, facts: Facts) -> Verdict:
        if facts.category in self._questions and self.pack.in_force("periods", facts.as_of) is None:
            return Verdict(Decision.DENY, "UK-COBS-EFFECTIVE")
        return super().assess(facts)

    def _row(self, table: str, on: date) -> Row:
        """The row of the day; before the rules took effect, the one they began with."""
        return self.pack.in_force(table, on) or self.pack.rows(table)[0]

    # What the platform asks by itself

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        return {"type": profile.kind, "other_platform_12m": text(profile.other_platform_12m)}

    def pledge_case(self, profile: Profile, history: Sequence[EarlierPledge], intent: Intent) -> dict[str, Any]:
        waiting = {name: profile.standing[name] for name in WAIT if name in profile.standing}
        return {**super().pledge_case(profile, history, intent), "event": waiting}

    # Who may be offered what

    def _promotion(self, facts: Facts) -> Verdict:
        """A category that is signed and fresh, the wait of somebody new, the category's own test, appropriateness."""
        if facts.investor.get("category_statement") is None:
            return Verdict(Decision.NEEDS_ACK, "UK-COBS-CAT")
        statement = mapping(facts.investor["category_statement"], STATEMENT)
        kind = statement.get("kind")
        if not isinstance(kind, str) or kind not in self._categories:
            raise BadFacts(f"{STATEMENT}.kind: {kind!r} is unknown")
        signed_on = (
            None if statement.get("signed_on") is None else day(statement["signed_on"], f"{STATEMENT}.signed_on")
        )
        appropriateness = facts.investor.get("appropriateness")
        if appropriateness not in ("passed", "failed", None):
            raise BadFacts(f"investor.appropriateness: {appropriateness!r} is unknown")
        if signed_on is None or signed_on > facts.as_of:
            return Verdict(Decision.NEEDS_ACK, "UK-COBS-CAT")
        if not self._is_good(kind, signed_on, facts.as_of):
            return Verdict(Decision.NEEDS_ACK, "UK-COBS-CAT-STALE")
        if self._must_wait(facts):
            return Verdict(Decision.NEEDS_WAIT, "UK-COBS-412A18")
        verdict = self._categories[kind](facts, statement, signed_on)
        if verdict.decision is Decision.NEEDS_ACK or appropriateness == "passed":
            return verdict
        decision = Decision.NEEDS_ACK if appropriateness is None else Decision.DENY
        return replace(verdict, decision=decision, rule="UK-COBS-10")

    def _is_good(self, kind: str, signed_on: date, on: date) -> bool:
        """Signed within the twelve months that end on the day, and on a form that is still accepted.

        Source: COBS 4 Annex 2 and 5; SI 2023/1411 and SI 2024/301 for the forms of the Financial Promotion Order.
        """
        withdrawn = kind != "restricted" and signed_on < self._row("accepted_forms", on)["signed_from"]
        return not withdrawn and on < months_after(signed_on, self._row("periods", on)["statement_months"])

    def _must_wait(self, facts: Facts) -> bool:
        """Somebody new waits, in hours that pass, from asking for the offer until it is shown. Source: COBS 4.12A.18R."""
        hours = self._row("periods", facts.as_of)["wait_hours"]
        if not facts.investor_says("first_time") or not hours:
            return False
        if facts.event.get("dofp_requested_at") is None:
            return True
        asked_at = instant(facts.event["dofp_requested_at"], "event.dofp_requested_at")
        return instant(facts.event.get("at"), "event.at") - asked_at < timedelta(hours=hours)

    def _restricted(self, facts: Facts, statement: Mapping[str, Any], signed_on: date) -> Verdict:
        """A tenth of the net assets in all high-risk investments of twelve months, on all platforms.

        Source: COBS 4.7.10R (not more than), from 2023-02-01 COBS 4 Annex 5 (less than).
        """
        law, worth = self._row("restricted", facts.as_of), self._net_assets(statement)
        self._require_known_kinds(facts)
        counted = windows.counted(facts, law["window_months"], lambda one: _kind(one) in law["counted_kinds"])
        if worth is None:
            return Verdict(Decision.NEEDS_ACK, "UK-COBS-RESTRICTED")
        nothing = Money.zero(facts.currency)
        cap = max(windows.part(worth, law["share_bps"]), nothing)
        used = windows.total(counted, facts.currency) + (facts.investor_money("other_platform_12m") or nothing)
        remaining = max(cap - used, nothing)
        fits = facts.amount < remaining if law["must_stay_below"] else facts.amount <= remaining
        return Verdict(
            Decision.ALLOW if fits else Decision.DENY, "UK-COBS-RESTRICTED", cap, used, remaining,
            frees=windows.frees(cap, used, counted, law["window_months"]), numbers={"net_assets": str(worth.amount)},
        )  # fmt: skip

    def _net_assets(self, statement: Mapping[str, Any]) -> Money | None:
        """As stated, or all assets without the home, pensions and insurance, less what is owed beside the home."""
        given = self._amount(statement, "net_assets", negative=True)
        gross = self._amount(statement, "gross_assets")
        left_out = [
            self._amount(statement, name) or Money.zero(self.pack.currency)
            for name in ("home_equity", "pension", "insurance_rights", "liabilities")
        ]
        if given is not None or gross is None:
            return given
        for part in left_out:
            gross = gross - part
        return gross

    def _amount(self, statement: Mapping[str, Any], name: str, *, negative: bool = False) -> Money | None:
        return money(statement.get(name), self.pack.currency, f"{STATEMENT}.{name}", negative=negative)

    def _require_known_kinds(self, facts: Facts) -> None:
        """A misspelt kind must not go uncounted. Raises BadFacts."""
        known = [kind for row in self.pack.rows("restricted") for kind in row["counted_kinds"]]
        for number, purchase in enumerate(facts.history):
            if _kind(purchase) not in known:
                raise BadFacts(f"history[{number}].kind: {_kind(purchase)!r} is unknown")

    def _high_net_worth(self, facts: Facts, statement: Mapping[str, Any], signed_on: date) -> Verdict:
        """By the figures of the day on which it was signed; either is enough. Source: FPO art 48."""
        law = self._row("high_net_worth", signed_on)
        income, worth = self._amount(statement, "income"), self._net_assets(statement)
        reached = (income is not None and income >= law.money("income")) or (
            worth is not None and worth >= law.money("net_assets")
        )
        return Verdict(Decision.ALLOW if reached else Decision.NEEDS_ACK, "UK-FPO-48")

    def _self_certified(self, facts: Facts, statement: Mapping[str, Any], signed_on: date) -> Verdict:
        """One of the grounds of the day on which it was signed. Source: FPO art 50A."""
        law = self._row("self_certified", signed_on)
        turnover = self._amount(statement, "director_turnover")
        bought, months = (
            0 if statement.get(name) is None else whole(statement[name], f"{STATEMENT}.{name}")
            for name in ("unlisted_investments_2y", "angel_network_months")
        )
        true = {
            "finance_work": flag(statement.get("finance_work_2y"), f"{STATEMENT}.finance_work_2y") is True,
            "director": turnover is not None and turnover >= law.money("director_turnover"),
            "unlisted_investments": bought >= law["unlisted_investments_times"],
            "angel_network": months > law["angel_network_months"],
        }
        certified = any(true[ground] for ground in law["grounds"])
        return Verdict(Decision.ALLOW if certified else Decision.NEEDS_ACK, "UK-FPO-50A")

    # The company

    def _offering_cap(self, facts: Facts) -> Verdict:
        """Without a prospectus only so much in twelve months; from 2026-01-19 more needs a public offer platform.

        Source: UK Prospectus Regulation; Public Offers and Admissions to Trading Regulations 2024, FCA COBS 23.
        """
        law = self._row("offering_cap", facts.as_of)
        operator = flag(facts.offering.get("pop_operator"), "offering.pop_operator")
        if operator is None:
            operator = self.pack.settings["we_operate_a_public_offer_platform"]
        if law["lifted_by_platform"] and operator:
            return Verdict(Decision.ALLOW, "UK-POATR-POP")
        raised = windows.counted(facts, law["window_months"], lambda one: one.issuer == facts.issuer)
        rule = "UK-POATR-5M" if law["lifted_by_platform"] else "UK-PR-8M"
        return exchange.within(facts, rule, law.money("cap"), raised)


def _kind(purchase: Purchase) -> Any:
    """What was bought: here, shares that cannot readily be sold."""
    return purchase.details.get("kind", "nrrs")
