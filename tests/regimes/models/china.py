"""The Chinese rules once more, written from the texts and not from our code."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.regimes.models.america import NO_CAP, Answer

#: Regime -> first day, rule, ticket, financial assets, average income, net assets of an entity.
BARS = {
    "CN-SAC2014": ("2014-12-18", "CN-SAC2014-14", 1_000_000, 3_000_000, 500_000, 10_000_000),
    "CN-SAC2015R": ("2015-01-26", "CN-SAC2015R-QI", 100_000, 1_000_000, 300_000, None),
    "CN-PF": ("2014-08-21", "CN-PF-12", 1_000_000, 3_000_000, 500_000, 10_000_000),
    "CN-MICHOU": ("2016-09-22", "CN-MICHOU-QI", 0, 1_000_000, 300_000, None),
}


def rich(case: dict[str, Any]) -> bool:
    *_, assets, income, net_assets = BARS[case["regime"]]
    investor = case["investor"]
    if investor.get("type") in ("entity", "legal"):
        return net_assets is not None and Fraction(investor.get("net_assets") or -1) >= net_assets
    years = [Fraction(year) for year in investor.get("income_3y") or [] if year is not None]
    by_income = len(years) >= 3 and sum(years) / len(years) >= income
    return by_income or Fraction(investor.get("financial_assets") or -1) >= assets


def qualified(case: dict[str, Any]) -> Answer:
    if case["category"] == "cohort":
        return _holders(case, "CN-SAC-12", BARS[case["regime"]][0], employees=False)
    if case["category"] == "cooling_off":
        return _cooling_off(case)
    first, rule, ticket, *_ = BARS[case["regime"]]
    investor, amount = case["investor"], Fraction(case["pledge"]["amount"])
    pays_enough = amount >= ticket
    if case["regime"] == "CN-MICHOU":
        if investor.get("status") != "certified":
            return *NO_CAP, "needs_ack", "CN-MICHOU-CERT"
    elif case["as_of"] < first:
        return *NO_CAP, "deny", rule
    drafts = case["regime"].startswith("CN-SAC")
    if drafts and investor.get("status") == "anonymous":
        return *NO_CAP, "deny", "CN-SAC-SOLICIT"
    if investor.get("consents_preticked"):
        return *NO_CAP, "needs_ack", "CN-CONSENT"
    if investor.get("evidence") is False and not (drafts and pays_enough):
        return *NO_CAP, "needs_ack", "CN-EVIDENCE"
    ok = (pays_enough or rich(case)) if drafts else (pays_enough and rich(case))
    if not ok or case["as_of"] < first:
        return *NO_CAP, "deny", rule
    least = case["offering"].get("min_ticket")
    if case["regime"] == "CN-MICHOU" and least is not None and amount < Fraction(least):
        return *NO_CAP, "deny", "CN-MICHOU-TICKET"
    return *NO_CAP, "allow", rule


def _cooling_off(case: dict[str, Any]) -> Answer:
    event = case["event"]
    free = event["fund_kind"] == "private_equity" and not event.get("contract_adopts_24h")
    moments = [event.get("contract_signed_at"), event.get("paid_at")]
    if free or case["as_of"] < "2016-07-15":
        return *NO_CAP, "allow", "CN-AMAC-29"
    if None in moments:
        return *NO_CAP, "needs_wait", "CN-AMAC-29"
    since = max(datetime.fromisoformat(moment).timestamp() for moment in moments)
    passed = datetime.fromisoformat(event["at"]).timestamp() - since >= 24 * 3600
    return *NO_CAP, "allow" if passed else "needs_wait", "CN-AMAC-29"


def _holders(case: dict[str, Any], rule: str, first: str, *, employees: bool) -> Answer:
    if case["as_of"] < first:
        return *NO_CAP, "deny", rule
    event = case["event"]
    existing = event.get("existing_holders") or 0
    if employees:
        existing -= min(existing, event.get("esop_employees") or 0)
    return _heads(200, existing + (event.get("direct_new") or 0) + sum(event.get("spv_investors") or []), rule)


def _heads(cap: int, used: int, rule: str) -> Answer:
    return cap, max(cap - used, 0), "allow" if used < cap else "deny", rule


def people(case: dict[str, Any]) -> Answer:
    event, today = case["event"], case["as_of"]
    if event["type"] == "issuer_lookthrough":
        return _holders(case, "CN-SL-9", "2006-01-01", employees=today >= "2020-03-01")
    if event["type"] == "llc_shareholders":
        if today < "2006-01-01":
            return *NO_CAP, "deny", "CN-CL-LLC50"
        used = (event.get("existing_holders") or 0) + (event.get("direct_new") or 0) + len(event.get("spvs") or [])
        return _heads(50, used, "CN-CL-LLC50")
    if today < "2007-06-01":
        return *NO_CAP, "deny", "CN-PEL-61"
    cap, left, decision, rule = _heads(50, len({*(event.get("gp") or []), *(event.get("lps") or [])}), "CN-PEL-61")
    return cap, left, decision if event.get("gp") else "deny", rule
