"""flask distributions begin | show | call-off | tax-paid."""

from __future__ import annotations

import pytest

from app.approvals.models import ProposalKind
from app.offerings.models import Offering
from tests.cli.conftest import Terminal
from tests.distributions.conftest import Payer
from tests.reconciliation.planting import line, listen

WHY = ("--why", "Dividend for 2026")


@pytest.fixture
def offering(terminal: Terminal) -> Offering:
    return Payer(terminal.world).sold(100, 60)


def test_two_officers_agree_to_what_nobody_made_and_it_is_shown_how_to_pay(
    terminal: Terminal, offering: Offering
) -> None:
    world = terminal.world
    said = terminal("distributions", "begin", offering.ref, "4.375", "--per-share", *WHY, "--tax-bps", 1_500)
    assert said.exit_code == 0, said.output
    assert "437.50 USD           18.25 USD           62.89 USD          356.36 USD" in said.stdout
    world.agree(ProposalKind.DISTRIBUTION, world.officer())
    ((ref, status),) = world.sql("SELECT ref, status FROM distributions")
    assert status == "proposed"
    world.agree(ProposalKind.DISTRIBUTION, world.officer())
    assert f"SANDBOX-offering-{offering.id}, reference {ref}" in terminal("distributions", "show", ref).stdout
    Payer(world).send()
    assert f"{ref}  paid" in terminal("distributions", "show", ref).stdout
    terminal.refused("distributions", "call-off", ref, *WHY, code=2)


def test_the_tax_is_paid_by_a_line_out_of_the_offerings_account_and_once(
    terminal: Terminal, offering: Offering
) -> None:
    world = terminal.world
    kept = Payer(world).distribute(offering, 70_000, tax_bps=1_500).tax_minor
    keys = [
        line(world, "euros", -100, account=f"offering-{offering.id}", currency="EUR"),
        line(world, "others", -100, account="platform"),
        line(world, "more", -kept - 1, account=f"offering-{offering.id}"),
        line(world, "tax", -kept, account=f"offering-{offering.id}"),
    ]
    listen(world)
    for key in ("sandbox:nothing", *keys[:3]):
        terminal.refused("distributions", "tax-paid", offering.ref, key, code=2)
    said = terminal("distributions", "tax-paid", offering.ref, keys[3])
    assert (said.exit_code, said.stdout) == (0, "booked; 0.00 USD is kept still\n")
    terminal.refused("distributions", "tax-paid", offering.ref, keys[3], code=2)


def test_what_is_no_distribution_is_refused(terminal: Terminal, offering: Offering) -> None:
    for words in (("O-NOBODY", "5"), (offering.ref, "many"), (offering.ref, "1.005"), (offering.ref, "0")):
        terminal.refused("distributions", "begin", *words, *WHY, code=2)
    terminal.refused("distributions", "show", "D-NOBODY", code=2)
    terminal.refused("distributions", "call-off", "D-NOBODY", *WHY, code=2)
