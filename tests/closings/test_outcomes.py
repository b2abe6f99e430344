"""How an offering ends: sold and paid out, missed and given back, withdrawn; with slow banks and refusing ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.closings import actions as closings
from app.errors import Refused
from app.jobs import close_offerings, process_inbox, send_payments
from app.ledger import queries as ledger
from app.ledger.chart import Code
from app.offerings.models import Offering
from app.payments.sandbox.tables import Token
from app.regimes.law_book import LawBook
from app.share_register import queries as register
from tests.builders import World
from tests.closings.conftest import Desk

REFUSING, SOUND = "US00 0000 0096", "US00 3333 4444"


def cash(world: World) -> list[tuple[str, int]]:
    """What the provider's own books say: every movement by kind."""
    rows = world.sql("SELECT kind, sum(amount_minor) FROM sandbox.transactions GROUP BY kind ORDER BY kind")
    return [(kind, int(minor)) for kind, minor in rows]


def told(world: World, kind: str) -> int:
    return int(world.sql("SELECT count(*) FROM messages WHERE kind = :kind", kind=kind)[0][0])


def in_escrow(world: World, offering: Offering) -> int:
    with world.looking() as view:
        return ledger.balance(view.session, Code.ESCROW_CASH, "USD", offering_id=offering.id)


# Missed


def test_a_missed_target_gives_everybody_their_money_back_once(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="1000")
    for shares in (100, 200, 99):
        world.held(offering, shares)
    world.pass_deadline(offering)
    world.move_clock(minutes=-2)
    unpaid = world.pledged(offering, 500)
    assert world.platform.sandbox is not None
    world.platform.sandbox.behave(copies=2)
    world.move_clock(minutes=2)
    desk.until_quiet()
    assert desk.statuses(offering) == ["refunded", "refunded", "refunded", "cancelled"]
    assert world.pledge(unpaid.id).stop_reason == "offering_ended"
    assert (desk.closing(offering).status, world.offering(offering.id).status) == ("aborted", "refunded")
    assert cash(world) == [("payment", 99_750), ("refund", -99_750)]
    assert (told(world, "refund_due"), told(world, "refund_paid"), told(world, "offering_failed")) == (3, 3, 1)
    assert world.sql("SELECT facts ->> 'minor' FROM messages WHERE kind = 'offering_failed'") == [("99750",)]
    progress = world.offering(offering.id).progress
    assert (progress.taken_minor, progress.held_minor, progress.settled_minor) == (0, 0, 0)
    assert world.broken_promises() == []


@pytest.mark.parametrize(("shares", "end"), [(99, "refunded"), (100, "closing")])
def test_the_target_must_be_reached_to_the_cent(desk: Desk, shares: int, end: str) -> None:
    world = desk.world
    offering = world.live(target="250")
    world.held(offering, shares)
    world.pass_deadline(offering)
    desk.until_quiet()
    assert world.offering(offering.id).status == end


def test_a_failed_offering_is_not_called_refunded_before_the_last_cent_is_back(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="1000")
    slow, quick = world.pledged(offering), world.held(offering)
    world.pay(slow, Token.REFUND_DELAYED)
    world.run_jobs()
    world.pass_deadline(offering)
    desk.until_quiet()
    assert (world.pledge(quick.id).status, world.pledge(slow.id).status) == ("refunded", "refund_due")
    assert world.offering(offering.id).status == "failed"
    world.move_clock(days=3, minutes=1)
    desk.until_quiet()
    assert world.offering(offering.id).status == "refunded"
    assert world.broken_promises() == []


def test_money_that_nobody_waited_for_is_a_part_of_the_last_cent(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="1000")
    world.pay(world.pledged(offering), Token.PARTIAL_AMOUNT)
    world.deliver_events()
    process_inbox.run(world.platform)
    world.pass_deadline(offering)
    close_offerings.run(world.platform)
    close_offerings.run(world.platform)
    assert (world.offering(offering.id).status, in_escrow(world, offering)) == ("failed", 12_500)
    desk.until_quiet()
    assert (world.offering(offering.id).status, in_escrow(world, offering)) == ("refunded", 0)


# The deadline


def test_nothing_ends_before_the_deadline(desk: Desk) -> None:
    world = desk.world
    offering = world.live()
    before = world.contents()
    with pytest.raises(Refused, match="not_due"), world.acting() as tx:
        closings.begin(tx, offering.id)
    assert world.contents() == before


@pytest.mark.parametrize(("token", "end"), [(Token.DELAYED_OK, "settled"), (Token.DELAYED_FAIL, "refunded")])
def test_money_on_its_way_at_the_deadline_is_waited_for(desk: Desk, token: Token, end: str) -> None:
    """Without the slow one the target is missed."""
    world = desk.world
    offering = world.live(target="500")
    world.held(offering, 100)
    slow = world.pledged(offering, 100)
    world.pass_deadline(offering)
    world.move_clock(minutes=-2)
    world.pay(slow, token)
    world.run_jobs()
    world.move_clock(minutes=2)
    desk.until_quiet()
    assert (desk.closing(offering).status, world.pledge(slow.id).status) == ("gathering", "processing")

    world.move_clock(days=3)
    desk.until_quiet()
    if end == "settled":
        assert desk.closing(offering).total_minor == 50_000
        world.approve_closing(offering)
        desk.until_quiet()
    assert (world.offering(offering.id).status, set(desk.statuses(offering))) == (
        end, {"settled"} if end == "settled" else {"refunded", "failed"},
    )  # fmt: skip
    assert world.broken_promises() == []


def test_who_paid_before_the_deadline_is_in_although_we_hear_of_it_after(desk: Desk) -> None:
    """The event was lost, and the closing began before anybody asked."""
    world = desk.world
    offering = world.live(target="250")
    pledge = world.pledged(offering, 100)
    world.pass_deadline(offering)
    world.move_clock(minutes=-4)
    world.pay(pledge)
    world.move_clock(minutes=4)
    with world.acting() as tx:
        closings.begin(tx, offering.id)
    assert world.pledge(pledge.id).status == "cancelling"
    desk.until_quiet()
    assert (world.pledge(pledge.id).status, desk.closing(offering).status) == ("held", "proposed")
    world.approve_closing(offering)
    desk.until_quiet()
    assert world.offering(offering.id).status == "settled"
    assert world.broken_promises() == []


def test_who_pays_after_the_deadline_is_not_in(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="250")
    world.held(offering, 100)
    late = world.pledged(offering, 100)
    send_payments.run(world.platform)
    world.pass_deadline(offering)
    world.pay(late)
    with world.acting() as tx:
        closings.begin(tx, offering.id)
    desk.until_quiet()
    assert (world.pledge(late.id).status, desk.closing(offering).total_minor) == ("refunded", 25_000)
    assert world.broken_promises() == []


def test_money_that_comes_after_the_days_of_grace_goes_back(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="250")
    world.held(offering, 100)
    slow = world.pledged(offering, 100)
    world.pay(slow, Token.DELAYED_OK)
    world.run_jobs()
    world.sql("UPDATE sandbox.objects SET due_at = due_at + interval '90 days' WHERE status = 'processing'")
    world.pass_deadline(offering)
    desk.until_quiet()
    assert desk.closing(offering).status == "gathering"

    world.move_clock(days=5)
    desk.until_quiet()
    assert (world.pledge(slow.id).status, desk.closing(offering).total_minor) == ("cancelling", 25_000)
    world.approve_closing(offering)
    desk.until_quiet()
    assert world.offering(offering.id).status == "settled"

    world.move_clock(days=60)
    desk.until_quiet()
    assert desk.statuses(offering) == ["settled", "refunded"]
    assert cash(world) == [("move", 0), ("payment", 50_000), ("payout", -23_750), ("refund", -25_000)]
    assert world.broken_promises() == []


def test_money_is_not_released_before_the_days_of_the_law_are_over(desk: Desk) -> None:
    """17 CFR 227.303(e)(3): open for at least 21 days, whatever was promised."""
    world = desk.world
    offering = world.live(target="250", days=30)
    world.held(offering, 100)
    world.pass_deadline(offering)
    world.force("UPDATE offerings SET opened_at = platform_now() - interval '20 days'")
    desk.until_quiet()
    assert (desk.closing(offering).status, desk.statuses(offering)) == ("gathering", ["held"])
    assert told(world, "closing_proposed") == 0
    world.move_clock(days=1)
    desk.until_quiet()
    assert desk.closing(offering).status == "proposed"


def test_several_workers_begin_one_closing(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="250")
    world.held(offering)
    world.pass_deadline(offering)
    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(close_offerings.run, world.platform) for _ in range(3)]:
            future.result()
    assert world.sql("SELECT seq, status FROM closings") == [(1, "proposed")]
    before = world.contents()
    close_offerings.run(world.platform)
    assert world.contents() == before


def test_a_closing_that_cannot_be_drawn_up_does_not_hold_up_the_others(desk: Desk) -> None:
    """One under rules that the operator has switched off."""
    world = desk.world
    broken, sound = world.live(target="250"), world.live(target="250")
    world.held(broken)
    world.held(sound)
    world.force("UPDATE offerings SET regime = 'XX-GONE' WHERE id = :id", id=broken.id)
    world.pass_deadline(sound)
    with pytest.raises(ExceptionGroup):
        close_offerings.run(world.platform)
    assert (desk.closing(broken).status, desk.closing(sound).status) == ("gathering", "proposed")


# Sold


def test_a_settled_offering_pays_enters_and_tells_everything_once(desk: Desk) -> None:
    world = desk.world
    offering = desk.proposed(100, 200, 300)
    assert world.platform.sandbox is not None
    world.platform.sandbox.behave(copies=3)
    world.approve_closing(offering)
    desk.until_quiet()
    desk.until_quiet()
    assert (world.offering(offering.id).status, desk.closing(offering).status) == ("settled", "done")
    assert cash(world) == [("move", 0), ("payment", 150_000), ("payout", -142_500)]
    with world.looking() as view:
        entries = register.of_offering(view.session, offering.id)
        assert [(entry.shares, entry.amount_minor) for entry in entries] == [
            (100, 25_000),
            (200, 50_000),
            (300, 75_000),
        ]
        assert len({entry.certificate for entry in entries}) == 3
        assert ledger.balance(view.session, Code.PLATFORM_CASH, "USD") == 7_500
        assert ledger.balance(view.session, Code.FEE_RECEIVABLE, "USD", offering_id=offering.id) == 0
    assert (told(world, "shares_issued"), told(world, "funds_released")) == (3, 1)
    assert in_escrow(world, offering) == 0
    assert world.broken_promises() == []


# The bank says no


def set_account(world: World, offering: Offering, account: str) -> None:
    world.change_payee(offering.issuer_id, holder=offering.name, account=account)


def test_a_payout_that_the_bank_refuses_is_paid_once_after_the_account_is_mended(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="250")
    set_account(world, offering, REFUSING)
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    world.approve_closing(offering)
    desk.until_quiet()
    closing = desk.closing(offering)
    assert (closing.status, desk.statuses(offering)) == ("payout_failed", ["allotted"])
    assert in_escrow(world, offering) == 25_000
    assert world.sql("SELECT facts ->> 'minor' FROM messages WHERE kind = 'payout_refused'") == [("23750",)]
    assert world.sql("SELECT rule, holds, inputs ->> 'total_minor' FROM alerts") == [
        ("PLATFORM-PAYOUT", False, "23750")
    ]
    with world.looking() as view:
        assert ledger.balance(view.session, Code.ISSUER_PAYABLE, "USD", offering_id=offering.id) == 23_750
        assert ledger.balance(view.session, Code.ISSUER_PAYOUT_IN_FLIGHT, "USD", offering_id=offering.id) == 0
    assert world.broken_promises() == []

    # Refused again: nothing is lost by trying.
    for account in (REFUSING, SOUND):
        set_account(world, offering, account)
        with world.acting() as tx:
            closings.propose_payout(tx, closing.ref)
        with pytest.raises(Refused, match="illegal_move"), world.acting() as tx:
            closings.propose_payout(tx, closing.ref)
        world.approve_closing(offering)
        desk.until_quiet()
    assert (world.offering(offering.id).status, desk.statuses(offering)) == ("settled", ["settled"])
    assert cash(world) == [("move", 0), ("payment", 25_000), ("payout", -23_750)]
    assert [one for one in world.at_the_gateway(offering) if one[0] == "payout"] == [
        ("payout", "failed", 23_750), ("payout", "failed", 23_750), ("payout", "succeeded", 23_750),
    ]  # fmt: skip
    assert world.broken_promises() == []


def test_what_runs_goes_on_after_its_rules_were_switched_off(desk: Desk) -> None:
    world = desk.world
    offering = world.live(target="250")
    pledge = world.held(offering)
    world.platform = replace(world.platform, law=LawBook(("CN-MICHOU",)))
    with pytest.raises(Refused, match="regime_off"):
        world.platform.regime_in_use("US-CF")
    world.settled(offering)
    assert (world.offering(offering.id).status, world.pledge(pledge.id).status) == ("settled", "settled")
    assert world.broken_promises() == []


# Given up


def test_a_withdrawn_offering_gives_everybody_their_money_back(desk: Desk) -> None:
    world = desk.world
    offering = world.live()
    held, reserved = world.held(offering), world.pledged(offering)
    sent, slow, paid = world.pledged(offering), world.pledged(offering), world.pledged(offering)
    world.pay(slow, Token.DELAYED_OK)
    send_payments.run(world.platform)
    world.run_jobs()
    world.pay(paid)
    referred = world.pledged(offering, 10_000)
    with world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)
    with pytest.raises(Refused, match="not_open"):
        world.place(world.investor(), offering, 100)
    desk.until_quiet()
    world.move_clock(days=4)
    desk.until_quiet()
    ended = {
        name: world.pledge(pledge.id).status
        for name, pledge in {
            "held": held, "reserved": reserved, "sent": sent, "slow": slow, "paid": paid, "referred": referred,
        }.items()
    }  # fmt: skip
    assert ended == {
        "held": "refunded", "reserved": "cancelled", "sent": "cancelled", "slow": "refunded", "paid": "refunded",
        "referred": "cancelled",
    }  # fmt: skip
    assert cash(world) == [("payment", 75_000), ("refund", -75_000)]
    assert world.queue() == []
    assert world.broken_promises() == []


def test_a_closing_offering_cannot_be_withdrawn(desk: Desk) -> None:
    offering = desk.proposed()
    before = desk.world.contents()
    with pytest.raises(Refused, match="illegal_move"), desk.world.acting() as tx:
        closings.withdraw_offering(tx, offering.id)
    assert desk.world.contents() == before


def test_the_answer_to_a_payout_told_again_changes_nothing(desk: Desk) -> None:
    world = desk.world
    offering = desk.proposed()
    world.approve_closing(offering)
    desk.until_quiet()
    assert world.platform.sandbox is not None
    before = world.contents("gateway_events")
    world.sql("UPDATE sandbox.events SET deliveries_left = 1, attempts = 0, id = id || '_again'")
    world.deliver_events()
    process_inbox.run(world.platform)
    assert world.contents("gateway_events") == before
