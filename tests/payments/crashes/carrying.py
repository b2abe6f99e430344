"""Money on its way from a collector to the custodian: the offering's when it ends, and what tops up a cash account."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

import pytest

from app.cash import actions as cash
from app.investors.models import Investor
from app.jobs import carry_money, close_offerings, keep_cash, send_payments
from app.payments import actions as payments
from app.payments.port import Method, OpKind, Ref
from app.payments.sandbox.provider import ON_THE_WAY
from tests.builders import World, usd
from tests.cash import keeping
from tests.payments.crashes import workers
from tests.payments.crashes.dying import Place
from tests.payments.crashes.rounds import AFTER, BEFORE, INSIDE, Arena, Point, Result, around_call, thirty_hours_pass
from tests.payments.crashes.stories import SHARES, TARGET, Ending, Story
from tests.payments.crashes.workers import Workers
from tests.payments.sandbox.cards import Cards

#: One who collects and one who holds.
BOTH = {"GATEWAYS": "sandbox,sandbox_cards", "REGIMES": "US-CF,US-REGA"}
OF_OFFERING, OF_CASH = " offering:", " keep_cash"


@contextmanager
def at_once() -> Iterator[None]:
    """What is carried is there in the moment in which the custodian is told of it: nobody here waits for a bank's hour."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ON_THE_WAY, "arrival", timedelta(0))
        yield


def waiting(world: World) -> str:
    """The kind of the instruction that is to be sent next; "" for none."""
    found = world.sql("SELECT kind FROM instructions WHERE status = 'queued' ORDER BY next_attempt_at, id LIMIT 1")
    return str(found[0][0]) if found else ""


def send_one(world: World) -> None:
    for task in islice(send_payments._tasks(world.platform), 1):
        task()


class Carrying(Ending):
    """An offering whose money is with a collector has ended. The process finds `waits` to be sent, or asks for it ("")."""

    waits: OpKind | None = None
    args = ("carry_money",)

    def begin(self) -> None:
        world, cards = self.world, Cards.of(self.world)
        self.offering = world.live(regime_id="US-REGA", target=TARGET, days=30)
        for _ in range(2):
            pledge = world.pledged(self.offering, SHARES)
            cards.pays(cards.chosen(pledge))
            self.pledges.append(pledge.id)
        world.run_jobs()
        world.pass_deadline(self.offering)
        close_offerings.run(world.platform)
        carry_money.run(world.platform)
        while waiting(world) != (self.waits or ""):
            send_one(world)
            if not waiting(world) and self.waits:
                carry_money.run(world.platform)

    def go_on(self, site: Workers) -> None:
        workers.recover(self.world)  # what a person had sent anew
        super().go_on(site)


class PayingIn(Carrying):
    """What the collector kept is paid in by the platform."""

    waits, args = OpKind.TOP_UP, ("send_payments",)


class Sending(Carrying):
    """The collector is asked to send it."""

    waits, args = OpKind.TO_CUSTODY, ("send_payments",)


class Awaiting(Carrying):
    """The custodian is told what comes."""

    waits, args = OpKind.ARRIVAL, ("send_payments",)


class KeepingCash(Story):
    """A top-up may leave its collector."""

    waits: OpKind | None = None
    args = ("keep_cash",)

    def begin(self) -> None:
        world, cards = self.world, Cards.of(self.world)
        self.investor: Investor = world.investor()
        way = next(one for one in world.platform.ways_to_pay("USD") if one.gateway == cards.gateway.name)
        assert way.method is Method.CARD
        with world.acting() as tx:
            asked = cash.top_up(
                tx, self.investor.id, amount=usd("1000"), way=way, form_key=uuid.uuid4(), custodian="sandbox"
            )
        self.reference = asked.reference
        world.run_jobs()
        ((ref,),) = world.sql("SELECT provider_ref FROM instructions WHERE id = :id", id=asked.id)
        cards.pays(Ref.read(ref))
        world.run_jobs()
        cards.days(3)
        if self.waits:
            keep_cash.run(world.platform)
            while waiting(world) != self.waits:
                send_one(world)

    def go_on(self, site: Workers) -> None:
        """The timetable's next run."""
        keep_cash.run(self.world.platform)


class SendingCash(KeepingCash):
    """Its collector is asked to send it."""

    waits, args = OpKind.TO_CUSTODY, ("send_payments",)


class AwaitingCash(KeepingCash):
    """The custodian is told what comes for a cash account."""

    waits, args = OpKind.ARRIVAL, ("send_payments",)


def keys_forgotten(world: World) -> None:
    """The collector knows our keys no more, and tells nothing; for us it is 30 hours later."""
    world.sql("DELETE FROM sandbox_cards.keys")
    world.sql("DELETE FROM sandbox_cards.events WHERE deliveries_left > 0")
    thirty_hours_pass(world)


def _way(asking: type[Story], sending: type[Story], awaiting: type[Story], during: str, of: str) -> dict[str, Point]:
    return {
        f"M1 {of}: while it is asked for": Point(asking, Place(INSIDE, during=during)),
        f"M2 {of}: asked for, not sent": Point(asking, Place(AFTER, during=during)),
        **around_call(sending, "pay_out", f"M4 {of}, sent"),
        **around_call(awaiting, "expect", f"M5 {of}, awaited"),
        f"M6 {of}: keys forgotten, event lost": Point(sending, Place(AFTER, call="pay_out"), keys_forgotten),
        f"M7 {of}: an outage of 30 hours": Point(sending, Place(BEFORE, call="pay_out"), thirty_hours_pass, True),
        f"Z3 {of}: wakes before its call, late": Point(sending, Place(BEFORE, call="pay_out"), sleeps=True),
        f"Z4 {of}: wakes after its call, late": Point(sending, Place(AFTER, call="pay_out"), sleeps=True),
    }


class CarryingArena(Arena):
    """Two gateways; what each of them did is counted by its own books."""

    points = {
        **_way(Carrying, Sending, Awaiting, OF_OFFERING, "offering"),
        **around_call(PayingIn, "move", "M3 offering, paid in"),
        **_way(KeepingCash, SendingCash, AwaitingCash, OF_CASH, "top-up"),
    }
    collector = "sandbox_cards"

    def _person(self, story: Story, result: Result) -> None:
        """It is never sent again blindly: it waits, everybody sees that it does, and a person has it sent."""
        world = self.world
        found = world.sql("SELECT op_id FROM instructions WHERE kind = 'to_custody' AND status = 'review'")
        if len(found) != 1 or self._payouts(story):
            result.wrong.append(f"of an unknown end: {len(found)} wait for a person, {self._payouts(story)} were made")
        if world.broken_promises() != ["I21 stranded: no money waits for an instruction that nobody sends"]:
            result.wrong.append("nobody sees that it waits")
        with world.acting() as tx:
            payments.try_again(tx, found[0][0])

    def _count(self, story: Story, result: Result) -> None:
        super()._count(story, result)
        arrived = "SELECT count(*) FROM sandbox.objects WHERE kind = 'arrival' AND reference LIKE :name || '%'"
        ((awaited,),) = self.world.sql(arrived, name=self._name(story))
        made = {"sent": self._payouts(story), "awaited": int(awaited)}
        result.doubles += sum(max(number - 1, 0) for number in made.values())
        if set(made.values()) != {1}:
            result.lost += 0 in made.values()
            result.wrong.append(f"carried: {made}")
        if isinstance(story, KeepingCash) and not keeping.has(self.world, story.investor, "1000"):
            result.lost += 1
            result.wrong.append("a top-up that was paid is not free")

    def _count_closing(self, story: Story, result: Result) -> None:
        made = sorted(kind for kind, _, _ in self.world.at_the_gateway(story.offering))
        ((paid_in,),) = self.world.sql(
            "SELECT count(*) FROM sandbox.objects WHERE kind = 'move' AND about = :account",
            account=f"offering-{story.offering.id}",
        )
        result.doubles += max(made.count("payout") - 1, 0) + max(int(paid_in) - 1, 0)
        if made != ["arrival", "move", "payout"] or paid_in != 1:
            result.wrong.append(f"at the custodian there is {made}, and {paid_in} paid in")

    def _payouts(self, story: Story) -> int:
        """How often the collector sent it."""
        ((number,),) = self.world.sql(
            "SELECT count(*) FROM sandbox_cards.objects WHERE kind = 'payout' AND reference LIKE :name || '%'",
            name=self._name(story),
        )
        return int(number)

    def _name(self, story: Story) -> str:
        return story.reference if isinstance(story, KeepingCash) else f"{story.offering.ref}-"
