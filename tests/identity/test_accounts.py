"""Opening accounts: an address is one person's, and only its owner learns that it was known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.actor import Role
from app.audit import queries as audit
from app.errors import NotFound, Refused
from app.identity import actions, passwords, queries
from tests.builders import PASSWORD, World
from tests.identity.people import sign_in

FORM = {"email": " New.Person@Example.test", "name": " New Person ", "locale": "en", "timezone": "UTC"}


def sign_up(world: World, password: str = PASSWORD, **others: str) -> None:
    with world.acting() as tx:
        actions.sign_up(tx, **{**FORM, **others}, password=password)


def messages(world: World) -> list[str]:
    return [kind for (kind,) in world.sql("SELECT kind FROM messages ORDER BY id")]


def test_somebody_new_may_invest_and_raise_and_is_asked_to_prove_the_address(world: World) -> None:
    sign_up(world)
    with world.looking() as view:
        person = queries.by_email(view.session, "NEW.person@example.test ")
        assert person is not None
        assert (person.email, person.name) == ("new.person@example.test", "New Person")
        assert person.roles == {Role.INVESTOR, Role.ISSUER}
        assert person.email_verified_at is None
        assert [event.event for event in audit.timeline(view.session, "users", person.id)] == [
            "create_user", "grant_role", "grant_role",
        ]  # fmt: skip
    assert messages(world) == ["verify_email"]
    assert sign_in(world, "new.person@example.test") is not None


def test_a_known_address_is_told_to_its_owner_only_and_once_a_day(world: World) -> None:
    owner = world.user(email="new.person@example.test")
    before = world.contents("messages")
    for _ in range(3):
        sign_up(world, "quite another password")
    assert world.contents("messages") == before
    assert world.sql("SELECT user_id, kind FROM messages") == [(owner.id, "account_exists")]


def test_a_known_address_takes_as_much_work_as_a_new_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    real = passwords.hashed
    monkeypatch.setattr(passwords, "hashed", lambda password: hashed.append(password) or real(password))
    sign_up(world)
    sign_up(world)
    assert hashed == [PASSWORD, PASSWORD]


@pytest.mark.parametrize("known", [False, True])
def test_a_weak_password_is_refused_before_the_address_is_looked_at(world: World, known: bool) -> None:
    if known:
        world.user(email="new.person@example.test")
    before = world.contents()
    with pytest.raises(Refused, match="password_too_short"):
        sign_up(world, "short")
    assert world.contents() == before


def test_the_same_form_sent_twice_at_once_is_one_account(world: World) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: sign_up(world), range(4)))
    assert world.sql("SELECT count(*) FROM users") == [(1,)]
    assert messages(world) == ["verify_email", "account_exists"]


def test_an_operator_is_told_that_an_address_is_taken(world: World) -> None:
    world.user(email="new.person@example.test")
    before = world.contents()
    with pytest.raises(Refused) as caught, world.acting() as tx:
        actions.create_user(tx, **FORM, password=PASSWORD)
    assert (caught.value.code, caught.value.field) == ("email_taken", "email")
    assert world.contents() == before


def test_a_role_is_given_once(world: World) -> None:
    person = world.user(Role.INVESTOR)
    before = world.contents()
    with world.acting() as tx:
        actions.grant_role(tx, queries.user(tx.session, person.id), Role.INVESTOR)
    assert world.contents() == before


def test_those_who_hold_a_role_are_found_unless_they_are_suspended(world: World) -> None:
    first, second = world.user(Role.OPERATOR), world.user(Role.OPERATOR)
    world.user(Role.INVESTOR)
    with world.acting() as tx:
        actions.suspend(tx, queries.user(tx.session, first.id))
    with world.looking() as view:
        assert [one.id for one in queries.with_role(view.session, Role.OPERATOR)] == [second.id]


def test_asking_for_a_new_password_tells_nothing_about_the_address(world: World) -> None:
    known, suspended = world.user(), world.user()
    with world.acting() as tx:
        actions.suspend(tx, queries.user(tx.session, suspended.id))
    for email in (known.email, suspended.email, "nobody@example.test"):
        with world.acting() as tx:
            assert actions.ask_to_reset_password(tx, email) is None  # type: ignore[func-returns-value]
    assert world.sql("SELECT user_id, kind FROM messages") == [(known.id, "reset_password")]


def test_the_proving_mail_is_sent_again_once_an_hour_and_never_after_the_proof(world: World) -> None:
    sign_up(world)
    user_id = world.sql("SELECT id FROM users")[0][0]
    for _ in range(3):
        with world.acting() as tx:
            actions.ask_to_verify_again(tx, user_id)
    assert messages(world) == ["verify_email"] * 2
    with world.acting() as tx:
        actions.mark_email_verified(tx, queries.user(tx.session, user_id))
    world.sql("DELETE FROM messages")
    with world.acting() as tx:
        actions.ask_to_verify_again(tx, user_id)
    assert messages(world) == []


def test_who_is_not_there_is_not_found(world: World) -> None:
    with world.looking() as view, pytest.raises(NotFound):
        queries.user(view.session, 10**9)


def test_a_profile_changes_how_somebody_is_addressed_and_nothing_else(world: World) -> None:
    person = world.user(Role.INVESTOR)
    with world.acting() as tx:
        actions.change_profile(tx, person.id, name=" 安娜 ", locale="zh-CN", timezone="Asia/Shanghai")
    with world.looking() as view:
        now = queries.user(view.session, person.id)
        assert (now.name, now.locale, now.timezone) == ("安娜", "zh-CN", "Asia/Shanghai")
        assert (now.email, now.roles, now.password_hash) == (person.email, {Role.INVESTOR}, person.password_hash)
