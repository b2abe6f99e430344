"""What the platform knows of an investor's standing is what the rules read, in their own words."""

from __future__ import annotations

from datetime import date

import pytest

from app.regimes import registry, standing

#: The profile tells it by itself, or it says nothing there.
TOLD_OTHERWISE = {"US-CF": {"accredited", "verified"}, "US-REGA": {"verified"}}
PAIRS = [(category, regime) for category in standing.BY_ID.values() for regime in category.regimes]


@pytest.mark.parametrize(("category", "regime"), PAIRS, ids=lambda one: getattr(one, "id", one))
def test_every_status_is_told_to_its_rules_in_their_words_money_and_zone(
    category: standing.Category, regime: str
) -> None:
    built = registry.BUILT[regime]
    told = set(category.facts({}, date(2026, 3, 3))) | set(standing.otherwise(regime))
    assert told - TOLD_OTHERWISE.get(regime, set()) <= set(built.standing)
    assert (category.currency, category.zone) == (built.pack.currency, built.pack.zone)


def test_every_test_simulation_and_wait_belongs_to_rules_that_are_built() -> None:
    for kind in ("tests", "simulations", "waits", "otherwise"):
        assert set(standing.PACK.settings[kind]) <= set(registry.BUILT)


@pytest.mark.parametrize("category", standing.BY_ID.values(), ids=lambda one: one.id)
def test_a_status_begins_on_the_day_of_its_rules_and_lasts_for_whole_months(category: standing.Category) -> None:
    first = standing.PACK.rows(category.id)[0]
    assert category.row(first.effective_from) is first
    assert category.row(date.fromordinal(first.effective_from.toordinal() - 1)) is None
    assert standing.last_day(date(2023, 6, 1), 12) == date(2024, 5, 31)
    assert standing.last_day(date(2024, 2, 29), 12) == date(2025, 2, 27)
