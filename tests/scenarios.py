"""Every test that claims a scenario ends with whole books, whether it looks at them itself or not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.builders import World

#: Scenarios that are shown without any books of ours: a form's words, pure reckoning, or a gateway's far side alone.
WITHOUT_BOOKS = (
    "tests/payments/stripe/", "test_parts_of_the_smallest_unit_are_no_amount",
    "test_rolling_closings_cost_what_one_closing_costs",
)  # fmt: skip


def world_of(fixtures: Mapping[str, object]) -> World | None:
    """The world that a test used, itself or within what it used."""
    for one in fixtures.values():
        for held in (one, getattr(one, "world", None), getattr(getattr(one, "site", None), "world", None)):
            if isinstance(held, World):
                return held
    return None


def require_whole_books(item: pytest.Function) -> None:
    """Called at the end of a test, before what it used is gone."""
    if item.get_closest_marker("scenario") is None or any(part in item.nodeid for part in WITHOUT_BOOKS):
        return
    world = world_of(item.funcargs)
    assert world is not None, "a scenario that nobody can look into: give it a world"
    assert world.broken_promises() == [], "the scenario ends with broken promises"
