"""A session is a row: it ends when it is old, idle, signed out, ended from elsewhere, or its password changed."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.errors import Refused
from app.identity import actions, drafts, queries
from app.identity.models import User
from tests.builders import PASSWORD, World
from tests.identity.people import let_pass, reloaded, session_of, sign_in, signed_in

NEW = "another horse battery staple"


def counts(world: World, *tokens: str) -> list[bool]:
    return [session_of(world, token) is not None for token in tokens]


@pytest.mark.parametrize(
    ("role", "minutes", "lives"),
    [
        (Role.INVESTOR, 29, True),
        (Role.INVESTOR, 31, False),
        (Role.ISSUER, 29, True),
        (Role.COMPLIANCE_OFFICER, 14, True),
        (Role.COMPLIANCE_OFFICER, 16, False),
        (Role.OPERATOR, 16, False),
    ],
)
def test_an_idle_session_ends_sooner_for_staff(world: World, role: Role, minutes: int, lives: bool) -> None:
    token = signed_in(world, world.user(role))
    let_pass(world, "user_sessions", "last_seen_at", mins=minutes)
    assert counts(world, token) == [lives]


def test_a_session_that_is_used_stays_until_its_end(world: World) -> None:
    token = signed_in(world, world.user(Role.INVESTOR))
    for hours in (6, 5):
        let_pass(world, "user_sessions", "expires_at", hours=hours)
        let_pass(world, "user_sessions", "last_seen_at", hours=hours)
        assert counts(world, token) == [False]
        session_id = world.sql("SELECT id FROM user_sessions")[0][0]
        with world.acting() as tx:
            actions.touch(tx, session_id)
        assert counts(world, token) == [True]
    let_pass(world, "user_sessions", "expires_at", hours=1)
    assert counts(world, token) == [False]


def test_the_platforms_clock_ends_no_session(world: World) -> None:
    token = signed_in(world, world.user(Role.INVESTOR))
    world.move_clock(days=400)
    assert counts(world, token) == [True]


def test_a_token_that_was_never_made_is_nobodys(world: World) -> None:
    signed_in(world, world.user())
    assert counts(world, "", "x" * 43, "\x00") == [False] * 3


def test_signing_out_ends_this_session_and_no_other(world: World) -> None:
    person = world.user()
    here, elsewhere = signed_in(world, person), signed_in(world, person)
    with world.acting() as tx:
        actions.sign_out(tx, here)
    assert counts(world, here, elsewhere) == [False, True]


def test_one_ends_all_the_others_or_one_of_them_or_all(world: World) -> None:
    person, stranger = world.user(), world.user()
    here, second, third, foreign = (signed_in(world, who) for who in (person, person, person, stranger))
    session = session_of(world, second)
    assert session is not None
    with world.acting() as tx:
        actions.end_sessions(tx, person.id, only_id=session.id)
    assert counts(world, here, second, third, foreign) == [True, False, True, True]
    with world.acting() as tx:
        actions.end_sessions(tx, person.id, except_token=here)
    assert counts(world, here, second, third, foreign) == [True, False, False, True]
    with world.acting() as tx:
        actions.end_sessions(tx, person.id)
    assert counts(world, here, foreign) == [False, True]


def test_the_id_of_somebody_elses_session_ends_nothing(world: World) -> None:
    person, stranger = world.user(), world.user()
    mine = signed_in(world, person)
    session = session_of(world, mine)
    assert session is not None
    with world.acting() as tx:
        actions.end_sessions(tx, stranger.id, only_id=session.id)
    assert counts(world, mine) == [True]


def test_only_sessions_that_count_are_listed(world: World) -> None:
    person = world.user()
    ended, old, lives = (signed_in(world, person) for _ in range(3))
    with world.acting() as tx:
        actions.sign_out(tx, ended)
    session = session_of(world, old)
    assert session is not None
    world.sql("UPDATE user_sessions SET expires_at = now() WHERE id = :id", id=session.id)
    with world.looking() as view:
        listed = queries.sessions_of(view.session, person.id, view.wall_now)
        assert [one.token_hash for one in listed] == [queries.token_hash(lives)]


# The password


def change(world: World, person: User, token: str, old: str, new: str) -> None:
    with world.acting() as tx:
        actions.change_password(tx, person.id, old=old, new=new, token=token)


def test_a_new_password_ends_the_other_sessions_and_is_told_by_mail(world: World) -> None:
    person = world.user()
    here, elsewhere = signed_in(world, person), signed_in(world, person)
    change(world, person, here, PASSWORD, NEW)
    assert counts(world, here, elsewhere) == [True, False]
    assert sign_in(world, person.email) is None
    assert sign_in(world, person.email, NEW) is not None
    assert world.sql("SELECT kind FROM messages") == [("security_changed",)]


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("not the old one at all", NEW, "password_wrong", "old_password"),
        (PASSWORD, "short", "password_too_short", "password"),
        (PASSWORD, "aaaaaaaaaaaaaaaaaa", "password_too_easy", "password"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_weak_one(
    world: World, old: str, new: str, code: str, field: str
) -> None:
    person = world.user()
    token = signed_in(world, person)
    before = world.contents()
    with pytest.raises(Refused) as caught:
        change(world, person, token, old, new)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert world.contents() == before
    assert reloaded(world, person).password_hash == person.password_hash


# What one was typing


def test_what_was_typed_is_given_back_once_to_the_same_person_at_the_same_place(world: World) -> None:
    person, stranger = world.user(), world.user()
    with world.acting() as tx:
        drafts.keep(tx, person.id, "/a", {"name": ["Ann"]})
        drafts.keep(tx, person.id, "/a", {"name": ["Anna"], "risks": ["1", "2"]})
    with world.looking() as view:
        assert [drafts.exists(view.session, who.id, "/a") for who in (person, stranger)] == [True, False]
        assert not drafts.exists(view.session, person.id, "/b")
    with world.acting() as tx:
        assert drafts.take(tx, stranger.id, "/a") is None
        assert drafts.take(tx, person.id, "/b") is None
        assert drafts.take(tx, person.id, "/a") == {"name": ["Anna"], "risks": ["1", "2"]}
        assert drafts.take(tx, person.id, "/a") is None


def test_what_was_typed_is_forgotten_after_a_day(world: World) -> None:
    person = world.user()
    with world.acting() as tx:
        drafts.keep(tx, person.id, "/a", {"name": ["Ann"]})
    let_pass(world, "form_drafts", "saved_at", hours=25)
    with world.acting() as tx:
        assert drafts.take(tx, person.id, "/a") is None
    assert world.sql("SELECT count(*) FROM form_drafts") == [(0,)]


def test_one_persons_drafts_have_so_many_bytes_and_the_oldest_go(world: World) -> None:
    person, stranger = world.user(), world.user()
    half = {"story": ["字" * (drafts.MOST_BYTES // 6)]}
    for who, path in ((stranger, "/s"), (person, "/a"), (person, "/b"), (person, "/c")):
        with world.acting() as tx:
            assert drafts.keep(tx, who.id, path, half)
    assert world.sql("SELECT path FROM form_drafts ORDER BY path") == [("/c",), ("/s",)]
    with world.acting() as tx:
        assert drafts.keep(tx, person.id, "/d", {"name": ["Ann"]})
    before = world.contents()
    with world.acting() as tx:
        assert not drafts.keep(tx, person.id, "/e", {"story": ["字" * (drafts.MOST_BYTES // 3)]})
    assert world.contents() == before
    assert world.sql("SELECT path FROM form_drafts ORDER BY path") == [("/c",), ("/d",), ("/s",)]


def whose(world: World, token: str) -> int | None:
    with world.looking() as view:
        return queries.ran_out_session_user_id(view.session, token, view.wall_now)


def test_only_a_session_that_ended_by_time_still_has_an_owner(world: World) -> None:
    person = world.user(Role.INVESTOR)
    idle, old, ended = (signed_in(world, person) for _ in range(3))
    let_pass(world, "user_sessions", "last_seen_at", hours=1)
    with world.acting() as tx:
        actions.sign_out(tx, ended)
    assert [whose(world, token) for token in (idle, old, ended, "never ours")] == [person.id, person.id, None, None]
    for hours, found in ((24, person.id), (13, None)):  # 12 hours for the session itself, and a day
        world.sql(
            "UPDATE user_sessions SET expires_at = expires_at - make_interval(hours => :hours) WHERE token_hash = :hash",
            hours=hours, hash=queries.token_hash(old),
        )  # fmt: skip
        assert [whose(world, token) for token in (idle, old)] == [person.id, found]
    with world.acting() as tx:
        actions.end_sessions(tx, person.id)
    assert whose(world, idle) is None


def test_half_a_session_that_ended_has_no_owner(world: World) -> None:
    half = signed_in(world, world.user(Role.COMPLIANCE_OFFICER))
    let_pass(world, "user_sessions", "last_seen_at", hours=1)
    assert whose(world, half) is None
