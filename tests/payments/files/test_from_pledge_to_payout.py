"""An offering whose money lies with a custodian by files: pledged, paid by wire, closed, paid out; the books hold throughout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.compliance import actions as compliance
from app.offerings.models import Offering
from app.payments.escrow_files.adapter import FileGateway
from app.payments.models import Instruction
from app.payments.port import Method, OpKind
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from app.reconciliation import queries as reconciliation
from app.wiring import build
from tests.builders import World, usd
from tests.conftest import NOW, settings
from tests.payments.files.conftest import ENV
from tests.payments.files.statements import csv, row
from tests.reconciliation.planting import listen


@pytest.fixture
def files(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    platform = build(settings(database_url, tmp_path, GATEWAYS="escrow_files"))
    assert platform.sandbox is not None
    platform.sandbox.install()
    world = World(platform)
    with world.acting() as tx:
        clock.freeze(tx.session, NOW)
    yield world
    platform.close()


def opened(world: World) -> Offering:
    offering, actor, case_ref = world.submitted(target="500")
    world.approve(case_ref)
    with world.acting(actor) as tx:
        compliance.open_offering(
            tx, offering.id, world.platform.regime(offering.regime), gateway="escrow_files", custodian_is_qualified=True,
            seats=world.platform.law.seats(offering.regime, tx.now),
        )  # fmt: skip
    return world.offering(offering.id)


def instructions(world: World, kind: OpKind) -> list[Instruction]:
    with world.looking() as view:
        return list(view.session.scalars(select(Instruction).where(Instruction.kind == kind).order_by(Instruction.id)))


def pledged(world: World, offering: Offering, shares: int) -> Pledge:
    pledge = world.pledged(offering, shares)
    (way,) = (one for one in world.platform.ways_to_pay("USD") if one.method is Method.BANK_TRANSFER)
    with world.acting() as tx:
        pledges.choose_way(tx, pledge.id, world.platform.law, way)
    work(world)
    return world.pledge(pledge.id)


def work(world: World) -> None:
    world.let_backoffs_pass()
    world.run_jobs()
    assert world.broken_promises() == []


def told(world: World, *rows: str, opening: str) -> None:
    gateway = world.platform.custodian
    assert isinstance(gateway, FileGateway)
    gateway.import_statement(csv(*rows, opening=opening))
    work(world)


def test_money_comes_by_wire_is_held_closed_and_paid_out(files: World) -> None:
    offering = opened(files)
    first, second = pledged(files, offering, 100), pledged(files, offering, 100)
    assert first.status == "processing"
    told(files, row("250.00", first.ref), row("250.00", f"pledge {second.ref}"), opening="0.00")
    assert {files.pledge(one.id).status for one in (first, second)} == {"held"}
    files.settled(offering)
    balance = usd("500.00")
    for kind in (OpKind.RELEASE, OpKind.FEE):
        (one,) = instructions(files, kind)
        assert one.status == "pending" and one.provider_ref is not None
        told(files, row(f"-{one.amount.amount}", one.provider_ref.split("/")[1]), opening=str(balance.amount))
        assert instructions(files, kind)[0].status == "succeeded"
        balance -= one.amount
    assert files.offering(offering.id).status == "settled"
    assert {one.account: one.amount.minor for one in files.platform.custodian.balances()} == {
        "": 0, f"offering-{offering.id}": 0,
    }  # fmt: skip


def test_who_changes_their_mind_after_the_wire_is_paid_back(files: World) -> None:
    pledge = pledged(files, opened(files), 100)
    told(files, row("250.00", pledge.ref), opening="0.00")
    files.cancel(files.pledge(pledge.id))
    work(files)
    (refund,) = instructions(files, OpKind.REFUND)
    assert (refund.status, files.pledge(pledge.id).status) == ("pending", "refund_due")
    told(files, row("-250.00", str(refund.ref()).removeprefix("refund/")), opening="250.00")
    assert files.pledge(pledge.id).status == "refunded"


def test_a_wire_that_is_too_large_goes_back(files: World) -> None:
    pledge = pledged(files, opened(files), 100)
    told(files, row("260.00", pledge.ref), opening="0.00")
    (refund,) = instructions(files, OpKind.REFUND)
    assert (refund.amount, refund.status) == (usd("260.00"), "pending")


def test_who_changes_their_mind_before_the_wire_is_not_waited_for(files: World) -> None:
    pledge = pledged(files, opened(files), 100)
    files.cancel(pledge)
    work(files)
    assert files.pledge(pledge.id).status == "cancelled"
    told(files, row("250.00", pledge.ref), opening="0.00")
    assert files.pledge(pledge.id).status == "cancelled" and instructions(files, OpKind.REFUND) == []


def test_a_wire_without_a_reference_is_nobodys_until_a_person_says_which_deposit_it_is(files: World) -> None:
    """A statement does not tell for which offering it came, so it is not booked apart: the desk's own word is the way."""
    pledge = pledged(files, opened(files), 100)
    told(files, row("250.00", "for my shares", id_="B1"), opening="0.00")
    files.move_clock(days=2)
    assert [(one.kind, one.action) for one in listen(files)] == [("R3", "call")]
    with files.looking() as view:
        assert reconciliation.receipts(view.session) == []
    gateway = files.platform.custodian
    assert isinstance(gateway, FileGateway)
    gateway.desk.match("bank:B1", pledge.ref, "officer")
    work(files)
    assert files.pledge(pledge.id).status == "held" and listen(files) == []
