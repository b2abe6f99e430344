"""US Regulation Crowdfunding (17 CFR Part 227): how much one person may invest, and when a company may be paid.

Every number is in `us_reg_cf.toml`; here are only the formulas, each with the paragraph it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from app.money import Money
from app.regimes import windows
from app.regimes.calendar import business_days_after, months_after, months_before
from app.regimes.facts import ENTITIES, BadFacts, Facts, Purchase, day, event_money, instant
from app.regimes.parameters import Row, Schema
from app.regimes.profile import Profile, text
from app.regimes.regime import Question, Regime
from app.regimes.us_rule_501 import is_accredited, net_worth
from app.regimes.verdict import Decision, Verdict

SCHEMA: Schema = {
    "offering_cap": {"cap_minor": int},
    "investor_cap": {
        "floor_minor": int, "cut_point_minor": int, "top_cap_minor": int, "low_bps": int, "high_bps": int,
        "base": str, "accredited_exempt": bool,
    },
    "accredited": {
        "net_worth_minor": int, "income_minor": int, "joint_income_minor": int, "entity_assets_minor": int,
        "licences": list,
    },
    "statements_tiers": {"certified_minor": int, "reviewed_minor": int, "first_time_reviewed_minor": int},
    "periods": {
        "window_months": int, "open_days": int, "cancel_hours": int, "notice_business_days": int,
        "reconfirm_business_days": int, "annual_report_days": int, "progress_business_days": int,
        "resale_months": int,
    },
    "rolling_close": {"notice_business_days": int},
}  # fmt: skip

SETTINGS: dict[str, type] = {
    "limb_i_has_top_cap": bool, "declaration_months": int, "cancel_at_the_instant": bool,
    "resale_restricted_on_anniversary": bool, "entities_by_revenue_and_net_assets": bool,
}  # fmt: skip

#: To whom shares may be sold on at any time. Source: 17 CFR 227.501(a).
FREE_TO = ("accredited", "issuer", "registered_offering", "family", "trust", "death", "divorce")
#: Better statements may always stand in for lesser ones.
STATEMENTS = ("certified", "reviewed", "audited")


class UsRegCf(Regime):
    """See `regime.Regime`."""

    file = "us_reg_cf.toml"
    schema = SCHEMA
    settings = SETTINGS
    figures = ("annual_income", "net_worth", "other_platform_12m")
    measures_at_sale = True  # 17 CFR 227.100(a)(2): "sold to any investor"
    needs_qualified_custodian = True  # 17 CFR 227.303(e)(2)
    release_rule: ClassVar[str] = "US-CF-303e3"
    change_rule: ClassVar[str] = "US-CF-304c1"
    early_close_rule: ClassVar[str] = "US-CF-304b3"

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._investor_cap,
            "offering_cap": self._offering_cap,
            **dict.fromkeys(("cancellation", "resale", "filing", "disclosure", "eligibility"), self._event),
        }

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text)
        self._events: dict[str, Callable[[Facts, Row], Verdict]] = {
            "cancel_request": self._cancel_request,
            "early_close": self._early_close,
            "reconfirm": self._reconfirm,
            "material_change_near_deadline": self._late_material_change,
            "release_funds": self._release_funds,
            "resale": self._resale,
            "form_c_ar": self._annual_report,
            "form_c_u": self._progress_update,
            "fin_statements": self._financial_statements,
            "issuer_eligibility": self._issuer_eligibility,
        }

    # What the platform asks by itself

    def investor_facts(self, profile: Profile) -> dict[str, Any]:
        declared = profile.declared_on
        income, worth = text(profile.annual_income), text(profile.net_worth)
        if profile.kind in ENTITIES:
            # Part 227 knows the figures of natural persons only: an entity has none, or by the setting those of Reg A.
            known = profile.standing if self.pack.settings["entities_by_revenue_and_net_assets"] else {}
            income, worth = known.get("revenue", "0"), known.get("net_assets", "0")
        return {
            "type": profile.kind,
            "accredited": profile.accredited,
            "annual_income": income,
            "net_worth": worth,
            "other_platform_12m": text(profile.other_platform_12m),
            "joint_with_spouse": profile.joint_with_spouse,
            **({} if declared is None else {"profile_date": declared.isoformat()}),
        }

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        """48 hours, counted as elapsed time, before the deadline. Source: 17 CFR 227.304(a)."""
        # In UTC: in a zone's own time the subtraction would go by the clock on the wall.
        return deadline.astimezone(UTC) - timedelta(hours=self.periods(self.pack.day_of(deadline))["cancel_hours"])

    def earliest_deadline(self, opened_on: date) -> date:
        """Source: 17 CFR 227.303(a)(2)."""
        return opened_on + timedelta(days=self.periods(opened_on)["open_days"])

    def change_days(self, on: date) -> Row:
        """Source: 17 CFR 227.304(b)(3), (c)(1)."""
        return self.periods(on)

    def resale_restricted_until(self, issued_on: date) -> date | None:
        """Source: 17 CFR 227.501(a)."""
        return months_after(issued_on, self.periods(issued_on)["resale_months"])

    def may_release(self, *, opened_on: date, on: date, held: Money, target: Money) -> Verdict:
        """Source: 17 CFR 227.303(e)(3)."""
        if held < target:
            return Verdict(Decision.DENY, self.release_rule)
        if on < self.earliest_deadline(opened_on):
            return Verdict(Decision.NEEDS_WAIT, self.release_rule)
        return Verdict(Decision.ALLOW, self.release_rule)

    # The investor's limit

    def _investor_cap(self, facts: Facts) -> Verdict:
        law = self.pack.in_force("investor_cap", facts.as_of)
        if law is None:
            nothing = Money.zero(facts.currency)
            return Verdict(Decision.DENY, "US-CF-EFFECTIVE", nothing, nothing, nothing)
        if facts.investor.get("type") == "crowdfunding_vehicle":
            return Verdict(Decision.ALLOW, "US-CF-100d")
        worth = net_worth(facts)
        accredited = is_accredited(facts, worth, self.pack.in_force("accredited", facts.as_of))
        if law["accredited_exempt"] and accredited:
            return Verdict(Decision.ALLOW, "US-CF-100a2-ACC")
        income = facts.investor_money("annual_income", negative=True)
        cap, rule = self._cap(income, worth, law)
        counted = self._counted(facts)
        elsewhere = facts.investor_money("other_platform_12m") or Money.zero(facts.currency)
        used = windows.total(counted, facts.currency) + elsewhere
        remaining = max(cap - used, Money.zero(facts.currency))
        joint = facts.investor_says("joint_with_spouse")
        decision, rule = self._decide(facts, remaining, "US-CF-100a2-JOINT" if joint else rule, (income, worth))
        return Verdict(
            decision, rule, cap, used, remaining,
            frees=windows.frees(cap, used, counted, self.periods(facts.as_of)["window_months"]),
            numbers={
                name: str(value.amount)
                for name, value in (
                    ("annual_income", income), ("net_worth", worth), ("floor", law.money("floor")),
                    ("cut_point", law.money("cut_point")), ("top_cap", law.money("top_cap")),
                )
                if value is not None
            } | {"base": law["base"]},
        )  # fmt: skip

    def _cap(self, income: Money | None, worth: Money | None, law: Row) -> tuple[Money, str]:
        """The limit and its limb; without both figures only the floor. Source: 17 CFR 227.100(a)(2)."""
        floor, cut, top = law.money("floor"), law.money("cut_point"), law.money("top_cap")
        if income is None or worth is None:
            return floor, "US-CF-100a2i"
        base = max(income, worth) if law["base"] == "greater" else min(income, worth)
        if income < cut or worth < cut:
            cap = max(floor, windows.part(base, law["low_bps"]))
            return (min(cap, top) if self.pack.settings["limb_i_has_top_cap"] else cap), "US-CF-100a2i"
        return min(top, windows.part(base, law["high_bps"])), "US-CF-100a2ii"

    def _decide(
        self, facts: Facts, remaining: Money, rule: str, figures: tuple[Money | None, Money | None]
    ) -> tuple[Decision, str]:
        """What must come first comes first; then the amount. Source: 17 CFR 227.303(b)(1)."""
        investor = facts.investor
        if facts.investor_says("reliability_flag"):
            return Decision.NEEDS_ACK, "US-CF-303b1-DOUBT"
        declared = investor.get("profile_date")
        oldest = months_before(facts.as_of, self.pack.settings["declaration_months"])
        if declared is not None and day(declared, "investor.profile_date") < oldest:
            return Decision.NEEDS_ACK, "US-CF-303b1-STALE"
        if investor.get("other_platform_12m") is None:
            return Decision.NEEDS_ACK, "US-CF-303b1-OTHER"
        if facts.amount <= remaining:
            return Decision.ALLOW, rule
        if None in figures:
            return Decision.NEEDS_ACK, "US-CF-303b1-PROFILE"
        return Decision.DENY, rule

    def _counted(self, facts: Facts) -> list[Purchase]:
        """The purchases that use the limit: twelve months back, under this exemption only."""
        joint = facts.investor_says("joint_with_spouse")

        def counts(purchase: Purchase) -> bool:
            under_this = purchase.details.get("exemption", "reg_cf") == "reg_cf"
            return under_this and (joint or purchase.details.get("owner") != "spouse")

        return windows.counted(facts, self.periods(facts.as_of)["window_months"], counts)

    # The issuer's limit

    def _offering_cap(self, facts: Facts) -> Verdict:
        """Sales of twelve months by the issuer and those under common control. Source: 17 CFR 227.100(a)(1), (c)."""
        law = self.pack.in_force("offering_cap", facts.as_of)
        if law is None:
            nothing = Money.zero(facts.currency)
            return Verdict(Decision.DENY, "US-CF-EFFECTIVE", nothing, nothing, nothing)
        ours = list(filter(windows.same_group(facts), self._counted(facts)))
        return windows.within(facts, "US-CF-100a1", law.money("cap"), ours, self.periods(facts.as_of)["window_months"])

    # Events

    def _event(self, facts: Facts) -> Verdict:
        handle = self._events.get(str(facts.event.get("type")))
        if handle is None:
            raise BadFacts(f"event.type: {facts.event.get('type')!r} is unknown to {self.pack.id}")
        if self.pack.in_force("periods", facts.as_of) is None:
            return Verdict(Decision.DENY, "US-CF-EFFECTIVE")
        return handle(facts, self.periods(facts.as_of))

    def _cancel_request(self, facts: Facts, periods: Row) -> Verdict:
        at = instant(facts.event.get("at"), "event.at")
        until = self.cancel_until(instant(facts.event.get("deadline"), "event.deadline"), at)
        assert until is not None  # this regime always has a last instant
        in_time = at <= until if self.pack.settings["cancel_at_the_instant"] else at < until
        return Verdict(Decision.ALLOW if in_time else Decision.DENY, "US-CF-304a")

    def _early_close(self, facts: Facts, periods: Row) -> Verdict:
        new_deadline = day(facts.event.get("new_deadline"), "event.new_deadline")
        if new_deadline < self.earliest_deadline(day(facts.event.get("posted_on"), "event.posted_on")):
            return Verdict(Decision.DENY, "US-CF-304b1")
        notice = day(facts.event.get("notice_on"), "event.notice_on")
        earliest = business_days_after(notice, periods["notice_business_days"], *self.pack.notice_holidays)
        return Verdict(Decision.ALLOW if new_deadline >= earliest else Decision.DENY, "US-CF-304b3")

    def _reconfirm(self, facts: Facts, periods: Row) -> Verdict:
        until = self._reconfirm_by(facts, periods)
        confirmed = day(facts.event.get("reconfirmed_on"), "event.reconfirmed_on")
        return Verdict(Decision.ALLOW if confirmed <= until else Decision.DENY, "US-CF-304c1")

    def _late_material_change(self, facts: Facts, periods: Row) -> Verdict:
        deadline = day(facts.event.get("deadline"), "event.deadline")
        enough = self._reconfirm_by(facts, periods) <= deadline
        return Verdict(Decision.ALLOW if enough else Decision.NEEDS_WAIT, "US-CF-304c2")

    def _reconfirm_by(self, facts: Facts, periods: Row) -> date:
        received = day(facts.event.get("notice_received_on"), "event.notice_received_on")
        return business_days_after(received, periods["reconfirm_business_days"], self.pack.holidays)

    def _release_funds(self, facts: Facts, periods: Row) -> Verdict:
        return self.may_release(
            opened_on=day(facts.event.get("posted_on"), "event.posted_on"),
            on=day(facts.event.get("at"), "event.at"),
            held=event_money(facts, "committed"),
            target=event_money(facts, "target"),
        )

    def _resale(self, facts: Facts, periods: Row) -> Verdict:
        at = day(facts.event.get("at"), "event.at")
        anniversary = months_after(day(facts.event.get("issued_on"), "event.issued_on"), periods["resale_months"])
        over = at > anniversary if self.pack.settings["resale_restricted_on_anniversary"] else at >= anniversary
        free = over or facts.event.get("to") in FREE_TO
        return Verdict(Decision.ALLOW if free else Decision.DENY, "US-CF-501a")

    def _annual_report(self, facts: Facts, periods: Row) -> Verdict:
        ended = day(facts.event.get("fiscal_year_end"), "event.fiscal_year_end")
        due = ended + timedelta(days=periods["annual_report_days"])
        in_time = day(facts.event.get("filed_on"), "event.filed_on") <= due
        return Verdict(Decision.ALLOW if in_time else Decision.DENY, "US-CF-202a")

    def _progress_update(self, facts: Facts, periods: Row) -> Verdict:
        reached = day(facts.event.get("threshold_reached_on"), "event.threshold_reached_on")
        due = business_days_after(reached, periods["progress_business_days"], self.pack.holidays)
        in_time = day(facts.event.get("filed_on"), "event.filed_on") <= due
        return Verdict(Decision.ALLOW if in_time else Decision.DENY, "US-CF-203a3")

    def _financial_statements(self, facts: Facts, periods: Row) -> Verdict:
        law = self.pack.in_force("statements_tiers", facts.as_of)
        assert law is not None  # every table begins with the regulation
        sought, provided = event_money(facts, "max_offering_plus_prior12m"), facts.event.get("provided")
        if provided not in STATEMENTS:
            raise BadFacts(f"event.provided: {provided!r} is unknown")
        if sought <= law.money("certified"):
            needed = "certified"
        elif sought <= law.money("reviewed"):
            needed = "reviewed"
        else:
            first_time = facts.event_says("first_time") and sought <= law.money("first_time_reviewed")
            needed = "reviewed" if first_time else "audited"
        enough = STATEMENTS.index(provided) >= STATEMENTS.index(needed)
        return Verdict(Decision.ALLOW if enough else Decision.DENY, "US-CF-201t", numbers={"needed": needed})

    def _issuer_eligibility(self, facts: Facts, periods: Row) -> Verdict:
        if facts.event_says("bad_actor"):
            return Verdict(Decision.DENY, "US-CF-503")
        barred = any(
            facts.event_says(name)
            for name in ("foreign", "delinquent_c_ar", "reporting_company", "investment_company", "no_business_plan")
        )
        return Verdict(Decision.DENY if barred else Decision.ALLOW, "US-CF-100b")
