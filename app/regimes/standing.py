"""Statuses of investors, tests, simulations and waits, as dated data, and how each is told in a case.

Every number is in `standing.toml`. A regime's own pack decides what follows from a status; here is what it is called,
what it needs, and how long it lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.regimes.calendar import months_after
from app.regimes.parameters import Pack, Row

CATEGORIES = (
    "accredited_us", "certified_cn", "sophisticated_eu", "restricted_uk", "hnw_uk", "self_certified_uk", "wholesale_au",
    "angel_my", "specified_jp", "qualified_kr", "professional_kr", "accredited_sg", "qib_in", "suitability_ca",
)  # fmt: skip
_CATEGORY: dict[str, type] = {
    "months": int, "remind_days": int, "officer": bool, "evidence": bool, "amounts": list, "counts": list,
    "statement": str,
}  # fmt: skip
_TEST: dict[str, type] = {
    "months": int, "tries": int, "wait_hours": int, "pass_bps": int, "must_pass": bool,
}  # fmt: skip
SCHEMA: dict[str, dict[str, type]] = {
    **dict.fromkeys(CATEGORIES, _CATEGORY),
    "eu_entry_test": _TEST,
    "uk_appropriateness": _TEST,
    "us_commitment": {"pass_bps": int},
    "entities": dict.fromkeys(
        (
            "accredited_us",
            "certified_cn",
            "sophisticated_eu",
            "wholesale_au",
            "specified_jp",
            "professional_kr",
            "accredited_sg",
            "qib_in",
        ),
        list,
    ),
    "loss_simulation": {"months": int, "share_bps": int},
    "direct_offer_wait": {"hours": int},
    "evidence_limits": {"largest_bytes": int, "most_files": int},
    "spouse_link": {"code_hours": int},
}
SETTINGS: dict[str, type] = dict.fromkeys(
    (*CATEGORIES, "otherwise", "tests", "questionnaires", "simulations", "waits"), dict
)

_FILE = Path(__file__).with_suffix(".toml")
PACK = Pack(_FILE.name, _FILE.read_text(encoding="utf-8"), SCHEMA, SETTINGS)


@dataclass(frozen=True, slots=True)
class Category:
    """One status: where it belongs and how it is told; what it needs on a day is `row(on)`."""

    id: str
    regimes: tuple[str, ...]
    currency: str
    zone: str
    gives: Mapping[str, Any]
    day_as: str = ""
    figures_as: str = ""
    within: str = ""

    def day_of(self, at: datetime) -> date:
        """The local day of an instant where this status belongs."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def row(self, on: date) -> Row | None:
        """What it needs and how long it lasts by the law of the day; None while there is no such status."""
        return PACK.in_force(self.id, on)

    def asked(self, row: Row, *, is_entity: bool) -> tuple[list[str], list[str]]:
        """The amounts and the numbers that a claim to it gives; an entity is asked for its own."""
        return (PACK.rows("entities")[-1].values[self.id], []) if is_entity else (row["amounts"], row["counts"])

    def is_for(self, *, is_entity: bool) -> bool:
        """Whether somebody of this kind may have it at all."""
        return not is_entity or self.id in SCHEMA["entities"]

    def facts(self, figures: Mapping[str, Any], given_on: date) -> dict[str, Any]:
        """What a case says of an investor who has this status (fields of its `investor`)."""
        told: dict[str, Any] = dict(self.gives)
        if self.day_as:
            told[self.day_as] = given_on.isoformat()
        if self.figures_as:
            told[self.figures_as] = dict(figures)
        return {self.within: {**told, **figures}} if self.within else told


BY_ID: Mapping[str, Category] = {
    name: Category(name, **{**PACK.settings[name], "regimes": tuple(PACK.settings[name]["regimes"])})
    for name in CATEGORIES
}


def of_regime(regime_id: str) -> tuple[Category, ...]:
    """The statuses that one may have under these rules."""
    return tuple(one for one in BY_ID.values() if regime_id in one.regimes)


def otherwise(regime_id: str) -> dict[str, Any]:
    """What a case says of an investor without any status."""
    return dict(PACK.settings["otherwise"].get(regime_id, {}))


def test_of(regime_id: str) -> str | None:
    """The test that these rules want, if any."""
    found: str | None = PACK.settings["tests"].get(regime_id)
    return found


def questionnaire_of(regime_id: str, on: date) -> tuple[str, Row] | None:
    """The questions in the form of each pledge under these rules, and how many answers must be right."""
    name = PACK.settings["questionnaires"].get(regime_id)
    row = None if name is None else PACK.in_force(name, on)
    return None if row is None else (name, row)


def simulation_of(regime_id: str, on: date) -> Row | None:
    """How losses are simulated under these rules; None where they want no simulation."""
    name = PACK.settings["simulations"].get(regime_id)
    return None if name is None else PACK.in_force(name, on)


def wait_of(regime_id: str, on: date) -> timedelta | None:
    """How long somebody new waits before the first offer under these rules is shown, by the law of the day."""
    name = PACK.settings["waits"].get(regime_id)
    row = None if name is None else PACK.in_force(name, on)
    return None if row is None else timedelta(hours=row["hours"])


def last_day(given_on: date, months: int) -> date:
    """The last day of so many months: what is signed on 1 June is good to 31 May. Source: FCA COBS 4 Annex 5."""
    return months_after(given_on, months) - timedelta(days=1)
