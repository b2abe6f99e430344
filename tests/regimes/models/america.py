"""Regulation A, Regulation D and NI 45-110 once more, written from the texts and not from our code."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from dateutil.relativedelta import relativedelta

Answer = tuple[str | int | None, str | int | None, str, str]
IN = ("settled", "committed", "settled_resold")
NO_CAP = (None, None)


def a_year_before(day: str) -> str:
    return (date.fromisoformat(day) - relativedelta(months=12)).isoformat()


def against(cap: Decimal, used: Decimal, case: dict[str, Any], rule: str) -> Answer:
    left = max(Decimal(0), cap - used)
    fits = Decimal(case["pledge"]["amount"]) <= left
    return f"{cap:.2f}", f"{left:.2f}", "allow" if fits else "deny", rule


def spent(case: dict[str, Any], since: str, which: Any) -> Decimal:
    rows = (row for row in case["history"] if row["status"] in IN and since <= row["date"] <= case["as_of"])
    return sum((Decimal(row["amount"]) for row in rows if which(row)), Decimal(0))


def group(case: dict[str, Any]) -> Any:
    return lambda row: row["issuer"] == case["pledge"]["issuer"] or row.get("note") == "under common control"


def this_offering(case: dict[str, Any]) -> Any:
    def which(row: dict[str, Any]) -> bool:
        if row.get("offering") is None or case["offering"].get("id") is None:
            return row["issuer"] == case["pledge"]["issuer"]
        return row["offering"] == case["offering"]["id"]

    return which


def regulation_a(case: dict[str, Any]) -> Answer:
    rule = "US-A-251d2iC" if case["category"] == "investor_cap" else "US-A-251a"
    if case["as_of"] < "2015-06-19":
        return *NO_CAP, "deny", rule
    tier, investor = case["offering"].get("tier", 2), case["investor"]
    if rule == "US-A-251a":
        cap = 20_000_000 if tier == 1 else 75_000_000 if case["as_of"] >= "2021-03-15" else 50_000_000
        ours = group(case)
        under_a = spent(
            case, a_year_before(case["as_of"]), lambda row: ours(row) and row.get("exemption") in (None, "reg_a")
        )
        return against(Decimal(cap), under_a, case, rule)
    if tier == 1 or case["offering"].get("exchange_listed") or investor.get("accredited"):
        return *NO_CAP, "allow", rule
    names = (
        ("annual_income", "net_worth") if investor.get("type") not in ("entity", "legal") else ("revenue", "net_assets")
    )
    known = [Decimal(investor[name]) for name in names if investor.get(name) is not None]
    greater = max([*known, Decimal(0)])
    cap = (greater / 10).quantize(Decimal("0.01"), ROUND_DOWN)
    answer = against(cap, spent(case, "1900-01-01", this_offering(case)), case, rule)
    if answer[2] == "deny" and len(known) < 2:
        return answer[0], answer[1], "needs_ack", rule
    return answer


def regulation_d(case: dict[str, Any]) -> Answer:
    investor, offering, today = case["investor"], case["offering"], case["as_of"]
    if case["category"] == "offering_cap":
        if offering["rule"] != "504":
            return *NO_CAP, "allow", "US-D-506c" if offering["rule"] == "506c" else "US-D-506b"
        if today < "2017-01-20":
            return *NO_CAP, "deny", "US-D-504"
        cap = Decimal(10_000_000 if today >= "2021-03-15" else 5_000_000)
        return against(cap, spent(case, a_year_before(today), group(case)), case, "US-D-504")
    if offering["rule"] == "504":
        return *NO_CAP, "allow", "US-D-504"
    if offering["rule"] == "506c":
        if not investor.get("accredited") or today < "2013-09-23":
            return *NO_CAP, "deny", "US-D-506c"
        if investor.get("verified"):
            return *NO_CAP, "allow", "US-D-506c"
        least = 1_000_000 if investor.get("type") in ("entity", "legal") else 200_000
        large = Decimal(case["pledge"]["amount"]) >= least
        if today >= "2025-03-12" and investor.get("min_invest_letter") and large:
            return *NO_CAP, "allow", "US-D-506c-LATHAM"
        return *NO_CAP, "needs_ack", "US-D-506c"
    if investor.get("accredited"):
        return *NO_CAP, "allow", "US-D-506b"
    if offering.get("general_solicitation"):
        return *NO_CAP, "deny", "US-D-502c"
    if today < "2013-09-23":
        return *NO_CAP, "deny", "US-D-506b"
    days, ours = 90 if today >= "2021-03-15" else 183, group(case)
    since = (date.fromisoformat(today) - timedelta(days=days)).isoformat()
    rows = [row for row in case["history"] if row["status"] in IN and since <= row["date"] <= today and ours(row)]
    left = max(0, 35 - sum(row.get("count", 1) for row in rows))
    if investor.get("excluded_501e"):
        return 35, left, "allow", "US-D-501e"
    return 35, left, "allow" if left else "deny", "US-D-506b"


def canada(case: dict[str, Any]) -> Answer:
    if case["category"] == "cooling_off":
        start, at = (datetime.fromisoformat(case["event"][name]).timestamp() for name in ("start", "at"))
        return *NO_CAP, "allow" if at - start <= 48 * 60 * 60 else "deny", "CA-45110-48H"
    rule = "CA-45110-INV" if case["category"] == "investor_cap" else "CA-45110-ISSUER"
    if case["as_of"] < "2021-09-21":
        return *NO_CAP, "deny", rule
    if rule == "CA-45110-ISSUER":
        return against(Decimal(1_500_000), spent(case, a_year_before(case["as_of"]), group(case)), case, rule)
    cap = Decimal(10_000 if case["investor"].get("dealer_suitability_advice") else 2_500)
    return against(cap, spent(case, "1900-01-01", this_offering(case)), case, rule)
