"""Pledges whose way to pay is still open."""

from __future__ import annotations

import pytest

from app.investors.models import Investor
from app.offerings.models import Offering
from app.payments.ways import PaymentWay
from app.pledges.models import Pledge
from app.wiring import Platform
from tests.builders import World


@pytest.fixture
def unpaid(world: World, monkeypatch: pytest.MonkeyPatch) -> UnpaidPledges:
    """Places pledges as the site does for who has a choice: nothing is chosen yet."""
    return UnpaidPledges(world, monkeypatch)


class UnpaidPledges:
    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self._world, self._patch = world, patch

    def of(self, investor: Investor, offering: Offering, shares: int = 100) -> Pledge:
        def nothing_chosen(platform: Platform, currency: str) -> PaymentWay | None:
            return None

        with self._patch.context() as patch:
            patch.setattr(Platform, "only_way_to_pay", nothing_chosen)
            return self._world.pledged(offering, shares, investor)
