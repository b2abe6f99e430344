"""What happened at a gateway though nobody here asked for it: paid twice, refunded by hand. Each is made good once."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.errors import Refused
from app.jobs import reconcile, send_payments
from app.money import Money
from app.payments.errors import Rejected
from app.payments.port import Op, Ref
from app.payments.sandbox.tables import Token
from tests.builders import World, usd
from tests.cash.keeping import ask_top_up, at_the_custodian, has, pay_top_up
from tests.payments.test_refusals import with_gateway_that_says
from tests.reconciliation.planting import breaks, kinds, line, listen


def payment(world: World) -> tuple[str, str]:
    """Our name of the only collection, and the gateway's."""
    ((op_id, ref),) = world.sql("SELECT op_id, provider_ref FROM instructions WHERE kind = 'collect'")
    return str(op_id), str(ref)


def paid_twice(world: World, account: str, amount: int) -> None:
    """The gateway makes two payments of one request, as one that forgets its keys would; nobody is told of the second."""
    assert world.platform.sandbox is not None
    far, (op_id, _) = world.platform.sandbox, payment(world)
    far.behave(drop=["payment.succeeded"])
    second = far.create(
        "payment", f"{world.platform.environment}:{op_id}:2", uuid4(), account=account, amount_minor=amount,
        currency="USD", reference="again", return_url="-",
    )  # fmt: skip
    far.pay(second, Token.OK)
    world.move_clock(minutes=20)


def by_hand(world: World, amount: Money) -> None:
    """Somebody gives a payment back at the gateway's own desk."""
    _, ref = payment(world)
    made = world.platform.custodian.refund(Op(uuid4(), 1, "-"), Ref.read(ref), amount)
    world.sql("UPDATE sandbox.objects SET key = NULL WHERE id = :id", id=made.ref.id)
    world.move_clock(minutes=20)


@pytest.mark.scenario(39)
def test_what_was_paid_twice_goes_back_once_and_the_pledge_keeps_the_first(world: World) -> None:
    pledge = world.held(world.live())
    account = f"offering-{pledge.offering_id}"
    paid_twice(world, account, 25_000)
    listen(world)
    assert kinds(world) == ["R8"]
    listen(world)
    world.run_jobs()
    assert listen(world) == []
    assert world.sql("SELECT kind, status, amount_minor FROM instructions WHERE kind = 'refund'") == [
        ("refund", "succeeded", 25_000)
    ]
    assert at_the_custodian(world, account) == 25_000
    second = world.sql("SELECT about FROM sandbox.objects WHERE kind = 'refund'")[0][0]
    assert f"payment/{second}" != payment(world)[1]
    assert world.pledge(pledge.id).status == "held"
    assert world.sql("SELECT count(*) FROM messages WHERE kind = 'refund_due'") == [(1,)]
    assert world.broken_promises() == []
    world.cancel(pledge)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    assert at_the_custodian(world, account) == 0
    assert world.broken_promises() == []


def test_a_top_up_that_was_paid_twice_is_in_the_account_once(world: World) -> None:
    investor = world.investor()
    pay_top_up(world, ask_top_up(world, investor, usd("100")))
    paid_twice(world, "clients", 10_000)
    listen(world)
    world.run_jobs()
    assert listen(world) == []
    assert has(world, investor, "100") and at_the_custodian(world) == 10_000
    assert world.broken_promises() == []


def test_a_refund_that_was_made_by_hand_ends_the_pledge_as_ours_would(world: World) -> None:
    pledge = world.held(world.live())
    by_hand(world, usd("250"))
    assert listen(world) == []
    ended = world.pledge(pledge.id)
    assert (ended.status, ended.stop_reason) == ("refunded", "refunded_by_hand")
    assert world.sql("SELECT status FROM instructions WHERE kind = 'refund'") == [("cancelled",)]
    assert world.sql("SELECT kind, status FROM breaks WHERE kind = 'R3'") == [("R3", "cleared")]
    assert at_the_custodian(world, f"offering-{pledge.offering_id}") == 0
    assert world.sql("SELECT taken_minor, held_minor FROM offering_progress") == [(0, 0)]
    listen(world)
    world.run_jobs()
    assert world.sql("SELECT count(*) FROM journal_entries WHERE kind = 'refund_paid'") == [(1,)]
    assert world.broken_promises() == []


def test_a_refund_that_the_gateway_refused_and_somebody_made_by_hand_is_sent_no_more(world: World) -> None:
    pledge = world.held(world.live())
    world.cancel(pledge)
    send_payments.run(with_gateway_that_says(world, Rejected("too_old")).platform)
    by_hand(world, usd("250"))
    assert listen(world) == []
    assert world.pledge(pledge.id).status == "refunded"
    assert world.sql("SELECT status FROM instructions WHERE kind = 'refund'") == [("cancelled",)]
    assert world.broken_promises() == []


@pytest.mark.parametrize("amount", ["100", "249.99"])
def test_a_part_that_was_refunded_by_hand_is_left_to_a_person(world: World, amount: str) -> None:
    pledge = world.held(world.live())
    by_hand(world, usd(amount))
    before = (world.pledge(pledge.id).status, world.sql("SELECT count(*) FROM journal_entries"))
    assert [one.kind for one in listen(world)] == ["R3"]
    assert (world.pledge(pledge.id).status, world.sql("SELECT count(*) FROM journal_entries")) == before
    assert before[0] == "held"


@pytest.mark.scenario(31)
def test_two_equal_parts_that_were_refunded_by_hand_are_two_and_the_books_wait_for_a_person(world: World) -> None:
    pledge = world.held(world.live())
    before = world.sql("SELECT count(*) FROM journal_entries")
    by_hand(world, usd("125"))
    by_hand(world, usd("125"))
    found = listen(world)
    assert sorted((one.kind, one.amount_minor) for one in found if one.kind == "R3") == [("R3", -12_500)] * 2
    assert len({one.key for one in found}) == len(found)
    assert at_the_custodian(world, f"offering-{pledge.offering_id}") == 0
    assert world.pledge(pledge.id).status == "held" and world.sql("SELECT count(*) FROM journal_entries") == before
    assert world.broken_promises() == []  # each line stands as a break


def test_after_the_shares_a_refund_by_hand_is_left_to_a_person(world: World) -> None:
    offering = world.live(target="250")
    pledge = world.held(offering)
    world.settled(offering)
    line(world, "what_the_refund_leaves_from", 25_000, account=f"offering-{offering.id}")
    by_hand(world, usd("250"))
    entries = world.sql("SELECT count(*) FROM journal_entries WHERE kind = 'refund_paid'")
    assert "R3" in [one.kind for one in listen(world)]
    assert world.pledge(pledge.id).status == "settled"
    assert world.sql("SELECT count(*) FROM journal_entries WHERE kind = 'refund_paid'") == entries == [(0,)]


# What clients' money lacks


def test_no_officer_releases_money_while_the_platform_owes_to_clients(world: World) -> None:
    offering, officers = world.live(target="250"), (world.officer(), world.officer())
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    short(world, offering.id)
    before = world.contents()
    with pytest.raises(Refused, match="clients_money_short") as caught:
        world.approve_closing(offering, *officers)
    assert caught.value.facts == {"short": usd("3")}
    assert world.contents() == before
    world.force("UPDATE ledger_accounts SET debits = 0 WHERE code = '1190'")
    reconcile.settle(world.platform)
    assert "R14" not in [one.kind for one in breaks(world)]
    world.approve_closing(offering, *officers)
    assert world.sql("SELECT status FROM closings") == [("releasing",)]


def test_what_another_offering_lacks_holds_up_only_that_one(world: World) -> None:
    offering, other = world.live(target="250"), world.live()
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    short(world, other.id)
    world.approve_closing(offering)
    assert world.sql("SELECT status FROM closings WHERE offering_id = :id", id=offering.id) == [("releasing",)]


def short(world: World, offering_id: int) -> None:
    """Three dollars have been owed for longer than they may."""
    world.sql(
        "INSERT INTO ledger_accounts (book, code, class, currency, offering_id, guard)"
        " VALUES ('client', '1190', 'asset', 'USD', :offering, 'no_credit_balance') ON CONFLICT DO NOTHING",
        offering=offering_id,
    )
    world.force("UPDATE ledger_accounts SET debits = 300 WHERE code = '1190' AND offering_id = :id", id=offering_id)
    reconcile.settle(world.platform)
    assert "R14" in [one.kind for one in breaks(world)]
