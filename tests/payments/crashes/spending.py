"""Money that goes back after a raise that failed, and money that leaves a cash account: for a pledge, or to its owner's bank."""

from __future__ import annotations

import pytest

from tests.cash import keeping
from tests.cash.conftest import UnpaidPledges
from tests.payments.crashes.dying import Place
from tests.payments.crashes.rounds import AFTER, INSIDE, Arena, Point, Result, around_call
from tests.payments.crashes.stories import SHARES, Ending, Story
from tests.payments.crashes.workers import Workers

BY_THE_TIMETABLE = "close_offerings"


class GivingUp(Ending):
    """The deadline of an offering that did not reach its target has passed: everybody gets their money back."""

    target = "50000"
    ends_as = "refunded"

    def go_on(self, site: Workers) -> None:
        """Nobody has to do anything."""


class GivingBack(GivingUp):
    """The first of these refunds is sent."""

    args = ("send_payments",)

    def begin(self) -> None:
        super().begin()
        site = Workers(self.world)
        while self.world.pledge(self.pledges[0]).status == "held":
            site.do(self.act, "close_offerings")


class PayingFromCash(Story):
    """A pledge is paid from its investor's cash account."""

    def begin(self) -> None:
        investor = keeping.topped_up(self.world)
        pledge = UnpaidPledges(self.world, pytest.MonkeyPatch()).of(investor, self.offering, SHARES)
        keeping.choose_cash(self.world, pledge)
        self.pledges = [pledge.id]


class Withdrawing(Story):
    """What lies in a cash account goes to its owner's bank."""

    def begin(self) -> None:
        investor = keeping.with_bank(self.world, keeping.topped_up(self.world))
        self.asked = keeping.ask_withdrawal(self.world, investor, "1000")
        self.investor = investor


class SpendingArena(Arena):
    """What each of them did is counted by the provider's own books."""

    points = {
        "G1 failed raise: while everybody is given back": Point(GivingUp, Place(INSIDE, during=BY_THE_TIMETABLE)),
        "G2 failed raise: once that is written": Point(GivingUp, Place(AFTER, during=BY_THE_TIMETABLE)),
        **around_call(GivingBack, "refund", "G3 failed raise"),
        **around_call(PayingFromCash, "move", "S1 pledge from cash"),
        **around_call(Withdrawing, "pay_out", "S2 withdrawal"),
    }

    def _made(self, kind: str, pledge_id: int) -> int:
        """What comes from a cash account is a move at the custodian."""
        made = super()._made(kind, pledge_id)
        if kind == "payment":
            made += self._moved("pledge_id = :id", pledge_id)
        return made

    def _count(self, story: Story, result: Result) -> None:
        super()._count(story, result)
        if isinstance(story, Withdrawing):
            sent = self._moved("id = :id", story.asked.id)
            result.doubles += max(sent - 1, 0)
            result.lost += sent == 0
            if sent != 1 or not keeping.has(self.world, story.investor, "0"):
                result.wrong.append(f"sent to the bank {sent} times; left {keeping.cash(self.world, story.investor)}")

    def _moved(self, where: str, id_: int) -> int:
        ((number,),) = self.world.sql(
            "SELECT count(*) FROM sandbox.objects o WHERE o.kind IN ('move', 'payout') AND o.status = 'succeeded'"
            f" AND o.op_id IN (SELECT op_id FROM instructions WHERE kind IN ('from_cash', 'pay_back') AND {where})",
            id=id_,
        )
        return int(number)
