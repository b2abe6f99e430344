"""Offerings on their way to a closing."""

from __future__ import annotations

import pytest

from app.closings import queries
from app.closings.models import Closing
from app.fees.terms import FeeTerms
from app.offerings.models import Offering
from tests.builders import World
from tests.keeping import kept


class Desk:
    """What officers and the timetable do, and what can be seen of it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def closing(self, offering: Offering) -> Closing:
        with self.world.looking() as view:
            return queries.of_offering(view.session, offering.id)[0]

    @kept
    def proposed(self, *shares: int, target: str = "250", fee_bps: int = 500, fees: FeeTerms | None = None) -> Offering:
        """An offering past its deadline, with these pledges held and a closing that waits for two officers."""
        offering = self.world.live(target=target, fees=fees or FeeTerms(fee_bps))
        for number in shares or (100,):
            self.world.held(offering, number)
        self.world.pass_deadline(offering)
        self.world.run_jobs()
        assert self.closing(offering).status == "proposed"
        return self.world.offering(offering.id)

    def until_quiet(self) -> None:
        """Let everything happen that still can, with every retry."""
        for _ in range(3):
            self.world.run_jobs()
            self.world.let_backoffs_pass()

    def statuses(self, offering: Offering) -> list[str]:
        """Of its pledges, oldest first."""
        rows = self.world.sql("SELECT status FROM pledges WHERE offering_id = :id ORDER BY id", id=offering.id)
        return [status for (status,) in rows]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
