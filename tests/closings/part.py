"""An offering of which parts are closed while it goes on: for the tests of that."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.actor import Actor
from app.closings import queries, rolling
from app.closings.models import Closing
from app.errors import Refused
from app.offerings.models import Offering
from app.pledges.models import Pledge
from tests.builders import World
from tests.changes.story import Story


class Part:
    """An open offering for 60 days, target 250.00, with a first pledge of 100 shares at 2.50."""

    def __init__(self, world: World, **terms: object) -> None:
        self.world = world
        self.offering: Offering = world.live(**{"target": "250", **terms})  # type: ignore[arg-type]
        self.company: Actor = Story.of(world, self.offering).issuer

    def earliest(self) -> datetime:
        offering = self.world.offering(self.offering.id)
        found = rolling.earliest(offering, self.world.platform.regime(offering.regime), self.world.now())
        assert found is not None
        return found

    def announce(self, at: datetime | None = None) -> datetime:
        closes_at = at or self.earliest()
        with self.world.acting(self.company) as tx:
            rolling.announce(tx, self.offering.id, closes_at, self.world.platform.law)
        return closes_at

    def comes(self, closes_at: datetime) -> None:
        """The instant of the closing passes."""
        self.world.move_clock(seconds=(closes_at - self.world.now()).total_seconds() + 60)
        self.world.run_jobs()

    def closed(self) -> None:
        """One rolling closing from its notice to the shares."""
        self.comes(self.announce())
        assert self.newest().status == "proposed"
        self.world.approve_closing(self.offering)
        self.world.run_jobs()
        assert self.newest().status == "done"

    def closings(self) -> list[Closing]:
        with self.world.looking() as view:
            return queries.of_offering(view.session, self.offering.id)

    def newest(self) -> Closing:
        return self.closings()[0]

    def statuses(self, *pledges: Pledge) -> list[str]:
        return [self.world.pledge(one.id).status for one in pledges]

    def progress(self) -> tuple[int, int, int]:
        found = self.world.offering(self.offering.id).progress
        assert found is not None
        return found.taken_minor, found.held_minor, found.settled_minor

    def refused(self, code: str, at: datetime | None = None) -> Refused:
        before = self.world.contents()
        with pytest.raises(Refused, match=code) as found:
            self.announce(at or self.world.now())
        assert self.world.contents() == before
        return found.value

    def told(self, kind: str) -> list[str]:
        return [ref for (ref,) in self.world.sql(
            "SELECT facts->>'ref' FROM messages WHERE kind = :kind ORDER BY id", kind=kind
        )]  # fmt: skip
