"""Every stored decision says the same again, by the edition of its day; a proposed edition is tried without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.approvals.models import ProposalKind
from app.decisions import actions, replay
from app.regimes.law_book import LawBook
from app.regimes.registry import BUILT
from app.regimes.us_reg_cf import UsRegCf
from tests.builders import World, usd

INSTALLED = BUILT["US-CF"].pack
#: The same law, but the poorest may put in half as much.
STRICTER = INSTALLED.text.replace("floor_minor = 250_000", "floor_minor = 125_000")


def drifts(world: World) -> list[replay.Drift]:
    with world.looking() as view:
        return [drift for drift in replay.again(view.session) if drift is not None]


def decided(world: World) -> None:
    """Decisions of several kinds: allowed, refused, asked for figures."""
    offering = world.live()
    poor, rich = world.investor(income="30000", net_worth="30000"), world.investor()
    for investor, shares in ((poor, 1_000), (poor, 10), (rich, 4_000)):
        world.place(investor, offering, shares)


def test_what_was_decided_is_decided_alike_again(world: World) -> None:
    decided(world)
    world.move_clock(days=900)
    assert drifts(world) == []
    with world.looking() as view:
        assert len(list(replay.again(view.session))) == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("outcome = 'deny'", "outcome"),
        ("rule = 'US-CF-100a2ii'", "rule"),
        ("remaining_minor = remaining_minor + 1", "remaining"),
        ("used_minor = 1", "used"),
        ("cap_minor = cap_minor - 1", "cap"),
        ("largest_minor = 7", "largest"),
        ('numbers = numbers || \'{"floor": "1.00"}\'', "numbers"),
        ("frees_minor = 1", "frees"),
        ("law = 'US-CF@2021-03-15'", "law"),
        ("facts = jsonb_set(facts, '{investor,annual_income}', '\"1.00\"')", "numbers"),
        ("facts = facts - 'pledge'", "error"),
    ],
)
def test_a_decision_that_was_tampered_with_is_named(world: World, change: str, field: str) -> None:
    decided(world)
    world.force(f"UPDATE decisions SET {change} WHERE id = (SELECT min(id) FROM decisions)")
    (drift,) = drifts(world)
    assert field in drift.now
    assert [(drift.decision_id,)] == world.sql("SELECT min(id) FROM decisions")


def test_a_decision_keeps_to_the_edition_of_its_day(world: World) -> None:
    """The floor was halved afterwards: what was allowed then stays allowed when it is decided again."""
    offering, poor = world.live(), world.investor(income="30000", net_worth="30000")
    world.pledged(offering, 1_000, poor)
    with world.acting() as tx:
        actions.record(tx, UsRegCf(STRICTER).pack)
    world.agree(ProposalKind.PACK, world.officer(), world.officer())
    law = LawBook(("US-CF",), {"US-CF": STRICTER})
    other = world.investor(income="30000", net_worth="30000")
    placement = world.place(other, offering, 1_000, law=law)
    assert placement.pledge is None
    assert placement.decision.remaining_minor == 150_000, "a twentieth of 30,000"
    assert drifts(world) == []
    assert world.sql("SELECT count(DISTINCT edition_id) FROM decisions") == [(2,)]


def test_a_proposed_edition_says_who_would_be_refused_and_by_how_much(world: World) -> None:
    offering, before = world.live(), world.now()
    poor, rich = world.investor(income="20000", net_worth="20000"), world.investor()
    world.pledged(offering, 900, poor)
    world.pledged(offering, 4_000, rich)
    contents = world.contents()
    with world.looking() as view:
        found = replay.what_if(view.session, replay.proposed_edition("US-CF", STRICTER), before)
    assert (found.looked_at, found.turned, found.refused_amounts) == (2, {"allow > deny": 1}, {"USD": 100_000})
    (change,) = found.changes
    assert (change.requested, change.short_by, change.rule) == (usd("2250"), usd("1000"), "US-CF-100a2i")
    assert world.contents() == contents


def test_the_commands_say_the_same(world: World, tmp_path: Path) -> None:
    from click.testing import CliRunner
    from flask import Flask

    from app.cli.compliance import group

    app = Flask("terminal")
    app.extensions["platform"] = world.platform
    decided(world)
    with app.app_context():
        result = CliRunner().invoke(group, ["replay"])
        assert (result.exit_code, result.output) == (0, "3 decisions decided again, 0 drifted\n")
        stricter = tmp_path / "stricter.toml"
        stricter.write_text(STRICTER, encoding="utf-8")
        result = CliRunner().invoke(group, ["what-if", "US-CF", str(stricter)])
        assert result.exit_code == 0
        assert result.output.startswith("3 decisions under US-CF looked at\n")
        stricter.write_text(STRICTER.replace("floor_minor = 125_000", "floor_minor = -1"), encoding="utf-8")
        result = CliRunner().invoke(group, ["what-if", "US-CF", str(stricter)])
        assert (result.exit_code, result.output[:18]) == (2, "us_reg_cf.toml:" + result.output[15:18])
        world.force("UPDATE decisions SET outcome = 'deny' WHERE outcome = 'allow'")
        result = CliRunner().invoke(group, ["replay"])
        assert result.exit_code == 1
        assert "stored {'outcome': 'deny'}, now {'outcome': 'allow'}" in result.output
