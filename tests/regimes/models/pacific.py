"""The laws around the Pacific and of India once more, written from the texts and not from our code."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.regimes.models.america import NO_CAP, Answer, a_year_before, against, group, spent

#: Weekdays of 2025 on which somebody in Australia, and Kuala Lumpur, does not work.
NO_WORK = {
    "AU-CSF": "01-01 01-27 03-03 03-10 04-18 04-21 04-25 05-05 06-02 06-09 08-04 08-13 09-26 09-29 10-06 11-04 12-25 12-26",
    "MY-ECF": "01-01 01-29 01-30 02-11 03-18 03-31 04-01 05-01 05-12 06-02 06-27 09-01 09-05 09-15 09-16 10-20 12-25",
}


def days_of_work_after(day: str, count: int, regime: str) -> str:
    on = date.fromisoformat(day)
    resting = NO_WORK[regime].split()
    while count:
        on += timedelta(days=1)
        if on.isoweekday() <= 5 and on.isoformat()[5:] not in resting:
            count -= 1
    return on.isoformat()


def yes_or_no(ok: bool, rule: str) -> Answer:
    return *NO_CAP, "allow" if ok else "deny", rule


def same_issuer(case: dict[str, Any]) -> Any:
    return lambda row: row["issuer"] == case["pledge"]["issuer"]


def tighter(first: Answer, second: Answer) -> Answer:
    return second if Decimal(second[1] or 0) < Decimal(first[1] or 0) else first


def australia(case: dict[str, Any]) -> Answer:
    investor, event, year = case["investor"], case["event"], a_year_before(case["as_of"])
    retail = investor.get("retail") is not False
    if case["category"] == "cooling_off":
        last = days_of_work_after(event["applied_on"], 5, "AU-CSF")
        return yes_or_no(retail and event["at"] <= last, "AU-738ZD")
    rule = "AU-738ZC" if case["category"] == "investor_cap" else "AU-738G"
    if case["as_of"] < "2017-09-29":
        return yes_or_no(False, rule)
    if rule == "AU-738G":
        return against(Decimal(5_000_000), spent(case, year, group(case)), case, rule)
    if not retail:
        return yes_or_no(True, rule)
    answer = against(Decimal(10_000), spent(case, year, same_issuer(case)), case, rule)
    if answer[2] == "allow" and not investor.get("risk_ack"):
        return answer[0], answer[1], "needs_ack", "AU-738ZA"
    return answer


def malaysia(case: dict[str, Any]) -> Answer:
    kind, event, year, today = case["investor"].get("class"), case["event"], a_year_before(case["as_of"]), case["as_of"]
    if case["category"] == "cooling_off":
        if event.get("notice_received_on"):
            last = (date.fromisoformat(event["notice_received_on"]) + timedelta(days=14)).isoformat()
        else:
            last = days_of_work_after(event["invested_on"], 6, "MY-ECF")
        return yes_or_no(event["at"] <= last, "MY-ECF-COOL")
    if today < "2015-02-10":
        return yes_or_no(False, "MY-ECF-ISSUER" if case["category"] == "investor_cap" else "MY-ECF-RAISE")
    if case["category"] == "offering_cap":
        for_life = today >= "2020-04-08"
        sold = spent(case, "1900-01-01" if for_life else year, group(case))
        return against(Decimal(10_000_000 if for_life else 3_000_000), sold, case, "MY-ECF-RAISE")
    if kind == "sophisticated":
        return yes_or_no(True, "MY-ECF-SOPH")
    everything = spent(case, year, lambda row: True)
    if kind == "angel":
        return against(Decimal(500_000), everything, case, "MY-ECF-ANGEL")
    ever = spent(case, "1900-01-01", same_issuer(case))
    return tighter(
        against(Decimal(5_000), ever, case, "MY-ECF-ISSUER"), against(Decimal(50_000), everything, case, "MY-ECF-TOTAL")
    )


def japan(case: dict[str, Any]) -> Answer:
    event, year, today = case["event"], a_year_before(case["as_of"]), case["as_of"]
    if case["category"] == "cooling_off":
        eighth = date.fromisoformat(event["applied_on"]) + timedelta(days=7)
        return yes_or_no(event["at"] <= eighth.isoformat(), "JP-COOL-8D")
    rule = "JP-INV-500K" if case["category"] == "investor_cap" else "JP-ISSUER-100M"
    if today < "2015-05-29":
        return yes_or_no(False, rule)
    if rule == "JP-ISSUER-100M":
        sold = spent(case, year, group(case))
        left = max(Decimal(0), 100_000_000 - sold)
        below = Decimal(case["pledge"]["amount"]) < left
        return "100000000.00", f"{left:.2f}", "allow" if below else "deny", rule
    if today >= "2022-01-29" and case["investor"].get("specified_investor"):
        return yes_or_no(True, "JP-TOKUTEI")
    return against(Decimal(500_000), spent(case, year, same_issuer(case)), case, rule)


def korea(case: dict[str, Any]) -> Answer:
    kind, year, today = case["investor"].get("class"), a_year_before(case["as_of"]), case["as_of"]
    if today < "2016-01-25":
        return yes_or_no(False, "KR-PER-ISSUER" if case["category"] == "investor_cap" else "KR-ISSUER")
    if case["category"] == "offering_cap":
        cap = Decimal(1_500_000_000 if today >= "2019-01-15" else 700_000_000)
        return against(cap, spent(case, year, group(case)), case, "KR-ISSUER")
    if kind == "professional":
        return yes_or_no(True, "KR-PRO")
    one, total = (2_000_000, 5_000_000) if today < "2018-04-10" else (5_000_000, 10_000_000)
    if kind == "qualified":
        one, total = 10_000_000, 20_000_000
    return tighter(
        against(Decimal(one), spent(case, year, same_issuer(case)), case, "KR-PER-ISSUER"),
        against(Decimal(total), spent(case, year, lambda row: True), case, "KR-TOTAL"),
    )


def new_zealand(case: dict[str, Any]) -> Answer:
    offering = case["category"] == "offering_cap"
    if case["as_of"] < "2014-04-01":
        return yes_or_no(False, "NZ-2M" if offering else "NZ-NOCAP")
    if not offering:
        return yes_or_no(True, "NZ-NOCAP") if case["investor"].get("warning_ack") else (*NO_CAP, "needs_ack", "NZ-WARN")
    ours, ways = group(case), (None, "crowdfunding", "p2p", "small_offers_exclusion")
    sold = spent(case, a_year_before(case["as_of"]), lambda row: ours(row) and row.get("via") in ways)
    return against(Decimal(2_000_000), sold, case, "NZ-2M")


def singapore(case: dict[str, Any]) -> Answer:
    if case["investor"].get("class") in ("accredited", "institutional"):
        return yes_or_no(True, "SG-274-275")
    if case["category"] != "offering_cap" or case["as_of"] < "2005-10-15":
        return yes_or_no(case["as_of"] >= "2005-10-15", "SG-272A")
    ours = group(case)
    small = spent(
        case, a_year_before(case["as_of"]), lambda row: ours(row) and row.get("offer_kind") in (None, "small")
    )
    return against(Decimal(5_000_000), small, case, "SG-272A")


def india(case: dict[str, Any]) -> Answer:
    event = case["event"]
    if case["as_of"] < "2014-04-01":
        return yes_or_no(False, "IN-42-2")
    if event.get("public_solicitation"):
        return yes_or_no(False, "IN-42-7")
    left = max(0, 200 - event["offerees_this_fy_excl_qib"])
    if case["investor"].get("class") == "qib":
        return 200, left, "allow", "IN-42-QIB"
    return 200, left, "allow" if left else "deny", "IN-42-2"
