"""Each kind of a break, planted and found; what is done at once is done, and nothing else. R17 is in tests/payments."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from app.errors import Refused
from app.jobs import reconcile, send_payments
from app.ledger import actions as ledger
from app.ledger.chart import Account, Code
from app.ledger.draft import Draft, credit, platform_owes
from app.money import Money
from app.payments.port import Balance
from app.payments.sandbox.tables import Fault, Token
from app.reconciliation import actions, queries
from app.reconciliation.classes import RULES, Action, Kind
from app.reconciliation.models import Break
from app.switches import queries as switches
from tests.builders import World, usd
from tests.reconciliation.planting import breaks, kinds, line, listen


def only(world: World) -> Break:
    (found,) = breaks(world)
    assert (found.action, found.owner) == (RULES[Kind(found.kind)].action, RULES[Kind(found.kind)].owner)
    return found


def switched_off(world: World) -> list[tuple[str | None, str | None, int | None, int | None]]:
    with world.looking() as view:
        return [(one.gateway, one.direction, one.offering_id, one.pledge_id) for one in switches.all_set(view.session)]


def entries(world: World) -> int:
    return int(world.sql("SELECT count(*) FROM journal_entries")[0][0])


def test_r1_a_line_that_came_this_minute_waits(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge)  # no event was handed over yet
    before = entries(world)
    listen(world)
    found = only(world)
    assert (found.kind, found.pledge_id, found.amount_minor) == ("R1", pledge.id, 25_000)
    assert entries(world) == before
    world.run_jobs()
    assert listen(world) == []
    ((status, entry),) = world.sql("SELECT status, entry_id FROM breaks")
    assert (status, entry) == (
        "cleared",
        world.sql("SELECT id FROM journal_entries WHERE kind = 'funds_collected'")[0][0],
    )


def test_r2_a_line_whose_event_was_lost_is_asked_about_and_booked_once(world: World) -> None:
    assert world.platform.sandbox is not None
    world.platform.sandbox.behave(drop=["payment.succeeded"])
    pledge = world.pledged(world.live())
    world.pay(pledge)
    world.move_clock(minutes=20)
    assert listen(world) == []
    assert world.pledge(pledge.id).status == "held"
    ((kind, status, entry),) = world.sql("SELECT kind, status, entry_id FROM breaks")
    assert (kind, status) == ("R2", "cleared") and entry is not None
    listen(world)
    assert len(world.sql("SELECT 1 FROM breaks")) == 1
    assert world.broken_promises() == []


def test_r2_what_the_gateway_does_not_answer_stays_open_and_is_asked_again(world: World) -> None:
    pledge = world.held(world.live())
    world.force("UPDATE instructions SET provider_ref = 'payment/gone' WHERE pledge_id = :id", id=pledge.id)
    line(world, "gone", 500, account=f"offering-{pledge.offering_id}")
    world.move_clock(minutes=20)
    assert [one.kind for one in listen(world)] == ["R2"]
    assert only(world).amount_minor == 500


@pytest.mark.scenario(39)
def test_r3_money_of_nobody_we_know_is_set_apart(world: World) -> None:
    offering = world.live()
    world.held(offering)
    key = line(world, "made_by_hand", 7_000, account=f"offering-{offering.id}")
    world.move_clock(minutes=20)
    listen(world)
    ((code, minor),) = world.sql(
        "SELECT a.code, p.amount_minor FROM postings p JOIN ledger_accounts a ON a.id = p.account_id JOIN journal_entries e"
        " ON e.id = p.entry_id WHERE e.evidence = :key AND p.side = 'C'", key=key,
    )  # fmt: skip
    assert (code, minor) == ("2200", 7_000)
    listen(world)
    assert world.sql("SELECT kind, status, action FROM breaks") == [("R3", "cleared", "set_apart")]
    assert world.broken_promises() == []


@pytest.mark.scenario(39)
def test_r3_a_refund_made_by_hand_is_nobodys_to_book_and_calls_a_person(world: World) -> None:
    offering = world.live()
    world.held(offering)
    line(world, "made_by_hand", -7_000, "refund", account=f"offering-{offering.id}")
    world.move_clock(minutes=20)
    before = entries(world)
    (found,) = listen(world)
    assert (found.kind, found.action, found.amount_minor) == ("R3", Action.CALL, -7_000)
    assert entries(world) == before
    assert world.broken_promises() == []


def test_r4_an_entry_that_the_gateway_never_lists_freezes_its_pledge(world: World) -> None:
    pledge = world.held(world.live())
    world.force("DELETE FROM sandbox.transactions")
    world.move_clock(days=2)
    assert "R4" in [one.kind for one in listen(world)]
    assert (None, None, None, pledge.id) in switched_off(world)
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refund_due"  # recorded, and not sent


def test_r5_an_entry_that_says_otherwise_than_its_line_calls_a_person(world: World) -> None:
    pledge = world.held(world.live())
    listen(world)
    world.force("UPDATE gateway_transactions SET amount_minor = 24999, net_minor = 24999")
    world.force("UPDATE sandbox.transactions SET amount_minor = 24999")
    listen(world)
    found = {one.kind: one for one in breaks(world)}
    assert found["R5"].amount_minor == -1 and found["R5"].pledge_id == pledge.id
    assert found["R13"].amount_minor == -1


def test_r5_a_payment_of_another_amount_is_booked_apart_and_waits_for_a_person(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.PARTIAL_AMOUNT)
    world.run_jobs()
    listen(world)
    found = only(world)
    assert (found.kind, found.pledge_id) == ("R5", pledge.id)


def test_r6_a_fee_that_is_not_what_it_used_to_be_is_told_and_keeps_no_day_from_being_clean(world: World) -> None:
    world.held(world.live())
    for day in range(1, 20):
        paid(world, f"old_{day}", 100_000 + day * 777, days=day)
    assert [one.kind for one in after_reconciling(world) if one.kind == "R6"] == []
    paid(world, "dearer", 200_000, days=0, dearer=1_000)
    (found,) = [one for one in after_reconciling(world) if one.kind == "R6"]
    assert 900 < found.amount_minor < 1_100
    assert not RULES[Kind.FEE].is_hard


def paid(world: World, name: str, amount: int, *, days: int, dearer: int = 0) -> None:
    """A payment line with a fee of 2.9 % and 30."""
    world.sql(
        "INSERT INTO gateway_transactions (gateway, transaction_id, kind, source, amount_minor, fee_minor, net_minor,"
        " currency, created_at, account, listed_at) VALUES ('other', CAST(:name AS text), 'payment', 'payment/x' || CAST(:name AS text), :amount, :fee,"
        " :amount - :fee, 'USD', platform_now() - :days * interval '1 day', '', platform_now())",
        name=name, amount=amount, fee=amount * 29 // 1_000 + 30 + dearer, days=days,
    )  # fmt: skip


def after_reconciling(world: World) -> list[Break]:
    with world.acting() as tx:
        actions.reconcile(tx, world.platform.environment)
    return breaks(world)


def test_r7_a_payment_in_another_currency_freezes_its_pledge(world: World) -> None:
    pledge = world.pledged(world.live())
    world.pay(pledge, Token.WRONG_CURRENCY)
    world.deliver_events()
    listen(world)
    assert "R7" in kinds(world)
    assert (None, None, None, pledge.id) in switched_off(world)


def test_r8_a_second_payment_for_one_instruction_is_set_apart(world: World) -> None:
    pledge = world.held(world.live())
    ((ref,),) = world.sql("SELECT provider_ref FROM instructions WHERE kind = 'collect'")
    line(world, ref.split("/")[1], 25_000, account=f"offering-{pledge.offering_id}", id="txn_zz_twice")
    listen(world)
    found = only(world)
    assert (found.kind, found.pledge_id, found.amount_minor) == ("R8", pledge.id, 25_000)
    assert world.sql("SELECT credits FROM ledger_accounts WHERE code = '2200'") == [(25_000,)]
    assert world.pledge(pledge.id).status == "held"
    assert world.broken_promises() == []


def test_r9_an_outcome_that_stays_unknown_calls_a_person(world: World) -> None:
    assert world.platform.sandbox is not None
    pledge = world.pledged(world.live())
    world.platform.sandbox.next_fault("payment", *[Fault.TIMEOUT_BEFORE] * 3)
    send_payments.run(world.platform)
    assert kinds_after(world) == []
    world.move_clock(hours=2)
    assert kinds_after(world) == ["R9"]
    assert only(world).pledge_id == pledge.id


def kinds_after(world: World) -> list[str]:
    after_reconciling(world)
    return kinds(world)


@pytest.mark.parametrize("status", ["failed", "review"])
def test_r10_a_refund_that_is_stuck_calls_a_person(world: World, status: str) -> None:
    pledge = world.held(world.live())
    world.cancel(pledge)
    world.force("UPDATE instructions SET status = :status WHERE kind = 'refund'", status=status)
    assert kinds_after(world) == ["R10"]
    assert only(world).pledge_id == pledge.id


def test_r11_a_payout_that_failed_calls_a_person_until_it_is_paid_again(world: World) -> None:
    offering = world.live(target="250")
    world.held(offering)
    world.change_payee(offering.issuer_id, holder="Company", account="DE00 0000 0096")
    world.pass_deadline(offering)
    world.run_jobs()
    world.approve_closing(offering)
    world.run_jobs()
    assert "R11" in kinds_after(world)


def test_r12_what_a_bank_took_back_after_the_shares_is_an_officers(world: World) -> None:
    offering = world.live(target="250")
    pledge = world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    world.approve_closing(offering)
    world.run_jobs()
    world.sql(
        "INSERT INTO ledger_accounts (book, code, class, currency, offering_id, pledge_id, guard)"
        " VALUES ('client', '1195', 'asset', 'USD', :offering, :pledge, 'no_credit_balance')",
        offering=offering.id, pledge=pledge.id,
    )  # fmt: skip
    world.force("UPDATE ledger_accounts SET debits = 25000 WHERE code = '1195'")
    found = [one for one in after_reconciling(world) if one.kind == "R12"]
    assert [(one.pledge_id, one.amount_minor, one.owner) for one in found] == [
        (pledge.id, 25_000, "compliance_officer")
    ]


@pytest.mark.scenario(38)
@pytest.mark.parametrize("short", [-1, 1])
def test_r13_a_custodian_that_holds_one_unit_less_or_more_pays_nothing_out(world: World, short: int) -> None:
    pledge = world.held(world.live())
    listen(world)
    with world.acting() as tx:
        balance = Balance(f"offering-{pledge.offering_id}", usd("250") + usd("0.01") if short > 0 else usd("249.99"))
        actions.keep_balances(tx, "sandbox", [balance])
    after_reconciling(world)
    found = only(world)
    assert (found.kind, found.amount_minor, found.offering_id) == ("R13", short, pledge.offering_id)
    assert switched_off(world) == [("sandbox", "out", None, None)]
    world.cancel(pledge)
    before = world.sql("SELECT status, attempts FROM instructions WHERE kind = 'refund'")
    send_payments.run(world.platform)
    assert world.sql("SELECT status, attempts FROM instructions WHERE kind = 'refund'") == before == [("queued", 0)]
    listen(world)  # it holds what it should again: the break is cleared, and a person lifts the switch
    assert breaks(world) == [] and len(switched_off(world)) == 1
    assert world.broken_promises() == []


def test_r14_what_the_platform_owes_to_clients_money_for_too_long_is_an_order_to_pay(world: World) -> None:
    offering = world.live()
    owed(world, offering.id, 300)
    assert kinds_after(world) == []
    world.move_clock(hours=25)
    owed(world, offering.id, 44)
    found = [one for one in after_reconciling(world) if one.kind == "R14"]
    assert [(one.offering_id, one.amount_minor) for one in found] == [(offering.id, 300)]


def test_r14_a_collector_below_zero_is_one_at_once(world: World) -> None:
    world.sql(
        "INSERT INTO ledger_accounts (book, code, class, currency, gateway, guard) VALUES ('client', '1010', 'asset',"
        " 'USD', 'cards', 'none')"
    )
    world.force("UPDATE ledger_accounts SET credits = 5 WHERE code = '1010'")
    found = after_reconciling(world)
    assert [(one.kind, one.gateway, one.amount_minor) for one in found] == [("R14", "cards", 5)]


def owed(world: World, offering_id: int, minor: int) -> None:
    """A gateway kept something of what it collected."""
    account, kept = Account(Code.INVESTOR_HELD, offering_id, 1), Money(minor, "USD")
    lines = (credit(account, kept), *platform_owes(offering_id, kept, Code.PROCESSOR_FEE))
    with world.acting() as tx:
        ledger.post(tx, Draft("funds_collected", f"owed:{minor}", "USD", lines))


def test_r15_money_that_nobody_asked_back_for_ten_business_days_calls_a_person(world: World) -> None:
    offering = world.live()
    world.held(offering)
    line(world, "wire", 900, account=f"offering-{offering.id}")
    world.move_clock(minutes=20)
    listen(world)
    world.move_clock(days=13)
    assert "R15" not in kinds_after(world)
    world.move_clock(days=2)
    found = [one for one in after_reconciling(world) if one.kind == "R15"]
    assert [(one.offering_id, one.amount_minor) for one in found] == [(offering.id, 900)]


def test_r16_a_line_of_another_environment_is_never_booked(world: World) -> None:
    offering = world.live()
    world.held(offering)
    world.sql(
        "INSERT INTO sandbox.objects (id, kind, op_id, key, account, amount_minor, currency, status, created_at)"
        " SELECT 'theirs', kind, op_id, 'live:' || op_id || '\\:1', account, amount_minor, currency, status, created_at"
        " FROM sandbox.objects"
    )
    line(world, "theirs", 25_000, account=f"offering-{offering.id}")
    world.move_clock(minutes=20)
    before = entries(world)
    listen(world)
    assert "R16" in kinds(world) and "R3" not in kinds(world)
    assert entries(world) == before


def test_every_kind_has_a_rule_and_the_soft_ones_are_timing_price_and_events() -> None:
    assert set(RULES) == set(Kind) and len(Kind) == 17
    assert {kind for kind, rule in RULES.items() if not rule.is_hard} == {Kind.TIMING, Kind.FEE, Kind.EVENT}


# Ending


def test_a_person_explains_a_break_and_it_stays_so_while_it_is_the_same(world: World) -> None:
    world.held(world.live())
    line(world, "made_by_hand", -7_000, "refund", account="offering-1")
    world.move_clock(minutes=20)
    (found,) = listen(world)
    person = world.officer()
    before = world.contents()
    with pytest.raises(Refused, match="note_too_short"), world.acting(person) as tx:
        actions.explain(tx, found.ref, "  no  ")
    assert world.contents() == before
    with world.acting(person) as tx:
        actions.explain(tx, found.ref, "The bank paid it back to its sender on our word.")
    assert [one.kind for one in listen(world)] == []
    with pytest.raises(Refused, match="illegal_move"), world.acting(person) as tx:
        actions.explain(tx, found.ref, "The bank paid it back to its sender on our word.")
    assert world.sql("SELECT event, to_status FROM audit_events WHERE subject_type = 'breaks' ORDER BY id") == [
        ("find", "open"), ("explain", "explained"),
    ]  # fmt: skip


def test_a_break_is_never_deleted_and_a_line_is_listed_once(world: World) -> None:
    world.held(world.live())
    line(world, "made_by_hand", -7_000, "refund")
    world.move_clock(minutes=20)
    listen(world)
    for statement in (
        "DELETE FROM breaks", "TRUNCATE breaks", "UPDATE gateway_transactions SET listed_at = now()",
        "UPDATE gateway_transactions SET net_minor = net_minor + 1", "DELETE FROM gateway_transactions",
    ):  # fmt: skip
        with pytest.raises(IntegrityError):
            world.sql(statement)


def test_a_gateway_that_is_silent_is_noted_and_the_others_are_compared(world: World) -> None:
    world.held(world.live())
    listen(world)
    world.sql("ALTER TABLE sandbox.transactions RENAME TO hidden")
    with pytest.raises(ExceptionGroup):
        listen(world)
    world.sql("ALTER TABLE sandbox.hidden RENAME TO transactions")
    assert listen(world) == []
    with world.looking() as view:
        assert queries.readings(view.session)["sandbox"].read_until == view.now
    assert reconcile.settle(world.platform) == 0
