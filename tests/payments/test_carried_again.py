"""A sum of an offering comes back on its way: it is carried again by itself, or waits for a person, and the offering closes."""

from __future__ import annotations

import pytest

from app.errors import Refused
from app.payments import actions as payments
from app.payments.port import DepositDetails, Payee, Ref
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX
from tests.payments.carrying import Carried
from tests.payments.carrying import carried as carried
from tests.payments.conftest import cards_world as cards_world
from tests.reconciliation.planting import listen

WAITS = ["I21 stranded: no money waits for an instruction that nobody sends"]
#: So often it is carried by itself: `cash_accounts.carry_times`.
TIMES = 3


def ends(carried: Carried) -> Ref:
    """Its deadline passes, with its money at the collector; the payment."""
    _, payment = carried.paid(shares=300)
    carried.paid(shares=300)
    carried.world.pass_deadline(carried.offering)
    return payment


def waits_for_a_person(carried: Carried) -> Ref:
    """It came back as often as it may."""
    payment = ends(carried)
    for _ in range(TIMES):
        carried.leaves()
        assert carried.is_balanced()
        carried.comes_back()
        assert carried.is_balanced() and carried.clean()
    carried.rests(days=1)
    assert carried.instructions("to_custody")[-1][:2] == ("review", "came_back")
    return payment


def test_what_came_back_is_carried_again_a_day_later_and_the_offering_closes(carried: Carried) -> None:
    ends(carried)
    carried.leaves()
    (sent,) = carried.instructions("to_custody")
    carried.comes_back()
    assert carried.books()["1010"] == sent[2] and "1150" not in carried.books()
    assert carried.is_balanced() and carried.clean()
    carried.rests()
    assert carried.instructions("to_custody") == [sent]  # not at once
    carried.rests(days=2)
    assert carried.instructions("to_custody") == [sent, sent]
    assert [status for status, _, _ in carried.instructions("arrival")] == ["cancelled", "succeeded"]
    names = "SELECT count(DISTINCT op_id), count(DISTINCT reference) FROM instructions WHERE kind = 'to_custody'"
    assert carried.world.sql(names) == [(2, 2)]
    assert carried.is_put_to_officers() and carried.is_done()


def test_what_was_told_twice_is_carried_again_once(carried: Carried) -> None:
    ends(carried)
    carried.cards.provider.dup(3)
    carried.leaves()
    carried.comes_back()
    carried.rests(days=4)
    assert len(carried.instructions("to_custody")) == 2
    assert carried.is_put_to_officers()


def test_what_was_refused_before_it_left_is_carried_again(carried: Carried, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(self: SandboxGateway, account: str, reference: str) -> DepositDetails:
        return DepositDetails(Payee("Sandbox Trust", f"SANDBOX-{REFUSING_ACCOUNT_SUFFIX}"), reference)

    ends(carried)
    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "deposit_details", closed)
        carried.rests()
    assert [status for status, _, _ in carried.instructions("to_custody")] == ["failed"]
    assert carried.is_balanced() and carried.clean()
    before = carried.world.contents()
    ((op_id,),) = carried.world.sql("SELECT op_id FROM instructions WHERE kind = 'to_custody'")
    with pytest.raises(Refused, match="not_to_be_repeated"), carried.world.acting() as tx:
        payments.try_again(tx, op_id)
    assert carried.world.contents() == before
    carried.rests(days=3)
    assert carried.is_put_to_officers()


def test_what_comes_back_again_and_again_waits_for_a_person_who_has_it_sent(carried: Carried) -> None:
    waits_for_a_person(carried)
    carried.rests(days=5)
    assert len(carried.instructions("to_custody")) == TIMES + 1 and len(carried.instructions("arrival")) == TIMES
    assert carried.is_balanced() and carried.world.broken_promises() == WAITS
    listen(carried.world)
    assert ("R9", "open") in carried.world.sql("SELECT kind, status FROM breaks")
    carried.sends_again()
    carried.rests()
    carried.comes_back()
    assert carried.is_balanced()
    carried.rests(days=2)
    assert carried.instructions("to_custody")[-1][:2] == ("review", "came_back")
    carried.sends_again()
    carried.rests(days=1)
    listen(carried.world)
    assert carried.is_put_to_officers() and carried.is_done()


def test_what_waits_for_a_person_and_a_bank_took_is_carried_for_less(carried: Carried) -> None:
    payment = waits_for_a_person(carried)
    carried.cards.dispute(payment)
    carried.rests(days=1)
    assert [status for status, _, _ in carried.instructions("to_custody")][-2:] == ["cancelled", "review"]
    assert carried.instructions("to_custody")[-1][2] < carried.instructions("to_custody")[0][2]
    carried.sends_again()
    carried.rests(days=1)
    assert carried.is_balanced() and carried.world.broken_promises() == []
    assert carried.world.sql("SELECT status FROM closings") == [("proposed",)]


def test_what_the_custodian_sent_for_a_refund_and_had_back_is_sent_again(carried: Carried) -> None:
    pledge, _ = carried.paid()
    carried.world.cancel(pledge)
    carried.leaves("from_custody")
    for number in range(1, TIMES + 1):
        carried.comes_back("from_custody")
        assert carried.is_balanced() and carried.clean()
        assert len(carried.instructions("from_custody")) == number
        if number < TIMES:
            carried.leaves("from_custody")
    carried.rests(days=2)
    assert carried.instructions("from_custody")[-1][:2] == ("review", "came_back")
    assert carried.is_balanced() and carried.world.broken_promises() == WAITS
    carried.sends_again()
    carried.rests(days=1)
    assert carried.status(pledge) == "refunded"
    assert carried.books() == {} and carried.is_balanced() and carried.clean()
