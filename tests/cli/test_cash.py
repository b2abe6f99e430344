"""flask cash dormant | days"""

from __future__ import annotations

from app.jobs import keep_cash
from tests.cash.keeping import topped_up
from tests.cli.conftest import Terminal


def test_idle_balances_are_listed_by_number_and_not_by_name(terminal: Terminal) -> None:
    investor = topped_up(terminal.world)
    assert terminal("cash", "dormant").stdout == ""
    terminal.world.move_clock(days=366)
    (line,) = terminal("cash", "dormant").stdout.splitlines()
    assert line.split() == [f"investor-{investor.id}", "1000.00", "USD", "2026-03-03"]


def test_a_difference_with_the_custodian_is_told_by_the_exit_code(terminal: Terminal) -> None:
    topped_up(terminal.world)
    keep_cash.run(terminal.world.platform)
    assert terminal("cash", "days").exit_code == 0
    terminal.world.sql("UPDATE sandbox.transactions SET amount_minor = amount_minor + 250 WHERE account = 'clients'")
    keep_cash.run(terminal.world.platform)
    told = terminal("cash", "days")
    assert told.exit_code == 1
    newest, oldest = told.stdout.splitlines()
    assert newest.split()[2:] == ["1000.00", "USD", "1002.50", "USD", "2.50", "USD"]
    assert oldest.split()[-2:] == ["0.00", "USD"]
