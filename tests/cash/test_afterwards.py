"""What comes later: debits taken back, withdrawals that come back, strays, idle balances, and each day's comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.cash import actions, daily, queries
from app.cash.daily import Compared
from app.errors import Refused
from app.investors.models import Investor
from app.jobs import keep_cash, outcomes, reconcile, send_payments
from app.money import Money
from app.payments.errors import InsufficientProviderFunds
from app.payments.models import Instruction
from app.payments.port import Op, OpKind, Outcome, Ref, Txn, TxnKind
from app.payments.sandbox.tables import Fault, Token
from tests.builders import World, usd
from tests.cash.keeping import (
    ask_top_up,
    ask_withdrawal,
    at_the_custodian,
    has,
    pay_top_up,
    topped_up,
    with_bank,
)


def comes_later(world: World, asked: Instruction, kind: TxnKind, amount: Money, number: int = 1) -> None:
    """The gateway tells of one more line behind something that was done."""
    assert asked.provider_ref is not None
    told = world.platform.custodian.fetch(Ref.read(asked.provider_ref))
    line = replace(told.evidence[0], id=f"txn_late_{number}", kind=kind, amount=amount)
    outcomes.apply(world.platform, asked.id, OpKind(asked.kind), replace(told, evidence=(*told.evidence, line)))


def latest(world: World, kind: OpKind = OpKind.COLLECT) -> Instruction:
    with world.looking() as view:
        (number,) = world.sql("SELECT max(id) FROM instructions WHERE kind = :kind", kind=kind.value)[0]
        return view.session.get_one(Instruction, number)


def test_a_top_up_that_a_bank_takes_back_is_taken_out_of_what_is_free_once(world: World) -> None:
    investor = topped_up(world)
    for _ in range(2):
        comes_later(world, latest(world), TxnKind.RETURN, usd("-1000"))
    assert has(world, investor, "0")
    assert world.broken_promises() == []
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_debit_returned'") == [(1,)]
    assert world.sql("SELECT count(*) FROM alerts") == [(0,)]


def test_what_is_not_there_any_more_the_platform_covers_and_an_officer_looks_at_it(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    top_up = latest(world)
    ask_withdrawal(world, investor, "700")
    world.run_jobs()
    comes_later(world, top_up, TxnKind.RETURN, usd("-1000"))
    assert has(world, investor, "0")
    assert world.sql("SELECT debits FROM ledger_accounts WHERE code = '1190'") == [(70_000,)]
    assert world.sql("SELECT rule, holds FROM alerts") == [("PLATFORM-TOPUP", True)]
    ((told,),) = world.sql("SELECT facts FROM audit_events WHERE event = 'cash_debit_returned'")
    assert (told["amount"]["minor"], told["covered"]["minor"]) == (100_000, 70_000)
    assert world.sql("SELECT debits - credits FROM ledger_accounts WHERE code = '1110'") == [(-70_000,)]
    assert world.broken_promises() == []
    with pytest.raises(Refused, match="details_being_checked"):
        ask_top_up(world, investor, usd("50"))


def test_what_the_platform_owes_to_investors_cash_it_pays_in_by_itself_and_once(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    top_up = latest(world)
    ask_withdrawal(world, investor, "700")
    world.run_jobs()
    for _ in range(2):
        comes_later(world, top_up, TxnKind.RETURN, usd("-1000"))
        world.run_jobs()
    assert world.sql("SELECT kind, status, amount_minor FROM instructions WHERE kind = 'top_up'") == [
        ("top_up", "succeeded", 70_000)
    ]
    net = "SELECT debits - credits FROM ledger_accounts WHERE code = :code"
    assert [world.sql(net, code=code) for code in ("1190", "3100", "1110")] == [[(0,)]] * 3
    assert world.broken_promises() == []


def test_what_cannot_be_paid_in_waits_and_stands_as_owed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    investor = with_bank(world, topped_up(world))
    top_up = latest(world)
    ask_withdrawal(world, investor, "700")
    world.run_jobs()
    comes_later(world, top_up, TxnKind.RETURN, usd("-1000"))

    def has_nothing(*_: object, **__: object) -> None:
        raise InsufficientProviderFunds("balance_insufficient")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.platform.custodian), "move", has_nothing)
        world.run_jobs()
    assert world.sql("SELECT status FROM instructions WHERE kind = 'top_up'") == [("queued",)]
    world.move_clock(hours=25)
    reconcile.settle(world.platform)
    assert ("R14", 70_000) in world.sql("SELECT kind, amount_minor FROM breaks WHERE status = 'open'")
    world.let_backoffs_pass()
    world.run_jobs()
    reconcile.settle(world.platform)
    assert world.sql("SELECT count(*) FROM breaks WHERE kind = 'R14' AND status = 'open'") == [(0,)]
    assert world.broken_promises() == []


def test_a_withdrawal_that_comes_back_is_free_again(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    ask_withdrawal(world, investor, "400")
    world.run_jobs()
    for _ in range(2):
        comes_later(world, latest(world, OpKind.PAY_BACK), TxnKind.PAYOUT_FAILED, usd("400"))
    assert has(world, investor, "1000")
    assert world.broken_promises() == []


def test_a_withdrawal_of_which_we_hear_only_when_it_came_back_is_booked_both_ways(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    assert world.platform.sandbox is not None
    world.platform.sandbox.next_fault("payout", Fault.TIMEOUT_AFTER)
    ask_withdrawal(world, investor, "400")
    send_payments.run(world.platform)
    asked = latest(world, OpKind.PAY_BACK)
    assert asked.status == "unknown"
    paid = world.platform.custodian.find(Op(asked.op_id, 1, world.platform.environment))
    assert paid is not None
    world.platform.sandbox.send_back(paid.ref.id)
    for _ in range(2):
        world.let_backoffs_pass()
        world.run_jobs()
    assert latest(world, OpKind.PAY_BACK).status == "failed" and has(world, investor, "1000")
    reconcile.read(world.platform, world.platform.custodian)
    reconcile.settle(world.platform)
    assert world.sql("SELECT kind FROM breaks WHERE status = 'open'") == []
    assert world.sql("SELECT kind FROM messages WHERE kind LIKE 'cash_%' ORDER BY id DESC LIMIT 1") == [
        ("cash_came_back",)
    ]
    assert world.broken_promises() == []


def stray(world: World) -> tuple[Investor, Instruction]:
    investor = world.investor()
    asked = ask_top_up(world, investor, usd("1000"))
    pay_top_up(world, asked, Token.PARTIAL_AMOUNT)
    return investor, asked


def test_a_person_puts_a_stray_into_the_account_or_sends_it_back_and_only_once(world: World) -> None:
    investor, asked = stray(world)
    with world.acting() as tx:
        actions.settle_stray(tx, asked.op_id, keep=True)
    assert has(world, investor, "500")
    with pytest.raises(Refused, match="stray_settled"), world.acting() as tx:
        actions.settle_stray(tx, asked.op_id, keep=False)
    other, asked = stray(world)
    with world.acting() as tx:
        actions.settle_stray(tx, asked.op_id, keep=False)
    world.run_jobs()
    assert has(world, other, "0")
    assert at_the_custodian(world) == 50_000
    assert world.broken_promises() == []


def test_a_stray_that_cannot_go_back_lies_apart_and_is_an_officers(world: World) -> None:
    investor, asked = stray(world)
    with world.acting() as tx:
        actions.settle_stray(tx, asked.op_id, keep=False)
    world.run_jobs()
    for _ in range(2):
        comes_later(world, latest(world, OpKind.REFUND), TxnKind.REFUND_FAILED, usd("500"))
    assert world.sql("SELECT credits - debits FROM ledger_accounts WHERE code = '2200'") == [(50_000,)]
    assert world.sql("SELECT rule, holds, subject_id FROM alerts") == [("PLATFORM-APART", False, investor.id)]
    assert world.sql("SELECT kind, status FROM review_cases WHERE kind = 'alert'") == [("alert", "open")]
    assert world.broken_promises() == []


def test_money_in_another_currency_only_goes_back(world: World) -> None:
    investor = world.investor()
    asked = ask_top_up(world, investor, usd("1000"))
    pay_top_up(world, asked, Token.WRONG_CURRENCY)
    before = world.contents()
    with pytest.raises(Refused, match="stray_other_currency"), world.acting() as tx:
        actions.settle_stray(tx, asked.op_id, keep=True)
    assert world.contents() == before
    with world.acting() as tx:
        actions.settle_stray(tx, asked.op_id, keep=False)
    world.run_jobs()
    assert at_the_custodian(world) == 0
    assert world.broken_promises() == []


def test_an_unpaid_top_up_is_stopped_and_a_late_payment_goes_back(world: World) -> None:
    investor = world.investor()
    asked = ask_top_up(world, investor, usd("1000"))
    world.run_jobs()
    keep_cash.run(world.platform)
    world.run_jobs()
    assert world.sql("SELECT status FROM instructions") == [("action_required",)]
    world.move_clock(hours=25)
    keep_cash.run(world.platform)
    keep_cash.run(world.platform)
    world.run_jobs()
    assert world.sql("SELECT kind, status FROM instructions ORDER BY id") == [
        ("collect", "cancelled"), ("cancel", "succeeded"),
    ]  # fmt: skip
    # The provider took the money all the same.
    with world.looking() as view:
        row = view.session.get_one(Instruction, asked.id)
    line = Txn("txn_stray", TxnKind.PAYMENT, row.ref() or Ref("", ""), usd("1000"), usd("0"), world.now(), "clients")
    outcomes.apply(
        world.platform, row.id, OpKind.COLLECT, Outcome("succeeded", line.source, usd("1000"), evidence=(line,))
    )
    assert has(world, investor, "0")
    assert world.sql("SELECT kind, status, amount_minor FROM instructions WHERE kind = 'refund'") == [
        ("refund", "queued", 100_000)
    ]


def test_free_money_without_a_movement_for_a_year_is_reported_and_told_once(world: World) -> None:
    investor, busy = topped_up(world), topped_up(world, "20")
    world.move_clock(days=300)
    topped_up(world, "20", busy)
    world.move_clock(days=64)
    keep_cash.run(world.platform)
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_dormant'") == [(0,)]
    world.move_clock(days=1)
    keep_cash.run(world.platform)
    keep_cash.run(world.platform)
    with world.looking() as view:
        assert [(one.investor_id, one.minor) for one in queries.dormant(view.session, view.now)] == [
            (investor.id, 100_000)
        ]
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_dormant'") == [(1,)]


def test_each_custodian_and_currency_is_compared_whoever_knows_of_it() -> None:
    books, told = {("bank", "USD"): 700, ("bank", "EUR"): 5}, {("bank", "USD"): 690, ("other", "CNY"): 3}
    assert daily.compare(books, {"USD": 700, "EUR": 5}, told) == [
        Compared("bank", "EUR", 5, 5, 0), Compared("bank", "USD", 700, 700, 690), Compared("other", "CNY", 0, 0, 3),
    ]  # fmt: skip
    assert [one.difference for one in daily.compare(books, {}, told)] == [-5, -10, 3]


def days(world: World) -> list[tuple[object, ...]]:
    return world.sql(
        "SELECT day::text, ledger_minor, custodian_minor, difference_minor, owed_minor FROM cash_days ORDER BY id"
    )


def test_every_day_has_its_comparison_and_a_difference_is_found_and_stays_written(world: World) -> None:
    topped_up(world)
    for _ in range(3):
        keep_cash.run(world.platform)
    assert days(world) == [("2026-03-03", 100_000, 100_000, 0, 100_000)]
    world.move_clock(days=1)
    keep_cash.run(world.platform)
    assert len(days(world)) == 2
    world.sql("UPDATE sandbox.transactions SET amount_minor = amount_minor - 1 WHERE account = 'clients'")
    keep_cash.run(world.platform)
    assert days(world)[-1] == ("2026-03-04", 100_000, 99_999, -1, 100_000)
    assert [name[:2] for name in world.broken_promises()] == ["K2"]
    world.sql("UPDATE sandbox.transactions SET amount_minor = amount_minor + 1 WHERE account = 'clients'")
    keep_cash.run(world.platform)
    assert [row[3] for row in days(world)] == [0, 0, -1, 0]
    assert world.broken_promises() == []
    with pytest.raises(IntegrityError):
        world.sql("DELETE FROM cash_days")


def test_what_the_custodian_did_and_we_have_not_heard_of_is_no_difference(world: World) -> None:
    investor = with_bank(world, topped_up(world))
    ask_withdrawal(world, investor, "400")
    assert world.platform.sandbox is not None
    from app.payments.sandbox.tables import Fault

    world.platform.sandbox.next_fault("payout", Fault.TIMEOUT_AFTER)
    world.run_jobs()
    assert at_the_custodian(world) == 60_000
    keep_cash.run(world.platform)
    assert days(world) == []
    world.let_backoffs_pass()
    world.run_jobs()
    keep_cash.run(world.platform)
    assert days(world) == [("2026-03-03", 60_000, 60_000, 0, 60_000)]


def test_when_the_operator_stops_offering_it_refunds_go_back_to_their_source(world: World) -> None:
    investor = world.investor()
    with world.acting() as tx:
        actions.choose_refunds(tx, investor.id, to_cash=True)
    keep_cash.run(world.platform)
    assert world.sql("SELECT refunds_to_cash FROM cash_choices") == [(True,)]
    keep_cash.run(replace(world.platform, settings=replace(world.platform.settings, cash_accounts=False)))
    assert world.sql("SELECT refunds_to_cash FROM cash_choices") == [(False,)]


def test_a_frozen_account_is_free_after_the_policys_days(world: World) -> None:
    investor = with_bank(world, with_bank(world, world.investor()), account="GB99 0000 1111")
    with world.looking() as view:
        account = queries.bank_account(view.session, investor.id)
    assert account is not None and account.usable_from - account.given_at == timedelta(days=3)
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'cash_account_set'") == [(2,)]
    with_bank(world, investor, account="GB99 0000 1111")
    assert world.sql("SELECT count(*) FROM bank_accounts") == [(2,)]
