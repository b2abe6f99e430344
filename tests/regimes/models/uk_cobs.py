"""The UK's rules once more, written from the text and not from our code: typed-in figures and days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

from dateutil.relativedelta import relativedelta

Answer = tuple[str | None, str | None, str, str]
NEW_RULES = "2023-02-01"
SHORT_FORM = ("2024-01-31", "2024-03-26")


def answer(case: dict[str, Any]) -> Answer:
    """cap, remaining, decision, rule."""
    if case["as_of"] < "2014-04-01":
        return None, None, "deny", "UK-COBS-EFFECTIVE"
    return _company(case) if case["category"] == "offering_cap" else _investor(case)


def _investor(case: dict[str, Any]) -> Answer:
    today, investor = case["as_of"], case["investor"]
    statement = investor.get("category_statement")
    if statement is None or (signed := statement.get("signed_on")) is None or signed > today:
        return None, None, "needs_ack", "UK-COBS-CAT"
    year_ends = (date.fromisoformat(signed) + relativedelta(years=1)).isoformat()
    if today >= year_ends or (statement["kind"] != "restricted" and _form_is_withdrawn(signed, today)):
        return None, None, "needs_ack", "UK-COBS-CAT-STALE"
    if today >= NEW_RULES and investor.get("first_time"):
        asked, at = ((case.get("event") or {}).get(name) for name in ("dofp_requested_at", "at"))
        if asked is None or _hours(asked, at) < 24:
            return None, None, "needs_wait", "UK-COBS-412A18"
    found = {"restricted": _restricted, "hnw": _wealthy, "self_cert": _self_certified}[statement["kind"]](case)
    if found[2] == "needs_ack" or investor.get("appropriateness") == "passed":
        return found
    return found[0], found[1], "deny" if investor.get("appropriateness") else "needs_ack", "UK-COBS-10"


def _form_is_withdrawn(signed: str, today: str) -> bool:
    if signed < SHORT_FORM[0]:
        return today >= SHORT_FORM[0]
    return signed <= SHORT_FORM[1] and today > "2025-01-30"


def _hours(start: str, end: str) -> float:
    return (datetime.fromisoformat(end).timestamp() - datetime.fromisoformat(start).timestamp()) / 3600


def _net_assets(statement: dict[str, Any]) -> Decimal | None:
    if statement.get("net_assets") is not None:
        return Decimal(statement["net_assets"])
    if statement.get("gross_assets") is None:
        return None
    out = ("home_equity", "pension", "insurance_rights", "liabilities")
    return Decimal(statement["gross_assets"]) - sum(Decimal(statement.get(name) or 0) for name in out)


def _restricted(case: dict[str, Any]) -> Answer:
    today = date.fromisoformat(case["as_of"])
    new = case["as_of"] >= NEW_RULES
    worth = _net_assets(case["investor"]["category_statement"])
    if worth is None:
        return None, None, "needs_ack", "UK-COBS-RESTRICTED"
    cap = max(Decimal(0), (worth / 10).quantize(Decimal("0.01"), ROUND_DOWN))
    used = Decimal(case["investor"].get("other_platform_12m") or 0) + sum(
        Decimal(one["amount"])
        for one in case["history"]
        if today - relativedelta(years=1) <= date.fromisoformat(one["date"]) <= today
        and one["status"] not in ("cancelled", "refunded", "lapsed")
        and (new or one.get("kind", "nrrs") == "nrrs")
    )
    left = max(cap - used, Decimal(0))
    wanted = Decimal(case["pledge"]["amount"])
    fits = wanted < left if new else wanted <= left
    return f"{cap:.2f}", f"{left:.2f}", "allow" if fits else "deny", "UK-COBS-RESTRICTED"


def _in_short_window(statement: dict[str, Any]) -> bool:
    return bool(SHORT_FORM[0] <= statement["signed_on"] <= SHORT_FORM[1])


def _wealthy(case: dict[str, Any]) -> Answer:
    statement = case["investor"]["category_statement"]
    income_bar, assets_bar = (170_000, 430_000) if _in_short_window(statement) else (100_000, 250_000)
    income, worth = Decimal(statement.get("income") or 0), _net_assets(statement)
    meets = income >= income_bar or (worth is not None and worth >= assets_bar)
    return None, None, "allow" if meets else "needs_ack", "UK-FPO-48"


def _self_certified(case: dict[str, Any]) -> Answer:
    statement = case["investor"]["category_statement"]
    short = _in_short_window(statement)
    meets = (
        bool(statement.get("finance_work_2y"))
        or Decimal(statement.get("director_turnover") or 0) >= (1_600_000 if short else 1_000_000)
        or (not short and (statement.get("unlisted_investments_2y") or 0) >= 2)
        or (statement.get("angel_network_months") or 0) > 6
    )
    return None, None, "allow" if meets else "needs_ack", "UK-FPO-50A"


def _company(case: dict[str, Any]) -> Answer:
    today = date.fromisoformat(case["as_of"])
    pounds = case["as_of"] >= "2026-01-19"
    if pounds and (case.get("offering") or {}).get("pop_operator"):
        return None, None, "allow", "UK-POATR-POP"
    rate = Fraction(1) if pounds else Fraction(case["fx"]["GBPEUR"])
    cap = 5_000_000 if pounds or case["as_of"] < "2018-07-21" else 8_000_000
    raised = sum(
        Fraction(one["amount"]) * rate
        for one in case["history"]
        if one["issuer"] == case["pledge"]["issuer"]
        and one["status"] not in ("cancelled", "refunded", "lapsed")
        and timedelta(0) <= today - date.fromisoformat(one["date"])
        and date.fromisoformat(one["date"]) >= today - relativedelta(years=1)
    )
    left = max(cap - raised, Fraction(0))
    fits = Fraction(case["pledge"]["amount"]) * rate <= left
    shown = f"{Decimal(left * 100 // 1) / 100:.2f}"
    return f"{cap:.2f}", shown, "allow" if fits else "deny", "UK-POATR-5M" if pounds else "UK-PR-8M"
