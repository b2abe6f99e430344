"""Every point at which a process can die, and one round of each: it dies, a new one takes over, and everything is counted."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.payments import actions as payments
from app.payments import queries as payment_queries
from app.payments.models import Instruction
from app.payments.port import OpKind
from tests import worlds
from tests.builders import World
from tests.payments.crashes import workers
from tests.payments.crashes.dying import End, Manner, Moment, Place
from tests.payments.crashes.stories import (
    Approving,
    Collecting,
    Ending,
    Handling,
    Hearing,
    Leaving,
    Pledging,
    Refunding,
    Releasing,
    Story,
)
from tests.payments.crashes.workers import Worker, Workers

#: From the death of a process until its work is done: what is left of its lease, the timetable's next run, and the work.
LONGEST_RECOVERY_S = 30

BEFORE, INSIDE, AFTER = Moment.BEFORE, Moment.INSIDE, Moment.AFTER
#: How transactions are signed: see `dying.Place.during`.
BY_A_PERSON, ANSWER, EVENT, TOLD = "test$", " instruction:", " events$", "^gateway:"


def keys_forgotten(world: World) -> None:
    """The provider knows our keys no more, and tells nothing; for us it is 30 hours later."""
    world.sql("DELETE FROM sandbox.keys")
    world.sql("DELETE FROM sandbox.events WHERE deliveries_left > 0")
    thirty_hours_pass(world)


def thirty_hours_pass(world: World) -> None:
    world.sql("UPDATE instructions SET first_sent_at = first_sent_at - interval '30 hours' WHERE status = 'sending'")


@dataclass(frozen=True)
class Point:
    """`then`: what happens before somebody takes over. `asks_a_person`: it ends there, until one has looked."""

    story: type[Story]
    place: Place
    then: Callable[[World], None] | None = None
    asks_a_person: bool = False
    sleeps: bool = False


def around_call(story: type[Story], call: str, name: str, *numbers: str) -> dict[str, Point]:
    """The four points around a call; numbered where they have numbers of their own."""
    points = {
        "before the call": Point(story, Place(BEFORE, call=call)),
        "executed, the answer lost": Point(story, Place(AFTER, call=call)),
        "while the answer is recorded": Point(story, Place(INSIDE, during=ANSWER)),
        "once it is recorded": Point(story, Place(AFTER, during=ANSWER)),
    }
    names = [f"{number} {name}" for number in numbers] or [name] * len(points)
    return {f"{named}: {where}": point for named, (where, point) in zip(names, points.items(), strict=True)}


CALL = ("O3", "O4", "O5", "O6")


POINTS: dict[str, Point] = {
    "O1 pledge: while it is placed": Point(Pledging, Place(INSIDE, during=BY_A_PERSON)),
    "O2 pledge: once it is placed": Point(Pledging, Place(AFTER, during=BY_A_PERSON)),
    "O1 refund: while it is asked for": Point(Leaving, Place(INSIDE, during=BY_A_PERSON)),
    "O2 refund: once it is asked for": Point(Leaving, Place(AFTER, during=BY_A_PERSON)),
    **around_call(Collecting, "collect", "payment", *CALL),
    **around_call(Refunding, "refund", "refund", *CALL),
    "O4 refund: keys forgotten, event lost": Point(Refunding, Place(AFTER, call="refund"), keys_forgotten),
    "O3 refund: an outage of 30 hours": Point(Refunding, Place(BEFORE, call="refund"), thirty_hours_pass, True),
    "Z3 refund: wakes before its call, late": Point(Refunding, Place(BEFORE, call="refund"), sleeps=True),
    "Z4 refund: wakes after its call, late": Point(Refunding, Place(AFTER, call="refund"), sleeps=True),
    "I1 event: while it is stored": Point(Hearing, Place(INSIDE, during=TOLD)),
    "I2 event: stored, not answered": Point(Hearing, Place(AFTER, during=TOLD)),
    "I3 event: while it is applied": Point(Handling, Place(INSIDE, during=ANSWER)),
    "I4 event: applied, not marked": Point(Handling, Place(INSIDE, during=EVENT)),
    "I5 event: once it is marked": Point(Handling, Place(AFTER, during=EVENT)),
    "C0 closing: while it begins": Point(Ending, Place(INSIDE, during="close_offerings")),
    "C1 closing: while shares are allotted": Point(Approving, Place(INSIDE, during=BY_A_PERSON)),
    "C2 closing: the payout asked for, not sent": Point(Approving, Place(AFTER, during=BY_A_PERSON)),
    **around_call(Releasing, "pay_out", "C3 payout"),
}  # fmt: skip


@dataclass
class Result:
    """What one round came to. `wrong` says everything that is not as it must be."""

    died: bool = False
    lost: int = 0
    doubles: int = 0
    #: What production would have waited for by its leases and its timetable, and what the work itself took here.
    waited_s: float = 0
    worked_s: float = 0
    wrong: list[str] = field(default_factory=list)


class Arena:
    """One platform on which rounds are played, one after the other."""

    points: Mapping[str, Point] = POINTS
    #: The schema of who takes the investors' money.
    collector = "sandbox"

    def __init__(self, world: World) -> None:
        self.world, self.site = world, Workers(world)
        self.offering = world.live(maximum="1000000")

    def play(self, name: str, dice: random.Random | None = None) -> Result:
        """One round; without dice, exactly at the point."""
        point, result = self.points[name], Result()
        worlds.stop_clock(self.world)
        story = point.story(self.world, self.offering)
        story.begin()
        end = _end(point, dice)
        with self.site.one(story.act, *story.args, end=end) as worker:
            is_there = worker.comes_there()
            if end.manner is Manner.SOON:
                worker.kill(dice.uniform(0, 0.03) if is_there and dice else 0)
            if end.manner is not Manner.SLEEPS:
                self._bury(worker, story, result)
            began = time.monotonic()
            if point.then is not None:
                point.then(self.world)
            result.waited_s = self.site.do(workers.recover)
            result.worked_s = time.monotonic() - began
            if end.manner is Manner.SLEEPS:
                worker.wake()
                self._bury(worker, story, result)
        if point.asks_a_person:
            self._person(story, result)
        story.go_on(self.site)
        workers.recover(self.world)
        self._count(story, result)
        return result

    def _bury(self, worker: Worker, story: Story, result: Result) -> None:
        said = worker.ends()
        result.died = worker.process.exitcode == -9
        if said is not None:
            story.take(said[0])

    def _person(self, story: Story, result: Result) -> None:
        """It is never sent again blindly: it waits, everybody sees that it does, and a person has it sent."""
        world = self.world
        (refund,) = self._instructions(story.pledges[0], OpKind.REFUND)
        if refund.status != "review" or self._made("refund", story.pledges[0]):
            result.wrong.append(f"a refund of an unknown end is {refund.status}")
        if world.broken_promises() != ["I21 stranded: no money waits for an instruction that nobody sends"]:
            result.wrong.append("nobody sees that it waits")
        with world.acting() as tx:
            payments.try_again(tx, refund.op_id)

    def _count(self, story: Story, result: Result) -> None:
        for pledge_id in story.pledges:
            found = self.world.sql("SELECT status FROM pledges WHERE id = :id", id=pledge_id)
            if found != [(story.ends_as,)]:
                result.lost += 1
                result.wrong.append(f"a pledge that was acknowledged is {found}")
            for kind, due in (("payment", 1), ("refund", story.refunds())):
                made = self._made(kind, pledge_id)
                result.doubles += max(made - due, 0)
                if made != due:
                    result.wrong.append(f"{made} of kind {kind} for a pledge, not {due}")
        if story.ends_as == "settled":
            self._count_closing(story, result)
        result.wrong += self.world.broken_promises()

    def _count_closing(self, story: Story, result: Result) -> None:
        made = [kind for kind, _, _ in self.world.at_the_gateway(story.offering)]
        result.doubles += max(made.count("payout") - 1, 0) + max(made.count("move") - 1, 0)
        if sorted(made) != ["move", *["payment"] * len(story.pledges), "payout"]:
            result.wrong.append(f"at the gateway there is {made}")
        ((shares,),) = self.world.sql(
            "SELECT count(*) FROM register_entries WHERE offering_id = :id", id=story.offering.id
        )
        if shares != len(story.pledges):
            result.wrong.append(f"{shares} entries in the register for {len(story.pledges)} pledges")

    def _instructions(self, pledge_id: int, kind: OpKind) -> list[Instruction]:
        with self.world.looking() as view:
            return [row for row in payment_queries.of_pledge(view.session, pledge_id) if row.kind == kind]

    def _made(self, kind: str, pledge_id: int) -> int:
        """What the provider made for a pledge, by its own books, and not by ours."""
        query = {
            "payment": f"SELECT count(*) FROM {self.collector}.objects o JOIN pledges p ON p.ref = o.reference"
            " WHERE o.kind = 'payment' AND p.id = :id",
            "refund": f"SELECT count(*) FROM {self.collector}.objects r JOIN {self.collector}.objects o ON o.id = r.about"
            " JOIN pledges p ON p.ref = o.reference WHERE r.kind = 'refund' AND p.id = :id",
        }
        ((number,),) = self.world.sql(query[kind], id=pledge_id)
        return int(number)


def _end(point: Point, dice: random.Random | None) -> End:
    """At the point, or by chance around it: before any statement of the transaction, or some milliseconds later."""
    if point.sleeps:
        return End(point.place, Manner.SLEEPS)
    if dice is None:
        return End(point.place)
    manner = dice.choice((Manner.AT_ONCE, Manner.SOON))
    return End(point.place, manner, dice.randint(1, 60))
