"""Random cases: our packs and the models that were written from the text alone say the same, to the cent and the rule."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from app.regimes.registry import assess_case
from tests.regimes.asking import Case
from tests.regimes.models import eu_ecspr, uk_cobs

CASES = 7_000
STATUSES = ("settled", "committed", "settled_resold", "cancelled", "refunded", "lapsed")
Model = Callable[[Case], tuple[str | None, str | None, str, str]]


class Chance(random.Random):
    """Picks facts, often at a boundary."""

    def money(self, *boundaries: int) -> str:
        """An amount of some boundary, a cent beside it, or any."""
        cents = self.choice([*boundaries, self.randrange(1_000_000)]) * 100 + self.choice((-1, 0, 0, 1, 7))
        return f"{Decimal(max(cents, 0)) / 100:.2f}"

    def day(self, *boundaries: str) -> str:
        """One of these days, a day beside it, its anniversary, or any day of some years."""
        on = date.fromisoformat(self.choice(boundaries)) + timedelta(days=self.choice((-1, 0, 0, 0, 1)))
        return (on if self.random() < 0.8 else on - timedelta(days=self.randrange(1200))).isoformat()

    def before(self, on: str, *years: int) -> str:
        """About so many years before a day."""
        day = date.fromisoformat(on)
        clamped = day.replace(year=day.year - self.choice(years), day=min(day.day, 28))
        return (clamped + timedelta(days=self.choice((-2, -1, 0, 1, 2, self.randrange(-200, 400))))).isoformat()

    def some(self, **facts: Any) -> Case:
        """Most of these facts; some are missing, some are null."""
        kept = {name: value for name, value in facts.items() if self.random() < 0.85}
        return {name: None if self.random() < 0.05 else value for name, value in kept.items()}

    def instant(self, start: str, hours: int) -> str:
        """About so many hours after an instant, told in some offset."""
        seconds = hours * 3600 + self.choice((-3601, -3600, -1, 0, 1, 3600, 3601, self.randrange(-90_000, 90_000)))
        at = datetime.fromisoformat(start) + timedelta(seconds=seconds)
        return at.astimezone(timezone(timedelta(hours=self.choice((0, 1, 2))))).isoformat()

    def history(self, on: str, amount: Callable[[], str], **details: Any) -> list[Case]:
        def purchase() -> Case:
            chosen = {name: self.choice(values) for name, values in details.items()}
            return {"date": self.before(on, 0, 0, 1), "amount": amount(), "status": self.choice(STATUSES)} | {
                name: value for name, value in chosen.items() if value is not None
            }

        return [purchase() for _ in range(self.choice((0, 0, 1, 2, 4)))]


def agree(model: Model, case_of: Callable[[Chance], Case], seed: int) -> Counter[tuple[str, str]]:
    """Compare as many cases; where there is something left, half of them ask for exactly that, or a cent beside it."""
    chance, answers = Chance(seed), Counter[tuple[str, str]]()
    for number in range(CASES):
        case = {"id": number, **case_of(chance)}
        left = model(case)[1]
        if left is not None and case["pledge"]["currency"] in ("EUR", "GBP") and chance.random() < 0.5:
            beside = Decimal(left) + chance.choice((Decimal(0), Decimal("0.01"), Decimal("-0.01")))
            case["pledge"]["amount"] = f"{max(beside, Decimal(0)):.2f}"
        cap, remaining, decision, rule = model(case)
        expected = {"id": number, "cap": cap, "remaining": remaining, "decision": decision, "reason_rule": rule}
        assert assess_case(case) == expected, case
        answers[decision, rule] += 1
    return answers


# The EU


def eu_case(chance: Chance) -> Case:
    category = chance.choice(("investor_cap", "investor_cap", "offering_cap", "cooling_off"))
    on = chance.day("2021-11-10", "2025-06-02", "2025-06-02", "2026-02-28", "2024-02-29")
    currency, fx = chance.choice(
        [("EUR", {})] * 3 + [("SEK", {"SEKEUR_div": "11.50"}), ("CHF", {"CHFEUR_div": "0.937"})]
    )
    amount = chance.money(1000, 4000, 5_000_000, 11_500)
    case = {
        "regime": "EU-ECSPR", "category": category, "as_of": on, "investor": eu_investor(chance, on), "fx": fx,
        "history": chance.history(
            on, lambda: chance.money(100, 900, 1000, 1_000_000, 4_500_000), issuer=["po-A", "po-A", "po-B"],
            offer=["off-A", "off-A", "off-B", None],
            offer_kind=["ecspr", "pr_art_3_2", "pr_art_1_3", "qualified_investors_only", "prospectus", None],
        ),
        "pledge": {"amount": amount, "currency": currency, "issuer": "po-A"} | chance.some(offer="off-A"),
    }  # fmt: skip
    if category == "cooling_off":
        month, day, hour = chance.randrange(1, 13), chance.randrange(1, 29), chance.randrange(24)
        made_at = f"2025-{month:02}-{day:02}T{hour:02}:30:00+00:00"
        at = max(chance.instant(made_at, chance.choice((48, 96, 120, 168))), made_at, key=datetime.fromisoformat)
        case["event"] = {"type": chance.choice(("revoke", "close_or_transfer")), "offer_made_at": made_at, "at": at}
    return case


def eu_investor(chance: Chance, on: str) -> Case:
    ready = chance.random() < 0.5
    bars = {"gross_income": 60_000, "portfolio": 100_000, "own_funds": 100_000, "net_turnover": 2_000_000, "balance_sheet": 1_000_000}  # fmt: skip
    given = {name: chance.money(bar) for name, bar in bars.items()}
    given |= {name: chance.choice((0, 11, 12, 13)) for name in ("finance_job_months", "executive_months")}
    given["tx_last4q"] = chance.choice(([10, 10, 10, 10], [10, 10, 10, 9], [40, 0, 0, 0], [0, 0, 0, 0]))
    income = chance.choice(("", "", "-")) + chance.money(24_000, 60_000)
    figures = {"liquid_assets": chance.money(0, 10_000, 50_000), "annual_commitments": chance.money(14_000, 30_000)}
    facts = {
        "type": chance.choice(("natural", "natural", "legal", "entity")),
        "class": chance.choice(("non_sophisticated",) * 5 + ("sophisticated", "sophisticated", "n/a")),
        "entry_test": "passed" if ready else chance.choice(("passed", "failed", "info_refused")),
        "entry_test_on": on if ready else chance.before(on, 0, 1, 2),
        "simulation_on": on if ready else chance.before(on, 0, 1),
        "ack_21_4": chance.random() < 0.5,
        **{f"ack_21_7_{step}": chance.random() < 0.8 for step in ("warning", "consent", "understands")},
        "nw_inputs": chance.some(net_annual_income=income, **figures),
        "soph_facts": {name: value for name, value in given.items() if chance.random() < 0.4},
        "soph_request_approved": chance.random() < 0.5,
    }
    if chance.random() < 0.5:
        facts["soph_granted_on"] = chance.before(on, 0, 1, 2)
    return chance.some(**facts)


def test_the_eu_pack_and_a_model_from_the_text_agree_on_random_cases() -> None:
    answers = agree(eu_ecspr.answer, eu_case, seed=1503)
    assert {rule for _, rule in answers} == {
        "EU-EFFECTIVE", "EU-1-2-c", "EU-21-1", "EU-21-3", "EU-21-4", "EU-21-5", "EU-21-7", "EU-22", "EU-ANNEX2", "EU-ANNEX2-EXPIRY",
    }  # fmt: skip
    assert min(answers.values()) > 30, answers


# The UK


def uk_case(chance: Chance) -> Case:
    if chance.random() < 0.2:
        return uk_offering(chance)
    days = ("2022-06-01", "2023-02-01", "2024-01-31", "2024-03-27", "2024-06-03", "2025-01-31", "2024-02-29")
    on = chance.day(*days, "2014-04-01")
    investor = chance.some(
        appropriateness=chance.choice(("passed",) * 6 + ("failed",)), first_time=chance.random() < 0.3,
        other_platform_12m=chance.money(0, 500, 4000),
    )  # fmt: skip
    investor["category_statement"] = None if chance.random() < 0.03 else uk_statement(chance, on)
    case = {
        "regime": "UK-COBS", "category": chance.choice(("investor_cap", "cooling_off")), "as_of": on,
        "investor": investor, "pledge": {"amount": chance.money(100, 5000), "currency": "GBP", "issuer": "iss-A"},
        "history": chance.history(
            on, lambda: chance.money(100, 900, 1500), issuer=["iss-A", "coin"], kind=["nrrs", "p2p", "crypto", "ltaf", None]
        ),
    }  # fmt: skip
    asked_at = f"{on}T{chance.randrange(24):02}:00:00+00:00"
    if chance.random() < 0.7:
        case["event"] = {"at": chance.instant(asked_at, 24)} | chance.some(dofp_requested_at=asked_at)
    return case


def uk_statement(chance: Chance, on: str) -> Case:
    signed_on = chance.choice((on, on, chance.before(on, 0, 1), chance.day("2024-01-31", "2024-03-26", "2024-03-27")))
    facts = chance.some(
        income=chance.money(100_000, 170_000), director_turnover=chance.money(1_000_000, 1_600_000),
        net_assets=chance.money(50_000, 250_000, 430_000), unlisted_investments_2y=chance.choice((0, 1, 2, 5)),
        finance_work_2y=chance.random() < 0.2, angel_network_months=chance.choice((0, 6, 7)),
    )  # fmt: skip
    figures = chance.some(gross_assets=chance.money(400_000), home_equity=chance.money(200_000), pension=chance.money(100_000), insurance_rights=chance.money(0), liabilities=chance.money(50_000))  # fmt: skip
    facts = {name: value for name, value in facts.items() if chance.random() < 0.5}
    kind = chance.choice(("restricted", "restricted", "hnw", "self_cert"))
    return {"kind": kind, **facts, **figures, **({} if chance.random() < 0.03 else {"signed_on": signed_on})}


def uk_offering(chance: Chance) -> Case:
    on = chance.day("2026-01-19", "2018-07-21", "2014-04-01", "2026-03-03")
    return {
        "regime": "UK-COBS", "category": "offering_cap", "as_of": on, "investor": {}, "fx": {"GBPEUR": "1.15"},
        "pledge": {"amount": chance.money(5_000_000, 8_000_000), "currency": "GBP", "issuer": "iss-A"},
        "offering": chance.some(pop_operator=chance.random() < 0.3),
        "history": chance.history(on, lambda: chance.money(100_000, 900_000), issuer=["iss-A", "iss-A", "iss-B"]),
    }  # fmt: skip


def test_the_uk_pack_and_a_model_from_the_text_agree_on_random_cases() -> None:
    answers = agree(uk_cobs.answer, uk_case, seed=412)
    assert {rule for _, rule in answers} == {
        "UK-COBS-EFFECTIVE", "UK-COBS-CAT", "UK-COBS-CAT-STALE", "UK-COBS-412A18", "UK-COBS-RESTRICTED", "UK-FPO-48",
        "UK-FPO-50A", "UK-COBS-10", "UK-PR-8M", "UK-POATR-5M", "UK-POATR-POP",
    }  # fmt: skip
    assert min(answers.values()) > 30, answers
