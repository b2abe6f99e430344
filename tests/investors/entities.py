"""Entities for tests, registered as their people do."""

from __future__ import annotations

from itertools import count
from typing import Any

from app.investors import actions as investors
from app.investors.entities import Owner
from app.investors.models import EntityForm, Investor
from app.money import Money
from app.screening import actions as screening
from tests.builders import World

_numbers = count(1)
ANN = Owner("Ann Example", "US", 6_000)


def register(world: World, user_id: int, **told: Any) -> Investor:
    """An entity for which this person acts."""
    number = next(_numbers)
    asked: dict[str, Any] = {
        "legal_name": f"Harbour {number} LLC", "country": "US", "form": EntityForm.COMPANY,
        "registration_number": f"REG {number}", "capacity": "Director", "formed_for_purchase": False, "owners": [ANN],
        "nobody_owns_so_much": False,
    }  # fmt: skip
    with world.acting() as tx:
        return screening.register_entity(tx, user_id, **(asked | told))


def declare(world: World, entity: Investor, currency: str = "USD", **amounts: str) -> None:
    """Its own figures; what it bought elsewhere is nothing unless it is told."""
    given = {name: Money.of(amount, currency) for name, amount in ({"other_platform_12m": "0"} | amounts).items()}
    with world.acting() as tx:
        investors.declare_figures(tx, entity, currency, **given)  # type: ignore[arg-type]
