"""A pledge paid from cash whose call nobody heard the end of, until the custodian had forgotten its key."""

from __future__ import annotations

import pytest

from app.errors import Refused
from app.investors.models import Investor
from app.jobs import keep_cash, reconcile
from app.payments import actions as payments
from app.payments.port import Op, Outcome
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.tables import Fault
from app.pledges.lifecycle import CANCELLING, HELD, REFUNDED, RESERVED
from app.pledges.models import Pledge
from tests.builders import World
from tests.cash.conftest import UnpaidPledges
from tests.cash.keeping import ask_withdrawal, at_the_custodian, choose_cash, has, topped_up, with_bank
from tests.reconciliation.planting import kinds, listen

WAITS = "I21 stranded: no money waits for an instruction that nobody sends"


def nothing_is_found(patch: pytest.MonkeyPatch) -> None:
    """The custodian's search by our own id is no help."""

    def find(self: SandboxGateway, op: Op) -> Outcome | None:
        return None

    patch.setattr(SandboxGateway, "find", find)


class Forgotten:
    """100 shares for 250.00 out of 300.00, asked of a custodian whose answer is lost."""

    def __init__(self, world: World, unpaid: UnpaidPledges, fault: Fault) -> None:
        self.world = world
        self.investor: Investor = with_bank(world, topped_up(world, "300"))
        self.offering = world.live()
        self.pledge: Pledge = unpaid.of(self.investor, self.offering)
        choose_cash(world, self.pledge)
        assert world.platform.sandbox is not None
        world.platform.sandbox.next_fault("move", fault)
        world.run_jobs()

    def a_day_later(self) -> None:
        """For us; reconciliation has not read the custodian's list since."""
        self.world.sql("DELETE FROM sandbox.keys")
        self.world.sql(
            "UPDATE instructions SET first_sent_at = first_sent_at - interval '30 hours' WHERE kind = 'from_cash'"
        )
        self.goes_on()

    def goes_on(self) -> None:
        self.world.let_backoffs_pass()
        self.world.run_jobs()

    def status(self) -> str:
        return self.world.pledge(self.pledge.id).status

    def asked(self) -> tuple[str, str | None, int]:
        ((status, code, generation),) = self.world.sql(
            "SELECT status, code, generation FROM instructions WHERE kind = 'from_cash'"
        )
        return str(status), code, int(generation)

    def sends_again(self) -> None:
        ((op_id,),) = self.world.sql("SELECT op_id FROM instructions WHERE kind = 'from_cash'")
        with self.world.acting() as tx:
            payments.try_again(tx, op_id)
        self.world.run_jobs()

    def made(self) -> int:
        """How often the custodian moved it."""
        ((number,),) = self.world.sql("SELECT count(*) FROM sandbox.objects WHERE kind = 'move'")
        return int(number)

    def clean(self) -> bool:
        listen(self.world)
        keep_cash.run(self.world.platform)
        return self.world.broken_promises() == [] and not set(kinds(self.world)) - {"R1"}


def test_it_stays_set_aside_until_a_person_has_looked_and_is_sent_once(world: World, unpaid: UnpaidPledges) -> None:
    story = Forgotten(world, unpaid, Fault.TIMEOUT_BEFORE)
    story.a_day_later()
    assert (story.asked(), story.status()) == (("review", "key_forgotten", 1), RESERVED)
    assert has(world, story.investor, "50", "250")
    assert world.broken_promises() == [WAITS]  # everybody sees that it waits, and nothing else is wrong
    story.goes_on()
    assert story.asked() == ("review", "key_forgotten", 1)  # nobody tries it by itself any more
    before = world.contents()
    with pytest.raises(Refused, match="cash_not_enough"):
        ask_withdrawal(world, story.investor, "60")
    assert world.contents() == before
    story.sends_again()
    assert (story.asked(), story.status(), story.made()) == (("succeeded", None, 2), HELD, 1)
    assert has(world, story.investor, "50") and at_the_custodian(world) == 5_000
    assert story.clean()


def test_who_cancels_meanwhile_has_it_back_only_when_it_has_come_back(world: World, unpaid: UnpaidPledges) -> None:
    story = Forgotten(world, unpaid, Fault.TIMEOUT_BEFORE)
    story.a_day_later()
    world.cancel(story.pledge)
    story.goes_on()
    assert story.status() == CANCELLING and has(world, story.investor, "50", "250")
    story.sends_again()
    assert story.status() == REFUNDED and has(world, story.investor, "300")
    assert at_the_custodian(world) == 30_000
    assert story.clean()


def test_what_went_through_is_never_free_and_found_by_the_custodians_own_line(
    world: World, unpaid: UnpaidPledges, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_found(monkeypatch)
    story = Forgotten(world, unpaid, Fault.TIMEOUT_AFTER)
    story.a_day_later()
    assert (story.asked(), story.status(), story.made()) == (("review", "key_forgotten", 1), RESERVED, 1)
    assert has(world, story.investor, "50", "250") and at_the_custodian(world) == 5_000
    world.move_clock(minutes=20)
    listen(world)
    assert (story.asked(), story.status(), story.made()) == (("succeeded", None, 1), HELD, 1)
    assert has(world, story.investor, "50")
    assert story.clean()


def test_where_a_line_tells_of_it_already_nobody_is_called(
    world: World, unpaid: UnpaidPledges, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_found(monkeypatch)
    story = Forgotten(world, unpaid, Fault.TIMEOUT_AFTER)
    reconcile.read(world.platform, world.platform.custodian)  # the line is kept, and too young to be asked about
    story.a_day_later()
    assert (story.asked()[0], story.status()) == ("unknown", RESERVED)
    assert has(world, story.investor, "50", "250")
    world.move_clock(minutes=20)
    listen(world)
    assert (story.asked(), story.status(), story.made()) == (("succeeded", None, 1), HELD, 1)
    assert story.clean()


def test_once_it_was_found_nobody_can_send_it_again(
    world: World, unpaid: UnpaidPledges, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_found(monkeypatch)
    story = Forgotten(world, unpaid, Fault.TIMEOUT_AFTER)
    story.a_day_later()
    world.move_clock(minutes=20)
    listen(world)
    before = world.contents()
    with pytest.raises(Refused, match="not_to_be_repeated"):
        story.sends_again()
    assert world.contents() == before
    assert story.clean()


def test_a_withdrawal_that_went_through_after_all_is_booked_by_its_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_found(monkeypatch)
    investor = with_bank(world, topped_up(world))
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payout", Fault.TIMEOUT_AFTER)
    ask_withdrawal(world, investor, "400")
    world.run_jobs()
    world.sql("UPDATE instructions SET first_sent_at = first_sent_at - interval '30 hours' WHERE kind = 'pay_back'")
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.sql("SELECT status, code FROM instructions WHERE kind = 'pay_back'") == [("review", "key_forgotten")]
    assert has(world, investor, "600", "400")
    world.move_clock(minutes=20)
    listen(world)
    assert world.sql("SELECT status FROM instructions WHERE kind = 'pay_back'") == [("succeeded",)]
    assert has(world, investor, "600") and at_the_custodian(world) == 60_000
    keep_cash.run(world.platform)
    assert kinds(world) == [] and world.broken_promises() == []
