"""EU crowdfunding once more, written from the text of the regulation and not from our code: plain sums and plain days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

Answer = tuple[str | None, str | None, str, str]
CENT = Decimal("0.01")


def answer(case: dict[str, Any]) -> Answer:
    """cap, remaining, decision, rule."""
    if case["as_of"] < "2021-11-10":
        return None, None, "deny", "EU-EFFECTIVE"
    return {"investor_cap": _investor, "offering_cap": _owner, "cooling_off": _reflection}[case["category"]](case)


def _investor(case: dict[str, Any]) -> Answer:
    """Free, or like others; who was free and is it no longer is told so when something is in the way."""
    if _sophisticated(case):
        return None, None, "allow", "EU-ANNEX2"
    found = _others(case)
    granted = case["investor"].get("soph_granted_on")
    if granted and granted <= case["as_of"] and _granted(case) and found[2] != "allow":
        return None, None, "needs_ack", "EU-ANNEX2-EXPIRY"
    return found


def _others(case: dict[str, Any]) -> Answer:
    investor = case["investor"]
    cap = Decimal(1000)
    figures = investor.get("nw_inputs") or {}
    if all(figures.get(name) is not None for name in ("net_annual_income", "liquid_assets", "annual_commitments")):
        worth = (
            Decimal(figures["net_annual_income"])
            + Decimal(figures["liquid_assets"])
            - Decimal(figures["annual_commitments"])
        )
        cap = max(cap, (worth / 20).quantize(CENT, ROUND_DOWN))
    offer = case["pledge"].get("offer")
    spent = sum(
        _euros(one["amount"], case)
        for one in case["history"]
        if offer is not None
        and one.get("offer") == offer
        and one["status"] in ("settled", "committed", "settled_resold")
        and one["date"] <= case["as_of"]
    )
    left = max(Fraction(cap) - spent, Fraction(0))
    shown = f"{cap:.2f}", _down(left)
    today = date.fromisoformat(case["as_of"])

    def days_ago(name: str) -> date | None:
        value = investor.get(name)
        return date.fromisoformat(value) if value and value <= case["as_of"] else None

    tested, simulated = days_ago("entry_test_on"), days_ago("simulation_on")
    test = investor.get("entry_test")
    if test is None or (tested is None and test in ("passed", "failed")):
        return *shown, "needs_ack", "EU-21-1"
    if tested is not None and today >= tested + relativedelta(years=2):
        return *shown, "needs_ack", "EU-21-3"
    if test in ("failed", "info_refused") and not investor.get("ack_21_4"):
        return *shown, "needs_ack", "EU-21-4"
    if simulated is None or today >= simulated + relativedelta(years=1):
        return *shown, "needs_ack", "EU-21-5"
    warned = [investor.get(f"ack_21_7_{step}") for step in ("warning", "consent", "understands")]
    if _euros(case["pledge"]["amount"], case) > left and warned != [True, True, True]:
        return *shown, "needs_ack", "EU-21-7"
    return *shown, "allow", "EU-21-7"


def _sophisticated(case: dict[str, Any]) -> bool:
    investor, today = case["investor"], date.fromisoformat(case["as_of"])
    granted = investor.get("soph_granted_on")
    if granted and not date.fromisoformat(granted) <= today < date.fromisoformat(granted) + relativedelta(years=2):
        return False
    return _granted(case)


def _granted(case: dict[str, Any]) -> bool:
    investor = case["investor"]
    if investor.get("class") == "sophisticated":
        return investor.get("soph_request_approved") in (True, None)
    if investor.get("soph_request_approved") is not True:
        return False
    facts = investor.get("soph_facts") or {}

    def number(name: str) -> Decimal:
        return Decimal(facts[name] if facts.get(name) is not None else "-1")

    if (investor.get("type") or "natural") != "natural":
        bars = {"own_funds": 100_000, "net_turnover": 2_000_000, "balance_sheet": 1_000_000}
        return any(number(name) >= bar for name, bar in bars.items())
    money = number("gross_income") >= 60_000 or number("portfolio") > 100_000
    work = number("finance_job_months") >= 12 or number("executive_months") >= 12
    trades = facts.get("tx_last4q") or [0]
    return money + work + (sum(trades) / 4 >= 10) >= 2


def _owner(case: dict[str, Any]) -> Answer:
    since = (date.fromisoformat(case["as_of"]) - relativedelta(months=12)).isoformat()
    raised = sum(
        _euros(one["amount"], case)
        for one in case["history"]
        if since <= one["date"] <= case["as_of"]
        and one["issuer"] == case["pledge"]["issuer"]
        and one["status"] in ("settled", "committed", "settled_resold")
        and one.get("offer_kind", "ecspr") in ("ecspr", "pr_art_3_2", "pr_art_1_3")
    )
    left = max(5_000_000 - Fraction(raised), Fraction(0))
    fits = _euros(case["pledge"]["amount"], case) <= left
    return "5000000.00", _down(left), "allow" if fits else "deny", "EU-1-2-c"


def _reflection(case: dict[str, Any]) -> Answer:
    event = case["event"]
    berlin = ZoneInfo("Europe/Berlin")
    at = datetime.fromisoformat(event["at"]).astimezone(berlin)
    made = datetime.fromisoformat(event["offer_made_at"]).astimezone(berlin)
    last = made.date() + timedelta(days=4)
    while last.weekday() >= 5 or last in _german_holidays(last.year):
        last += timedelta(days=1)
    still = at.date() <= last and not _sophisticated(case)
    if event["type"] == "revoke":
        return None, None, "allow" if still else "deny", "EU-22"
    return None, None, "needs_wait" if still else "allow", "EU-22"


def _german_holidays(year: int) -> set[date]:
    """Those of all sixteen states."""
    fixed = {date(year, month, day) for month, day in ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))}
    return fixed | {easter(year) + timedelta(days=days) for days in (-2, 1, 39, 50)}


def _euros(amount: str, case: dict[str, Any]) -> Fraction:
    currency = case["pledge"]["currency"]
    if currency == "EUR":
        return Fraction(amount)
    return Fraction(amount) / Fraction(case["fx"][f"{currency}EUR_div"])


def _down(amount: Fraction) -> str:
    cents = amount * 100 // 1
    return f"{Decimal(cents) / 100:.2f}"
