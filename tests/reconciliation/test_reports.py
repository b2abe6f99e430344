"""The reports at the command line: an exit code for a program, a table for a person."""

from __future__ import annotations

import csv

from app.jobs import reconcile
from app.reconciliation import tables
from app.reconciliation.dormant import Why, dormant
from tests.builders import World
from tests.cli.conftest import Terminal
from tests.reconciliation.planting import line, listen


def tables_of(text: str) -> list[list[list[str]]]:
    """The two tables of a report."""
    rows = list(csv.reader(text.splitlines()))
    parted = rows.index([])
    return [rows[:parted], rows[parted + 1 :]]


def test_a_clean_day_is_exit_code_0_and_its_table_holds_the_same_on_all_sides(terminal: Terminal) -> None:
    terminal.world.held(terminal.world.live())
    result = terminal("books", "reconcile")
    assert result.exit_code == 0, result.output
    days, breaks = tables_of(result.stdout)
    found = dict(zip(*days, strict=True))
    assert found["closing"] == found["gateway_closing"] == found["balance"] == "250.00"
    assert found["movements"] == "funds_collected=250.00" and found["gateway_movements"] == "payment=250.00"
    assert found["unexplained"] == "0.00"
    assert breaks == [list(tables.BREAKS)]
    assert "1 accounts, 0 differ, 0 hard breaks open" in result.stderr


def test_a_hard_break_is_exit_code_1_and_stands_in_the_report(terminal: Terminal) -> None:
    offering = terminal.world.live()
    terminal.world.held(offering)
    line(terminal.world, "by_hand", -7_000, "refund", account=f"offering-{offering.id}")
    terminal.world.move_clock(minutes=20)
    result = terminal("books", "reconcile")
    assert result.exit_code == 1
    days, breaks = tables_of(result.stdout)
    assert dict(zip(*days, strict=True))["unexplained"] == "70.00"
    assert [row[1] for row in breaks[1:]] == ["R3"]


def test_a_soft_break_keeps_no_day_from_being_clean(terminal: Terminal) -> None:
    terminal.world.pay(terminal.world.pledged(terminal.world.live()))
    result = terminal("books", "reconcile")
    assert result.exit_code == 0, result.output
    days, breaks = tables_of(result.stdout)
    assert dict(zip(*days, strict=True))["waiting"] == "250.00"
    assert [row[1] for row in breaks[1:]] == ["R1"]


def test_a_gateway_that_cannot_be_read_is_exit_code_2(terminal: Terminal) -> None:
    terminal.world.held(terminal.world.live())
    terminal.world.sql("ALTER TABLE sandbox.transactions RENAME TO hidden")
    result = terminal("books", "reconcile")
    assert result.exit_code == 2 and "not read" in result.stderr


def test_an_earlier_day_holds_what_belongs_to_it(terminal: Terminal) -> None:
    world = terminal.world
    offering = world.live()
    world.held(offering)
    world.move_clock(days=1)
    world.held(offering)
    world.move_clock(days=1)
    closings = []
    for day in ("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"):
        result = terminal("books", "reconcile", "--day", day)
        assert result.exit_code == 0, result.output
        rows = tables_of(result.stdout)[0]
        closings.append([dict(zip(rows[0], row, strict=True))["closing"] for row in rows[1:]])
    assert closings == [[], ["250.00"], ["500.00"], ["500.00"]]


def test_what_a_person_wrote_is_no_formula(world: World) -> None:
    assert tables._plain("=1+1") == "'=1+1"


# Dormant money


def whys(world: World) -> list[tuple[str, str, int]]:
    with world.looking() as view:
        return [(one.code, one.why.value, one.amount.minor) for one in dormant(view)]


def test_money_left_in_an_offering_that_has_ended_shows_on_day_one(world: World) -> None:
    offering = world.live(target="250")
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    world.approve_closing(offering)
    world.run_jobs()
    key = line(world, "late_wire", 29_000_000, account=f"offering-{offering.id}")
    world.move_clock(minutes=20)
    listen(world)
    assert key and whys(world) == []
    world.move_clock(days=1, minutes=1)
    assert whys(world) == [("2200", "unidentified", 29_000_000)]


def test_what_is_still_owed_when_an_offering_has_ended_shows_on_day_one(world: World) -> None:
    offering = world.live()
    world.held(offering)
    world.force("UPDATE offerings SET status = 'refunded' WHERE id = :id", id=offering.id)
    world.move_clock(days=1)
    assert whys(world) == [("2010", Why.OFFERING_ENDED, 25_000)]


def test_a_refund_that_failed_shows_on_day_one(world: World) -> None:
    world.cancel(world.held(world.live()))
    world.force("UPDATE instructions SET status = 'failed' WHERE kind = 'refund'")
    world.move_clock(days=1)
    assert whys(world) == [("2020", Why.REFUND_STUCK, 25_000)]


def test_a_pledge_of_an_open_offering_may_lie_for_the_longer_time(world: World) -> None:
    world.held(world.live())
    world.move_clock(days=29)
    assert whys(world) == []
    world.move_clock(days=2)
    assert whys(world) == [("2010", Why.WAITS, 25_000)]


def test_dormant_money_is_exit_code_1_with_its_table(terminal: Terminal) -> None:
    assert terminal("books", "dormant").exit_code == 0
    terminal.world.held(terminal.world.live())
    terminal.world.move_clock(days=31)
    result = terminal("books", "dormant")
    assert result.exit_code == 1
    head, row = csv.reader(result.stdout.splitlines())
    assert dict(zip(head, row, strict=True))["why"] == "waits" and len(head) == len(tables.DORMANT)


def test_the_job_compares_the_day_before_once_more(world: World) -> None:
    world.held(world.live())
    reconcile.run(world.platform)
    world.move_clock(days=1)
    reconcile.run(world.platform)
    assert world.sql("SELECT day::text, count(*)::int FROM compared_days GROUP BY day ORDER BY day") == [
        ("2026-03-03", 1), ("2026-03-04", 1),
    ]  # fmt: skip
