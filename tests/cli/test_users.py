"""flask users: accounts, roles, and shutting out."""

from __future__ import annotations

import pyotp

from app.actor import Role
from app.identity import actions, queries
from app.identity.models import User
from tests.builders import PASSWORD
from tests.cli.conftest import Terminal
from tests.identity.people import actor_of, sign_in, signed_in

TYPED = f"{PASSWORD}\n{PASSWORD}\n"
CREATE = ("users", "create", "Olga@example.test", "--name", "Olga")


def found(terminal: Terminal, email: str) -> User:
    with terminal.world.looking() as view:
        person = queries.by_email(view.session, email)
    assert person is not None
    return person


def test_an_investor_is_made_without_a_second_factor(terminal: Terminal) -> None:
    result = terminal(*CREATE, "--role", "investor", typed=TYPED)
    assert result.exit_code == 0
    person = found(terminal, "olga@example.test")
    assert (person.roles, person.email_verified_at is not None, person.totp_secret) == ({Role.INVESTOR}, True, None)
    assert sign_in(terminal.world, "olga@example.test") is not None
    assert PASSWORD not in result.output


def test_staff_get_a_second_factor_that_works(terminal: Terminal) -> None:
    result = terminal(*CREATE, "--role", "operator", "--role", "compliance_officer", typed=TYPED)
    assert result.exit_code == 0
    person = found(terminal, "olga@example.test")
    assert person.roles == {Role.OPERATOR, Role.COMPLIANCE_OFFICER} and person.totp_confirmed_at is not None
    secret = result.stdout.split("shown this once: ")[1].split()[0]
    with terminal.world.acting() as tx:
        half = actions.open_session(tx, person, "-")
        code = pyotp.TOTP(secret).at(tx.wall_now)
    with terminal.world.acting() as tx:
        whole = actions.pass_second_factor(tx, half, code, terminal.world.platform.vault)
    actor = actor_of(terminal.world, whole)
    assert actor is not None and actor.roles == person.roles


def test_a_weak_password_or_a_known_address_makes_no_account(terminal: Terminal) -> None:
    before = terminal.world.contents()
    weak = terminal(*CREATE, "--role", "investor", typed="short\nshort\n")
    assert weak.exit_code == 1 and "15" in weak.stderr
    assert terminal.world.contents() == before
    terminal.world.user(email="olga@example.test")
    before = terminal.world.contents()
    known = terminal(*CREATE, "--role", "investor", typed=TYPED)
    assert known.exit_code == 1
    assert terminal.world.contents() == before


def test_what_is_no_address_makes_no_account(terminal: Terminal) -> None:
    before = terminal.world.contents()
    for address in ("olga", "olga@", "a@b@c.example", f"{'o' * 250}@example.test"):
        result = terminal("users", "create", address, "--name", "Olga", "--role", "investor", typed=TYPED)
        assert result.exit_code == 1 and "name@example.org" in result.stderr
    assert terminal.world.contents() == before


def test_an_unknown_role_is_refused_with_those_there_are(terminal: Terminal) -> None:
    said = terminal.refused(*CREATE, "--role", "emperor", code=2)
    assert all(role.value in said for role in Role)


def test_a_role_is_granted(terminal: Terminal) -> None:
    person = terminal.world.user(Role.INVESTOR)
    for _ in range(2):
        assert terminal("users", "grant", person.email.upper(), "operator").exit_code == 0
    assert found(terminal, person.email).roles == {Role.INVESTOR, Role.OPERATOR}


def test_a_suspended_person_is_out_at_once(terminal: Terminal) -> None:
    person = terminal.world.user(Role.INVESTOR)
    token = signed_in(terminal.world, person)
    result = terminal("users", "suspend", person.email)
    assert (result.exit_code, result.stdout) == (0, f"{person.email}: suspended\n")
    assert actor_of(terminal.world, token) is None
    assert sign_in(terminal.world, person.email) is None


def test_an_unknown_address_is_named(terminal: Terminal) -> None:
    for command in (("grant", "nobody@example.test", "investor"), ("suspend", "nobody@example.test")):
        assert "nobody@example.test" in terminal.refused("users", *command, code=1)
