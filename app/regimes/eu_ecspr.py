"""EU crowdfunding, Regulation (EU) 2020/1503: whom to test and warn, who may think again, what an owner may raise.

Every number is in `eu_ecspr.toml`. Nothing here caps what an investor may put in: above a threshold they are warned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from app.money import Money
from app.regimes import exchange, windows
from app.regimes.calendar import business_days_after, is_business_day, months_after
from app.regimes.facts import BadFacts, Facts, Purchase, day, flag, instant, mapping, money, whole
from app.regimes.parameters import Row, Schema
from app.regimes.regime import Question, Regime
from app.regimes.verdict import Decision, Verdict

SCHEMA: Schema = {
    "offering_cap": {"cap_minor": int, "window_months": int, "counted_kinds": list, "other_kinds": list},
    "large_investment": {"floor_minor": int, "share_bps": int},
    "sophisticated_person": {
        "income_minor": int, "portfolio_minor": int, "finance_job_months": int, "executive_months": int,
        "trades_times": int, "quarters_times": int, "criteria_times": int,
    },
    "sophisticated_company": {"own_funds_minor": int, "net_turnover_minor": int, "balance_sheet_minor": int},
    "periods": {"test_months": int, "simulation_months": int, "grant_months": int, "reflection_days": int},
}  # fmt: skip

SETTINGS: dict[str, type] = {
    "good_on_the_anniversary": bool, "pledges_to_one_offer_are_one": bool, "test_proves_understanding": bool,
    "reflection_in_whole_days": bool, "reflection_ends_on_a_working_day": bool,
}  # fmt: skip

CLASSES = ("sophisticated", "non_sophisticated", "n/a", None)
TESTS = ("passed", "failed", "info_refused", None)
ACKNOWLEDGED = ("ack_21_7_warning", "ack_21_7_consent", "ack_21_7_understands")


class Status(Enum):
    SOPHISTICATED = auto()
    #: A grant that ran out.
    EXPIRED = auto()
    #: Everybody else.
    PROTECTED = auto()


class EuEcspr(Regime):
    """See `regime.Regime`."""

    file = "eu_ecspr.toml"
    schema = SCHEMA
    settings = SETTINGS
    standing = (
        "class", "soph_facts", "soph_granted_on", "soph_request_approved", "entry_test", "entry_test_on",
        "simulation_on", "nw_inputs", "ack_21_4", *ACKNOWLEDGED,
    )  # fmt: skip
    needs_qualified_custodian = True  # Art 10: money goes through a licensed payment institution
    release_rule: ClassVar[str] = "EU-22"

    def questions(self) -> Mapping[str, Question]:
        return {
            "investor_cap": self._investor_cap,
            "offering_cap": self._offering_cap,
            "cooling_off": self._cooling_off,
        }

    def assess(self, facts: Facts) -> Verdict:
        if facts.category in self._questions and self.pack.in_force("periods", facts.as_of) is None:
            return Verdict(Decision.DENY, "EU-EFFECTIVE")
        return super().assess(facts)

    def require_currency(self, facts: Facts) -> None:
        """Offers are made in many currencies; the thresholds are in euros, and the rate stands in the facts."""

    def _row(self, table: str, on: date) -> Row:
        """The row of the day; before the regulation applied, the one it began with."""
        return self.pack.in_force(table, on) or self.pack.rows(table)[0]

    # What the platform asks by itself

    def cancel_until(self, deadline: datetime, accepted_at: datetime) -> datetime | None:
        """The end of the reflection period, for everybody: also where the deadline comes first. Source: Art 22(2)-(3)."""
        return self._reflection_ends(accepted_at)

    def _reflection_ends(self, made_at: datetime) -> datetime:
        """The last instant in it, to the latest reading that the settings leave. Source: Art 22(3), Reg 1182/71 Art 3."""
        days = self._row("periods", self.pack.day_of(made_at))["reflection_days"]
        if not self.pack.settings["reflection_in_whole_days"]:
            return made_at.astimezone(UTC) + timedelta(days=days)
        last = self.pack.day_of(made_at) + timedelta(days=days)
        if self.pack.settings["reflection_ends_on_a_working_day"] and not is_business_day(last, self.pack.holidays):
            last = business_days_after(last, 1, self.pack.holidays)
        return datetime.combine(last, time.max, ZoneInfo(self.pack.zone))

    # The investor

    def _investor_cap(self, facts: Facts) -> Verdict:
        """Sophisticated investors are free; whose grant ran out may go on as others do, or renew it."""
        status = self._status(facts)
        if status is Status.SOPHISTICATED:
            return Verdict(Decision.ALLOW, "EU-ANNEX2")
        verdict = self._protected(facts)
        if status is Status.EXPIRED and not verdict.allows:
            return Verdict(Decision.NEEDS_ACK, "EU-ANNEX2-EXPIRY")
        return verdict

    def _protected(self, facts: Facts) -> Verdict:
        """Tests and simulation first, then the warning about a large investment. Source: Art 21."""
        law = self._row("large_investment", facts.as_of)
        threshold, worth = law.money("floor"), self._net_worth(facts)
        if worth is not None:
            threshold = max(threshold, windows.part(worth, law["share_bps"]))
        verdict = exchange.within(facts, "EU-21-7", threshold, self._to_the_same_offer(facts))
        numbers = {"floor": str(law.money("floor").amount)}
        if worth is not None:
            numbers["net_worth"] = str(worth.amount)
        step = self._step_before(facts)
        if step is None and not verdict.allows and not self._acknowledged(facts):
            step = "EU-21-7"
        decision = Decision.ALLOW if step is None else Decision.NEEDS_ACK
        return replace(verdict, decision=decision, rule=step or "EU-21-7", numbers=numbers)

    def _net_worth(self, facts: Facts) -> Money | None:
        """A year's income and what is liquid, less a year's commitments; None unless all three are known.

        Source: Delegated Regulation (EU) 2022/2114, Art 7.
        """
        given = mapping(facts.investor.get("nw_inputs"), "investor.nw_inputs")
        income, liquid, commitments = (
            self._euros(given, name, "investor.nw_inputs", negative=name == "net_annual_income")
            for name in ("net_annual_income", "liquid_assets", "annual_commitments")
        )
        return None if income is None or liquid is None or commitments is None else income + liquid - commitments

    def _euros(self, given: Mapping[str, Any], name: str, where: str, *, negative: bool = False) -> Money | None:
        return money(given.get(name), self.pack.currency, f"{where}.{name}", negative=negative)

    def _to_the_same_offer(self, facts: Facts) -> list[Purchase]:
        """Earlier pledges to this very offer: a large investment stays one when it is made in parts."""
        offer = facts.pledge.get("offer") or facts.offering.get("id")
        if offer is None or not self.pack.settings["pledges_to_one_offer_are_one"]:
            return []
        return windows.counted(
            facts, None, lambda one: (one.details.get("offer") or one.details.get("offering")) == offer
        )

    def _step_before(self, facts: Facts) -> str | None:
        """The rule whose step must come before any investment; None: all are done. Source: Art 21(1)-(6)."""
        investor, periods = facts.investor, self._row("periods", facts.as_of)
        test, tested_on = investor.get("entry_test"), self._past(facts, "entry_test_on")
        if test not in TESTS:
            raise BadFacts(f"investor.entry_test: {test!r} is unknown")
        acknowledged, simulated_on = facts.investor_says("ack_21_4"), self._past(facts, "simulation_on")
        if test is None or (tested_on is None and test != "info_refused"):
            return "EU-21-1"
        if tested_on is not None and not self._is_good(tested_on, periods["test_months"], facts.as_of):
            return "EU-21-3"
        if test != "passed" and not acknowledged:
            return "EU-21-4"
        if simulated_on is None or not self._is_good(simulated_on, periods["simulation_months"], facts.as_of):
            return "EU-21-5"
        return None

    def _past(self, facts: Facts, name: str) -> date | None:
        """A day that the investor gave; what lies after the day of the question has not happened yet."""
        value = facts.investor.get(name)
        found = None if value is None else day(value, f"investor.{name}")
        return None if found is None or found > facts.as_of else found

    def _is_good(self, since: date, months: int, on: date) -> bool:
        ends = months_after(since, months)
        return on <= ends if self.pack.settings["good_on_the_anniversary"] else on < ends

    def _acknowledged(self, facts: Facts) -> bool:
        """Warned, agreed, and shown to have understood. Source: Art 21(7)."""
        said = {name: flag(facts.investor.get(name), f"investor.{name}") for name in ACKNOWLEDGED}
        if said["ack_21_7_understands"] is None and self.pack.settings["test_proves_understanding"]:
            said["ack_21_7_understands"] = facts.investor.get("entry_test") == "passed"
        return all(said.values())

    # Sophisticated investors

    def _status(self, facts: Facts) -> Status:
        """By what the platform granted, or from the facts of an approved request. Source: Annex II."""
        investor, classed = facts.investor, facts.investor.get("class")
        if classed not in CLASSES:
            raise BadFacts(f"investor.class: {classed!r} is unknown")
        approved = flag(investor.get("soph_request_approved"), "investor.soph_request_approved")
        meets, granted_on = self._meets_annex_ii(facts), self._past(facts, "soph_granted_on")
        granted = approved is not False if classed == "sophisticated" else approved is True and meets
        if not granted or (granted_on is None and investor.get("soph_granted_on") is not None):
            return Status.PROTECTED
        months = self._row("periods", facts.as_of)["grant_months"]
        if granted_on is not None and not self._is_good(granted_on, months, facts.as_of):
            return Status.EXPIRED
        return Status.SOPHISTICATED

    def _meets_annex_ii(self, facts: Facts) -> bool:
        """A company reaches one of its bars, a person two of three criteria. Source: Annex II, Part I."""
        given = mapping(facts.investor.get("soph_facts"), "investor.soph_facts")
        if facts.investor.get("type") in (None, "natural"):
            return self._is_sophisticated_person(given, self._row("sophisticated_person", facts.as_of))
        law = self._row("sophisticated_company", facts.as_of)
        amounts = {
            name: self._euros(given, name, "investor.soph_facts", negative=True)
            for name in ("own_funds", "net_turnover", "balance_sheet")
        }
        return any(amount is not None and amount >= law.money(name) for name, amount in amounts.items())

    def _is_sophisticated_person(self, given: Mapping[str, Any], law: Row) -> bool:
        """Income reaches its bar, a portfolio must exceed it; both together are one criterion."""
        where = "investor.soph_facts"
        income = self._euros(given, "gross_income", where, negative=True)
        portfolio = self._euros(given, "portfolio", where)
        jobs = [
            whole(given[name], f"{where}.{name}") >= law[name]
            for name in ("finance_job_months", "executive_months")
            if given.get(name) is not None
        ]
        trades = [] if given.get("tx_last4q") is None else given["tx_last4q"]
        quarters = law["quarters_times"]
        if not isinstance(trades, list) or len(trades) not in (0, quarters):
            raise BadFacts(f"{where}.tx_last4q is a list of {quarters} numbers")
        traded = sum(whole(count, f"{where}.tx_last4q") for count in trades)
        criteria = [
            (income is not None and income >= law.money("income"))
            or (portfolio is not None and portfolio > law.money("portfolio")),
            any(jobs),
            traded >= law["trades_times"] * quarters,
        ]
        return bool(sum(criteria) >= law["criteria_times"])

    # The project owner

    def _offering_cap(self, facts: Facts) -> Verdict:
        """Offers under the two exemptions in the twelve months back from the launch. Source: Art 1(2)(c)."""
        law = self._row("offering_cap", facts.as_of)
        for number, one in enumerate(facts.history):
            kind = one.details.get("offer_kind")
            if kind is not None and kind not in law["counted_kinds"] + law["other_kinds"]:
                raise BadFacts(f"history[{number}].offer_kind: {kind!r} is unknown")
        sold = windows.counted(
            facts,
            law["window_months"],
            lambda one: one.issuer == facts.issuer and one.details.get("offer_kind") not in law["other_kinds"],
        )
        return exchange.within(facts, "EU-1-2-c", law.money("cap"), sold)

    # Thinking again

    def _cooling_off(self, facts: Facts) -> Verdict:
        """Who is not sophisticated may take an offer back for some days; until then nothing moves. Source: Art 22."""
        kind = facts.event.get("type")
        if kind not in ("revoke", "close_or_transfer"):
            raise BadFacts(f"event.type: {kind!r} is unknown to {self.pack.id}")
        made_at = instant(facts.event.get("offer_made_at"), "event.offer_made_at")
        at = instant(facts.event.get("at"), "event.at")
        if at < made_at:
            raise BadFacts("event.at is before event.offer_made_at")
        reflecting = self._status(facts) is not Status.SOPHISTICATED and at <= self._reflection_ends(made_at)
        if kind == "revoke":
            return Verdict(Decision.ALLOW if reflecting else Decision.DENY, "EU-22")
        return Verdict(Decision.NEEDS_WAIT if reflecting else Decision.ALLOW, "EU-22")
