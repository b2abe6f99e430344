"""Money in, money out, a pledge in between: in the account, in the books and at the custodian alike."""

from __future__ import annotations

import uuid

import pytest

from app.errors import Refused
from app.payments import actions as payments
from app.payments.sandbox.tables import Fault, Token
from app.pledges.lifecycle import CANCELLED, FAILED, HELD, REFUNDED
from tests.builders import World, usd
from tests.cash.conftest import UnpaidPledges
from tests.cash.keeping import (
    ask_top_up,
    ask_withdrawal,
    at_the_custodian,
    choose_cash,
    has,
    pay_top_up,
    topped_up,
    with_bank,
)


def test_a_top_up_is_free_once_the_custodian_has_it(world: World) -> None:
    investor = world.investor()
    asked = ask_top_up(world, investor, usd("1000"))
    world.run_jobs()
    assert has(world, investor, "0")
    pay_top_up(world, asked)
    assert has(world, investor, "1000")
    assert at_the_custodian(world) == 100_000
    assert world.broken_promises() == []


def test_the_same_form_twice_is_one_top_up_and_another_amount_is_refused(world: World) -> None:
    investor, key = world.investor(), uuid.uuid4()
    first = ask_top_up(world, investor, usd("1000"), key)
    assert ask_top_up(world, investor, usd("1000"), key).id == first.id
    before = world.contents()
    with pytest.raises(Refused, match="form_used"):
        ask_top_up(world, investor, usd("999"), key)
    assert world.contents() == before


@pytest.mark.parametrize(("amount", "code"), [("9.99", "cash_too_little"), ("100000.01", "cash_too_much")])
def test_a_top_up_outside_the_policys_limits_is_refused(world: World, amount: str, code: str) -> None:
    investor = world.investor()
    before = world.contents()
    with pytest.raises(Refused, match=code):
        ask_top_up(world, investor, usd(amount))
    assert world.contents() == before


def test_a_pledge_paid_from_cash_is_held_like_any_other(world: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)
    assert has(world, investor, "750", "250")
    world.run_jobs()
    assert world.pledge(pledge.id).status == HELD
    assert has(world, investor, "750")
    assert at_the_custodian(world) == 75_000
    assert at_the_custodian(world, f"offering-{offering.id}") == 25_000
    progress = world.offering(offering.id).progress
    assert progress is not None and progress.held_minor == 25_000
    assert world.broken_promises() == []


def test_choosing_cash_twice_reserves_once(world: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)
    choose_cash(world, pledge)
    assert has(world, investor, "750", "250")
    world.run_jobs()
    assert has(world, investor, "750")
    assert world.broken_promises() == []


def test_a_pledge_above_the_free_cash_is_refused(world: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world, "100"), world.live()
    pledge = unpaid.of(investor, offering)
    before = world.contents()
    with pytest.raises(Refused, match="cash_not_enough"):
        choose_cash(world, pledge)
    assert world.contents() == before


def test_a_pledge_cancelled_before_the_custodian_was_told_frees_the_cash(world: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)
    world.cancel(pledge)
    assert world.pledge(pledge.id).status == CANCELLED
    assert has(world, investor, "1000")
    world.run_jobs()
    assert has(world, investor, "1000")
    assert world.broken_promises() == []


def test_a_pledge_cancelled_while_the_money_moves_is_given_back_into_the_account(
    world: World, unpaid: UnpaidPledges
) -> None:
    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("move", Fault.TIMEOUT_AFTER)
    world.run_jobs()
    world.cancel(pledge)
    assert world.pledge(pledge.id).status == "cancelling"
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.pledge(pledge.id).status == REFUNDED
    assert has(world, investor, "1000")
    assert at_the_custodian(world) == 100_000
    assert world.broken_promises() == []


def test_what_the_custodian_refuses_to_move_is_free_again_and_the_pledge_ends(
    world: World, unpaid: UnpaidPledges, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.payments.errors import Rejected

    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)

    def refuses(*_: object, **__: object) -> None:
        raise Rejected("account_blocked")

    monkeypatch.setattr(type(world.platform.custodian), "move", refuses)
    world.run_jobs()
    assert world.pledge(pledge.id).status == FAILED
    assert has(world, investor, "1000")
    assert world.broken_promises() == []


def test_a_pledge_from_cash_that_is_refunded_comes_back_into_the_account(world: World, unpaid: UnpaidPledges) -> None:
    investor, offering = topped_up(world), world.live()
    pledge = unpaid.of(investor, offering)
    choose_cash(world, pledge)
    world.run_jobs()
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == REFUNDED
    assert has(world, investor, "1000")
    assert at_the_custodian(world, f"offering-{offering.id}") == 0
    assert world.broken_promises() == []


def test_cash_is_taken_out_to_the_own_account(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    ask_withdrawal(world, investor, "400")
    assert has(world, investor, "600", "400")
    world.run_jobs()
    assert has(world, investor, "600")
    assert at_the_custodian(world) == 60_000
    assert world.sql("SELECT about FROM sandbox.objects WHERE kind = 'payout'") == [("US0011112222",)]
    assert world.broken_promises() == []


def test_a_second_press_is_one_withdrawal(world: World) -> None:
    investor, key = with_bank(world, topped_up(world)), uuid.uuid4()
    assert ask_withdrawal(world, investor, "400", key).id == ask_withdrawal(world, investor, "400", key).id
    assert has(world, investor, "600", "400")


@pytest.mark.parametrize(
    ("amount", "code"), [("1000.01", "cash_not_enough"), ("5", "cash_too_little"), ("5000", "cash_not_enough")]
)
def test_more_than_is_free_or_too_little_is_not_taken_out(world: World, amount: str, code: str) -> None:
    investor = with_bank(world, topped_up(world))
    before = world.contents()
    with pytest.raises(Refused, match=code):
        ask_withdrawal(world, investor, amount)
    assert world.contents() == before


def test_what_is_left_is_taken_out_however_little(world: World) -> None:
    investor = with_bank(world, topped_up(world, "1000"))
    ask_withdrawal(world, investor, "995")
    ask_withdrawal(world, investor, "5")
    world.run_jobs()
    assert has(world, investor, "0")
    assert at_the_custodian(world) == 0


def test_a_withdrawal_that_the_bank_refuses_is_free_again(world: World) -> None:
    investor = with_bank(world, topped_up(world), account="US00 1111 0096")
    ask_withdrawal(world, investor, "400")
    world.run_jobs()
    assert has(world, investor, "1000")
    assert at_the_custodian(world) == 100_000
    assert world.broken_promises() == []
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_came_back'") == [(1,)]


def test_a_withdrawal_whose_key_is_forgotten_stays_set_aside_until_a_person_has_looked(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payout", Fault.TIMEOUT_BEFORE)
    asked = ask_withdrawal(world, investor, "400")
    world.run_jobs()
    world.sql(
        "UPDATE instructions SET first_sent_at = clock_timestamp() - interval '23 hours 1 minute' WHERE id = :id",
        id=asked.id,
    )
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.sql("SELECT status, code FROM instructions WHERE kind = 'pay_back'") == [("review", "key_forgotten")]
    assert has(world, investor, "600", "400")
    with world.acting() as tx:
        payments.try_again(tx, asked.op_id)
    world.run_jobs()
    assert has(world, investor, "600") and at_the_custodian(world) == 60_000
    assert world.broken_promises() == []


def test_without_a_bank_account_or_while_it_is_frozen_nothing_is_taken_out(world: World) -> None:
    investor = topped_up(world)
    with pytest.raises(Refused, match="bank_account_missing"):
        ask_withdrawal(world, investor, "400")
    with_bank(world, investor)
    with_bank(world, investor, account="GB99 0000 1111")
    before = world.contents()
    with pytest.raises(Refused, match="bank_account_frozen"):
        ask_withdrawal(world, investor, "400")
    assert world.contents() == before
    world.move_clock(days=3)
    ask_withdrawal(world, investor, "400")
    world.run_jobs()
    assert world.sql("SELECT about FROM sandbox.objects WHERE kind = 'payout'") == [("GB9900001111",)]


def test_an_account_in_another_name_is_refused(world: World) -> None:
    investor = world.investor(name="Dana Investor")
    before = world.contents()
    with pytest.raises(Refused, match="holder_differs"):
        with_bank(world, investor, holder="Quentin Otherman")
    assert world.contents() == before
    with_bank(world, investor, holder="INVESTOR, Dana")


def test_a_withdrawal_under_way_goes_to_the_account_it_was_asked_for(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    ask_withdrawal(world, investor, "400")
    with_bank(world, investor, account="GB99 0000 1111")
    world.run_jobs()
    assert world.sql("SELECT about FROM sandbox.objects WHERE kind = 'payout'") == [("US0011112222",)]


def test_money_of_another_amount_lies_apart_for_a_person(world: World) -> None:
    investor = world.investor()
    pay_top_up(world, ask_top_up(world, investor, usd("1000")), Token.PARTIAL_AMOUNT)
    assert has(world, investor, "0")
    assert at_the_custodian(world) == 50_000
    assert world.sql("SELECT status, code FROM instructions") == [("review", "amount_differs")]
    assert world.broken_promises() == []


def test_a_card_on_credit_tops_up_nothing_and_is_given_back_when_it_was_seen_late(world: World) -> None:
    investor = world.investor()
    pay_top_up(world, ask_top_up(world, investor, usd("1000")), Token.CREDIT_CARD)
    assert at_the_custodian(world) == 0
    pay_top_up(world, ask_top_up(world, investor, usd("1000")), Token.LATE_CREDIT_CARD)
    assert has(world, investor, "0")
    assert at_the_custodian(world) == 0
    assert world.broken_promises() == []
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_given_back'") == [(1,)]


def test_a_declined_top_up_leaves_nothing_behind(world: World) -> None:
    investor = world.investor()
    pay_top_up(world, ask_top_up(world, investor, usd("1000")), Token.DECLINE)
    assert has(world, investor, "0")
    assert world.broken_promises() == []
