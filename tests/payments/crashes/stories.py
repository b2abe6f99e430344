"""What is going on when a process dies: the way there, what the process was doing, and what people do afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from app.closings import queries as closing_queries
from app.offerings.models import Offering
from tests.builders import World
from tests.payments.crashes import workers
from tests.payments.crashes.workers import Workers

#: Of every pledge here: reaches the target of the offerings that close.
SHARES, TARGET = 100, "250"


class Story:
    """One thing that a process is busy with. `act` and `args` are what it does; `pledges` are those that we acknowledged."""

    act: Callable[..., Any] = staticmethod(workers.job)
    args: tuple[Any, ...] = ("send_payments",)
    #: How every acknowledged pledge ends.
    ends_as = "held"

    def __init__(self, world: World, offering: Offering) -> None:
        self.world, self.offering = world, offering
        self.pledges: list[int] = []

    def begin(self) -> None:
        """Everything up to where the process comes in."""

    def take(self, answer: Any) -> None:
        """Hear what the process said, if it lived to say it."""

    def go_on(self, site: Workers) -> None:
        """What people do afterwards, who know nothing of what happened."""

    def refunds(self) -> int:
        """So many refunds should there be for each pledge."""
        return 1 if self.ends_as == "refunded" else 0


class Pledging(Story):
    """An investor presses the button, and again if no answer came."""

    act = staticmethod(workers.pledge)

    def begin(self) -> None:
        self.key = uuid.uuid4()
        investor = self.world.investor()
        self.world.open_documents(investor, self.offering)
        self.args = (investor.id, self.offering.id, self.key)

    def take(self, answer: Any) -> None:
        self.pledges.append(answer)

    def go_on(self, site: Workers) -> None:
        again = site.do(self.act, *self.args)
        if again not in self.pledges:
            self.pledges.append(again)
        self.world.pay(self.world.pledge(again))


class Collecting(Story):
    """The payment of a pledge is asked for."""

    def begin(self) -> None:
        self.pledges = [self.world.pledged(self.offering, SHARES).id]

    def go_on(self, site: Workers) -> None:
        self.world.pay(self.world.pledge(self.pledges[0]))


class Leaving(Story):
    """An investor with a paid pledge changes their mind, and presses again if no answer came."""

    act = staticmethod(workers.cancel)
    ends_as = "refunded"

    def begin(self) -> None:
        pledge = self.world.held(self.offering, SHARES)
        self.pledges, self.args = [pledge.id], (pledge.id,)

    def go_on(self, site: Workers) -> None:
        if self.world.pledge(self.pledges[0]).status == "held":
            site.do(self.act, *self.args)


class Refunding(Story):
    """A refund is sent."""

    ends_as = "refunded"

    def begin(self) -> None:
        pledge = self.world.held(self.offering, SHARES)
        self.pledges = [pledge.id]
        self.world.cancel(pledge)


class Hearing(Story):
    """The provider tells of a payment."""

    act = staticmethod(workers.hear)

    def begin(self) -> None:
        sandbox = self.world.platform.sandbox
        assert sandbox is not None
        pledge = self.world.pledged(self.offering, SHARES)
        self.pledges = [pledge.id]
        self.world.pay(pledge)
        (event,) = sandbox.events_to_deliver(10)
        self.args = ("sandbox", event.id, event.body())


class Handling(Hearing):
    """What it told is handled."""

    act = staticmethod(workers.job)

    def begin(self) -> None:
        super().begin()
        self.world.sql("UPDATE sandbox.events SET deliver_at = clock_timestamp() WHERE deliveries_left > 0")
        self.world.deliver_events()
        self.args = ("process_inbox",)


class Ending(Story):
    """The deadline of an offering has passed."""

    args = ("close_offerings",)
    ends_as = "settled"
    target = TARGET

    def begin(self) -> None:
        self.offering = self.world.live(target=self.target, days=30)
        pledges = [self.world.pledged(self.offering, SHARES) for _ in range(2)]
        for pledge in pledges:
            self.world.pay(pledge)
        self.world.run_jobs()
        self.pledges = [pledge.id for pledge in pledges]
        self.world.pass_deadline(self.offering)

    def go_on(self, site: Workers) -> None:
        if self.world.offering(self.offering.id).status == "closing":
            self.world.approve_closing(self.offering)


class Approving(Ending):
    """The second officer approves a closing."""

    act = staticmethod(workers.approve)

    def begin(self) -> None:
        super().begin()
        self.world.run_jobs()
        first, second = self.world.officer(), self.world.officer()
        self.world.approve_closing(self.offering, first)
        self.args = (second, *self._closing())

    def _closing(self) -> tuple[str, str]:
        with self.world.looking() as view:
            closing = closing_queries.of_offering(view.session, self.offering.id)[0]
        assert closing.snapshot_hash is not None
        return closing.ref, closing.snapshot_hash

    def go_on(self, site: Workers) -> None:
        with self.world.looking() as view:
            status = closing_queries.of_offering(view.session, self.offering.id)[0].status
        if status == "proposed":
            site.do(self.act, *self.args)


class Releasing(Ending):
    """The payout of a closing is sent."""

    args = ("send_payments",)

    def begin(self) -> None:
        super().begin()
        self.world.run_jobs()
        self.world.approve_closing(self.offering)

    def go_on(self, site: Workers) -> None:
        """The officers have done their part."""
