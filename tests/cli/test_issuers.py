"""flask issuers add-member: somebody acts for a company."""

from __future__ import annotations

from app.actor import Role
from tests.cli.conftest import Terminal


def test_a_member_is_added_once(terminal: Terminal) -> None:
    company, owner = terminal.world.issuer()
    person = terminal.world.user(Role.ISSUER)
    result = terminal("issuers", "add-member", company.ref, person.email.upper())
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{person.email} acts for {company.legal_name} ({company.ref})\n"
    assert set(terminal.world.sql("SELECT user_id FROM issuer_members")) == {(owner.user_id,), (person.id,)}
    before = terminal.world.contents()
    again = terminal("issuers", "add-member", company.ref, person.email)
    assert (again.exit_code, again.stdout) == (0, result.stdout)
    assert terminal.world.contents() == before


def test_who_lacks_the_role_is_named_with_the_command_that_grants_it(terminal: Terminal) -> None:
    company, _ = terminal.world.issuer()
    person = terminal.world.user(Role.INVESTOR)
    result = terminal("issuers", "add-member", company.ref, person.email)
    assert result.exit_code == 0
    command = result.stdout.splitlines()[1].partition("flask --app wsgi ")[2]
    assert terminal(*command.split()).exit_code == 0
    again = terminal("issuers", "add-member", company.ref, person.email)
    assert len(again.stdout.splitlines()) == 1


def test_an_unknown_company_or_person_is_named(terminal: Terminal) -> None:
    company, _ = terminal.world.issuer()
    person = terminal.world.user(Role.ISSUER)
    assert "C-NOTHING" in terminal.refused("issuers", "add-member", "C-NOTHING", person.email, code=1)
    nobody = "nobody@example.test"
    assert nobody in terminal.refused("issuers", "add-member", company.ref, nobody, code=1)
