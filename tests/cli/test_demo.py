"""flask demo: a market with people in it, never in production."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest

from app import clock, create_app
from app.actor import STAFF, Role
from app.cli.demo import seed_if_empty
from app.closings import queries as closings
from app.demo import story
from app.demo.people import ALICE, GRACE, PEOPLE, QUILLFEATHER
from app.identity import actions, queries
from app.web.session import platform_of
from tests.builders import World
from tests.cli.conftest import Terminal
from tests.conftest import settings
from tests.identity.people import actor_of, sign_in


@pytest.fixture
def production(database_url: str, tmp_path: Path) -> Iterator[Terminal]:
    """The same host, as an operator would never be able to configure it: with the sandbox."""
    app = create_app(replace(settings(database_url, tmp_path), environment="production"))
    yield Terminal(app, World(platform_of(app)))
    platform_of(app).close()


def test_the_market_opens_once_and_everybody_in_it_can_sign_in(terminal: Terminal) -> None:
    world = terminal.world
    first = terminal("demo", "seed")
    assert first.exit_code == 0 and "open" in first.stdout
    assert world.broken_promises() == []
    assert_work_of_every_kind(world)
    before = world.contents()
    again = terminal("demo", "seed")
    assert again.exit_code == 0 and "nothing was changed" in again.stdout
    assert world.contents() == before

    accounts = json.loads(terminal("demo", "accounts", "--json").stdout)
    assert {account["role"] for account in accounts} == {role.value for role in Role}
    for account in accounts:
        assert list(account) == ["role", "email", "password", "totp_secret"]
        role = Role(account["role"])
        assert (account["totp_secret"] is not None) == (role in STAFF)
        token = sign_in(world, account["email"], account["password"])
        assert token is not None, account["email"]
        if account["totp_secret"] is not None:
            with world.acting() as tx:
                code = pyotp.TOTP(account["totp_secret"]).at(tx.wall_now)
                token = actions.pass_second_factor(tx, token, code, world.platform.vault)
        actor = actor_of(world, token)
        assert actor is not None and role in actor.roles

    moved = terminal("demo", "advance", "30d")
    assert moved.exit_code == 0 and "The platform's clock shows" in moved.stdout
    assert world.broken_promises() == []


def assert_work_of_every_kind(world: World) -> None:
    """Officers find something of each kind; what they find is invented, or what people here did."""
    waiting = world.sql("SELECT DISTINCT kind FROM review_cases WHERE status = 'open' ORDER BY kind")
    assert [kind for (kind,) in waiting] == ["alert", "change", "investor", "offering", "pledge"]
    held = world.sql("SELECT inputs->>'name' FROM alerts WHERE rule = 'PLATFORM-NAME' AND holds AND status = 'raised'")
    assert held == [(QUILLFEATHER.name,)]
    assert world.sql("SELECT count(*) > 0 FROM alerts WHERE NOT holds") == [(True,)]
    assert world.sql("SELECT status FROM pledges WHERE related_as = 'family'") == [("held",)]
    assert world.sql("SELECT kind FROM proposals WHERE status = 'proposed'") == [("payee",)]
    with world.looking() as view:
        ((_, name, _),) = closings.holdbacks_due(view.session, view.now)
    assert world.sql("SELECT facts->>'offering' FROM messages WHERE kind = 'holdback_due'") == [(name,)]
    assert world.sql("SELECT status, count(*) FROM change_answers GROUP BY status ORDER BY status") == [
        ("awaited", 1), ("confirmed", 2),
    ]  # fmt: skip


def test_a_market_that_was_broken_off_is_made_anew(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    world, told = terminal.world, story._northlight_ends_soon

    def broken_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(story, "_northlight_ends_soon", broken_off)
    with pytest.raises(KeyboardInterrupt), terminal.app.app_context():
        seed_if_empty(platform_of(terminal.app))
    assert world.sql("SELECT count(*) FROM pledges") != [(0,)]

    monkeypatch.setattr(story, "_northlight_ends_soon", told)
    assert "open" in terminal("demo", "seed").stdout
    assert world.sql("SELECT count(*), count(DISTINCT email) FROM users") == [(len(PEOPLE), len(PEOPLE))]
    with world.looking() as view:
        assert clock.is_true(view.session)
    assert world.broken_promises() == []


def test_where_there_are_people_the_market_does_not_open(terminal: Terminal) -> None:
    terminal.world.user()
    before = terminal.world.contents()
    result = terminal("demo", "seed")
    assert result.exit_code == 0 and "nothing was changed" in result.stdout
    assert terminal.world.contents() == before


def test_accounts_can_be_read_by_people_too(terminal: Terminal) -> None:
    lines = terminal("demo", "accounts").stdout.splitlines()
    listed = json.loads(terminal("demo", "accounts", "--json").stdout)
    assert [line.split()[:3] for line in lines] == [[row["role"], row["email"], row["password"]] for row in listed]


def test_the_sign_ins_of_two_installations_are_not_the_same() -> None:
    assert ALICE.password("one key") != ALICE.password("another key")
    assert GRACE.totp_secret("one key") != GRACE.totp_secret("another key")


@pytest.mark.parametrize("by", ["30", "d", "-5d", "1w", "30d ", "99999d", "３０d", "1.5h"])
def test_time_that_cannot_be_read_does_not_pass(terminal: Terminal, by: str) -> None:
    said = terminal.refused("demo", "advance", "--", by, code=2)
    assert "30d, 12h or 45m" in said


@pytest.mark.parametrize(("by", "hours"), [("2d", 48), ("12h", 12), ("90m", 1.5)])
def test_time_passes_as_it_is_told(terminal: Terminal, by: str, hours: float) -> None:
    before = terminal.world.now()
    assert terminal("demo", "advance", by).exit_code == 0
    assert (terminal.world.now() - before).total_seconds() == hours * 3600


@pytest.mark.parametrize("command", [("seed",), ("advance", "30d"), ("accounts",), ("accounts", "--json")])
def test_production_has_no_demo(production: Terminal, command: tuple[str, ...]) -> None:
    assert "refused in production" in production.refused("demo", *command, code=1)
    with production.world.looking() as view:
        assert queries.with_role(view.session, Role.INVESTOR) == []
