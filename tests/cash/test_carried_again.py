"""What a collector sent to the custodian comes back, once or again and again: it is carried again, or a person looks."""

from __future__ import annotations

import pytest

from app.errors import Refused
from app.payments import actions as payments
from app.payments.port import DepositDetails, Op, Payee, Ref
from app.payments.sandbox.adapter import SandboxGateway
from app.payments.sandbox.tables import REFUSING_ACCOUNT_SUFFIX, Fault
from tests.cash.collecting import PRICE, Collected
from tests.cash.collecting import collected as collected
from tests.cash.keeping import ask_withdrawal, at_the_custodian, has, with_bank
from tests.payments.conftest import cards_world as cards_world
from tests.reconciliation.planting import listen

WAITS = ["I21 stranded: no money waits for an instruction that nobody sends"]
#: So often it is carried by itself: `cash_accounts.carry_times`.
TIMES = 3


def is_free(collected: Collected) -> bool:
    """All of it, with the custodian, and told once."""
    told = collected.world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_paid_in'")
    return (
        told == [(1,)]
        and has(collected.world, collected.investor, "1000")
        and collected.books() == {"1110": 100_000, "2030": -100_000}
        and at_the_custodian(collected.world) == 100_000
        and collected.is_balanced()
        and collected.clean()
    )


def waits_for_a_person(collected: Collected) -> None:
    """It came back as often as it may."""
    collected.pays()
    for _ in range(TIMES):
        collected.leaves()
        assert collected.is_balanced()
        collected.comes_back()
        assert collected.is_balanced() and collected.clean()
    collected.rests(days=1)
    assert collected.newest("to_custody")[1:] == ("review", "came_back")


def sends_again(collected: Collected) -> None:
    ((op_id,),) = collected.world.sql("SELECT op_id FROM instructions WHERE kind = 'to_custody' AND status = 'review'")
    with collected.world.acting() as tx:
        payments.try_again(tx, op_id)


def test_what_came_back_is_with_the_collector_and_carried_again_a_day_later(collected: Collected) -> None:
    collected.pays()
    collected.leaves()
    collected.comes_back()
    assert collected.books() == {"1010": 100_000 - PRICE, "1110": PRICE, "2032": -100_000}
    assert collected.is_balanced() and collected.clean()
    collected.rests()
    assert collected.number("to_custody") == 1  # not at once, and not twice a day
    with_bank(collected.world, collected.investor)
    before = collected.world.contents()
    with pytest.raises(Refused, match="cash_not_enough"):
        ask_withdrawal(collected.world, collected.investor, "100")
    assert collected.world.contents() == before
    collected.rests(days=3)
    assert is_free(collected)
    assert collected.world.sql("SELECT kind, status, count(*) FROM instructions GROUP BY 1, 2 ORDER BY 1, 2") == [
        ("arrival", "cancelled", 1), ("arrival", "succeeded", 1), ("collect", "succeeded", 1),
        ("to_custody", "succeeded", 2), ("top_up", "succeeded", 1),
    ]  # fmt: skip
    assert collected.world.sql(
        "SELECT count(DISTINCT op_id), count(DISTINCT reference) FROM instructions WHERE kind = 'to_custody'"
    ) == [(2, 2)]


def test_what_was_told_twice_is_carried_again_once(collected: Collected) -> None:
    collected.pays()
    collected.cards.provider.dup(3)
    collected.leaves()
    collected.comes_back()
    collected.rests(days=5)
    assert collected.number("to_custody") == 2
    assert is_free(collected)


def test_what_was_refused_before_it_left_is_carried_again(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(self: SandboxGateway, account: str, reference: str) -> DepositDetails:
        return DepositDetails(Payee("Sandbox Trust", f"SANDBOX-{REFUSING_ACCOUNT_SUFFIX}"), reference)

    collected.pays()
    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "deposit_details", closed)
        while not collected.number("to_custody"):
            collected.rests(days=1)
    assert collected.newest("to_custody")[1] == "failed"
    assert collected.books()["1010"] == 100_000 - PRICE and collected.number("arrival") == 0
    assert collected.is_balanced() and collected.clean()
    before = collected.world.contents()
    ((op_id,),) = collected.world.sql("SELECT op_id FROM instructions WHERE kind = 'to_custody'")
    with pytest.raises(Refused, match="not_to_be_repeated"), collected.world.acting() as tx:
        payments.try_again(tx, op_id)
    assert collected.world.contents() == before
    collected.rests(days=3)
    assert is_free(collected)


def test_both_heard_at_once_are_both_booked(collected: Collected) -> None:
    collected.pays()
    collected.cards.provider.hold()
    collected.cards.provider.next_fault("payout", Fault.TIMEOUT_AFTER)
    while not collected.number("to_custody"):
        collected.cards.days(1)
        collected.rests_without_asking()
    id_, status, _ = collected.newest("to_custody")
    assert status == "unknown"
    ((op_id,),) = collected.world.sql("SELECT op_id FROM instructions WHERE id = :id", id=id_)
    found = collected.cards.gateway.find(Op(op_id, 1, collected.world.platform.environment))
    assert found is not None
    collected.cards.payout_fails(Ref("payout", found.ref.id))
    collected.cards.provider.release()
    collected.rests()
    assert collected.newest("to_custody")[1] == "failed" and collected.newest("arrival")[1] == "cancelled"
    assert collected.is_balanced() and collected.clean()
    collected.rests(days=3)
    assert is_free(collected)


def test_what_comes_back_again_and_again_waits_for_a_person_who_has_it_sent(collected: Collected) -> None:
    waits_for_a_person(collected)
    collected.rests(days=5)
    assert collected.number("to_custody") == TIMES + 1 and collected.number("arrival") == TIMES
    assert collected.is_balanced() and collected.world.broken_promises() == WAITS
    listen(collected.world)
    assert ("R9", "open") in collected.world.sql("SELECT kind, status FROM breaks")
    sends_again(collected)
    collected.rests(days=1)
    listen(collected.world)
    assert is_free(collected)


def test_what_a_person_had_sent_and_came_back_waits_again(collected: Collected) -> None:
    waits_for_a_person(collected)
    sends_again(collected)
    collected.rests()
    assert collected.is_away()
    collected.comes_back()
    assert collected.is_balanced() and collected.clean()
    collected.rests(days=2)
    assert collected.newest("to_custody")[1:] == ("review", "came_back")
    assert collected.number("to_custody") == TIMES + 2
    sends_again(collected)
    collected.rests(days=1)
    assert is_free(collected)


@pytest.mark.parametrize("when", ["away", "back", "waits"])
def test_what_the_payers_bank_took_meanwhile_is_carried_nowhere(collected: Collected, when: str) -> None:
    if when == "waits":
        waits_for_a_person(collected)
    else:
        collected.pays()
        collected.leaves()
    payment = collected.world.sql("SELECT provider_ref FROM instructions WHERE id = :id", id=collected.asked.id)
    if when == "back":
        collected.comes_back()
    collected.cards.dispute(Ref.read(payment[0][0]))
    collected.world.run_jobs()
    assert collected.is_balanced()
    if when == "away":
        collected.comes_back()
        assert collected.is_balanced()
    sent = collected.number("to_custody")
    collected.rests(days=4)
    assert collected.number("to_custody") == sent
    assert has(collected.world, collected.investor, "0") and collected.coming() == 0
    assert collected.books() == {} and collected.is_balanced()
    assert collected.clean()
