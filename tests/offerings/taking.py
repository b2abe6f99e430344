"""Filings taken in, and what came of them."""

from __future__ import annotations

import pytest

from app.actor import SYSTEM, Actor
from app.errors import Refused
from app.offerings import filings, form_c
from app.offerings.filings import Import, Outcome
from app.offerings.models import Offering
from tests.builders import World
from tests.offerings.filings import REAL


def taken(world: World, content: bytes, owner_id: int | None = None, actor: Actor = SYSTEM) -> Import:
    with world.acting(actor) as tx:
        regime = world.platform.regime("US-CF")
        return filings.import_form_c(tx, form_c.read(content), regime, fee_bps=500, owner_id=owner_id)


def drafted(world: World, content: bytes = REAL, owner_id: int | None = None) -> Offering:
    came = taken(world, content, owner_id)
    assert came.outcome is Outcome.DRAFTED and came.offering is not None
    return came.offering


def refused(world: World, content: bytes, owner_id: int | None = None, actor: Actor = SYSTEM) -> Refused:
    before = world.contents()
    with pytest.raises(Refused) as caught:
        taken(world, content, owner_id, actor)
    assert world.contents() == before
    return caught.value


def about(world: World, content: bytes, outcome: Outcome) -> int | None:
    """The offering that a filing is found to be about."""
    came = taken(world, content)
    assert came.outcome is outcome
    sha256 = form_c.read(content).sha256
    kept = world.sql("SELECT offering_id FROM filings WHERE sha256 = :one", one=sha256)
    assert kept == [(came.offering.id if came.offering else None,)]
    return came.offering.id if came.offering else None
