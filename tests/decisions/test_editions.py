"""The text of the law is kept; what changed decides only when it is adopted."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from app.approvals.models import ProposalKind
from app.decisions import actions, queries
from app.errors import Refused
from app.regimes.parameters import PackError
from app.regimes.registry import BUILT
from app.regimes.us_reg_cf import UsRegCf
from app.wiring import follow_the_law, keep_editions
from tests.builders import World

CHANGED = BUILT["US-CF"].pack.text.replace("floor_minor = 250_000", "floor_minor = 125_000")


def editions(world: World) -> list[tuple[str, bool]]:
    return [
        (pack, adopted) for pack, adopted in world.sql("SELECT pack, adopted_at IS NOT NULL FROM editions ORDER BY id")
    ]


def test_every_installed_pack_is_kept_and_the_first_edition_decides(world: World) -> None:
    assert editions(world) == [(pack, True) for pack in BUILT]
    before = world.contents()
    keep_editions(world.platform)
    assert world.contents() == before


def test_a_changed_pack_waits_and_decides_only_once_it_is_adopted(world: World) -> None:
    pack = UsRegCf(CHANGED).pack
    with world.acting() as tx:
        actions.record(tx, pack)
    assert editions(world)[-1] == ("US-CF", False)
    follow_the_law(world.platform)
    assert world.platform.law.edition("US-CF") == BUILT["US-CF"].pack.sha256
    with world.acting() as tx, pytest.raises(Refused, match="second_person_missing"):
        actions.adopt(tx, pack.sha256)
    with pytest.raises(DBAPIError):
        world.sql("UPDATE editions SET adopted_at = now() WHERE sha256 = :sha", sha=pack.sha256)
    world.agree(ProposalKind.PACK, world.officer(), world.officer())
    follow_the_law(world.platform)
    assert world.platform.law.edition("US-CF") == pack.sha256
    poor = world.investor(income="20000", net_worth="20000")
    assert world.place(poor, world.live(), 1_000).decision.cap_minor == 125_000
    with world.acting() as tx, pytest.raises(Refused, match="edition_unknown"):
        actions.adopt(tx, "0" * 64)


def test_an_edition_that_cannot_be_read_changes_nothing(world: World) -> None:
    with pytest.raises(PackError):
        world.platform.law.adopt({"US-CF": CHANGED, "CN-MICHOU": "id = 1"})
    assert world.platform.law.edition("US-CF") == BUILT["US-CF"].pack.sha256


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE editions SET text = 'x'",
        "UPDATE editions SET adopted_at = NULL",
        "DELETE FROM editions",
        "TRUNCATE editions CASCADE",
    ],
)
def test_the_database_keeps_an_edition_as_it_is(world: World, statement: str) -> None:
    before = world.contents()
    with pytest.raises(DBAPIError):
        world.sql(statement)
    assert world.contents() == before


def test_two_processes_keep_the_same_new_edition_once(world: World) -> None:
    pack = UsRegCf(CHANGED).pack
    for _ in range(2):
        with world.acting() as tx:
            kept = actions.record(tx, pack)
    with world.looking() as view:
        assert queries.editions_of(view.session, "US-CF")[0].id == kept.id
    assert editions(world).count(("US-CF", False)) == 1
