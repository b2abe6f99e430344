"""Links in mails work once, for a while, for one purpose, for one person, and only with our key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import TimestampSigner

from app.errors import Refused
from app.identity import actions, queries
from app.identity.mail_tokens import LIFETIMES, MailTokens
from app.identity.models import User
from tests.builders import PASSWORD, World
from tests.identity.people import reloaded, session_of, sign_in, signed_in

NEW = "another horse battery staple"
PURPOSES = sorted(LIFETIMES)


def link(world: World, purpose: str, person: User) -> str:
    return world.platform.mail_tokens.make(purpose, reloaded(world, person))


def use(world: World, purpose: str, token: str, password: str = NEW) -> None:
    """What the page behind the link does."""
    found = world.platform.mail_tokens.read(purpose, token)
    if found is None:
        raise Refused("link_used")
    with world.acting() as tx:
        if purpose == "verify_email":
            actions.verify_email(tx, *found)
        else:
            actions.reset_password(tx, *found, password)


def refused(world: World, purpose: str, token: str) -> None:
    before = world.contents()
    with pytest.raises(Refused, match="link_used"):
        use(world, purpose, token)
    assert world.contents() == before


@pytest.fixture
def person(world: World) -> User:
    """Somebody whose address is not proven yet."""
    somebody = world.user()
    world.sql("UPDATE users SET email_verified_at = NULL WHERE id = :id", id=somebody.id)
    return somebody


def test_a_link_proves_an_address_once(world: World, person: User) -> None:
    token = link(world, "verify_email", person)
    use(world, "verify_email", token)
    assert reloaded(world, person).email_verified_at is not None
    refused(world, "verify_email", token)


def test_a_link_sets_a_password_once_and_ends_every_session(world: World, person: User) -> None:
    session = signed_in(world, person)
    token = link(world, "reset_password", person)
    use(world, "reset_password", token)
    assert session_of(world, session) is None
    assert (sign_in(world, person.email, PASSWORD), sign_in(world, person.email, NEW) is None) == (None, False)
    assert reloaded(world, person).email_verified_at is not None, "whoever got the mail has the address"
    refused(world, "reset_password", token)


def test_a_weak_password_leaves_the_link_as_it_was(world: World, person: User) -> None:
    token = link(world, "reset_password", person)
    before = world.contents()
    with pytest.raises(Refused, match="password_too_short"):
        use(world, "reset_password", token, "short")
    assert world.contents() == before
    use(world, "reset_password", token)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize(("seconds", "works"), [(-5, True), (5, False)])
def test_a_link_works_for_a_while(
    world: World, person: User, purpose: str, seconds: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_at = datetime.now(UTC) - LIFETIMES[purpose] - timedelta(seconds=seconds)
    with monkeypatch.context() as then:
        then.setattr(TimestampSigner, "get_timestamp", lambda self: int(made_at.timestamp()))
        token = link(world, purpose, person)
    if works:
        use(world, purpose, token)
    else:
        refused(world, purpose, token)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_for_an_address_that_was_changed_is_over(world: World, person: User, purpose: str) -> None:
    token = link(world, purpose, person)
    world.sql("UPDATE users SET email = 'changed@example.test' WHERE id = :id", id=person.id)
    refused(world, purpose, token)


def test_an_older_link_is_over_when_the_password_was_set_meanwhile(world: World, person: User) -> None:
    first, second = link(world, "reset_password", person), link(world, "verify_email", person)
    use(world, "reset_password", link(world, "reset_password", person))
    refused(world, "reset_password", first)
    refused(world, "verify_email", second)


def test_a_link_for_one_purpose_serves_no_other(world: World, person: User) -> None:
    for purpose, other in (PURPOSES, reversed(PURPOSES)):
        refused(world, other, link(world, purpose, person))


def test_a_forged_link_is_no_link(world: World, person: User) -> None:
    token = link(world, "reset_password", person)
    forged = [
        "", "x", token[:-1], token + "A", token.swapcase(), "." + token,
        MailTokens("another key of the platform, as long").make("reset_password", person),
        world.platform.mail_tokens._serializer("reset_password").dumps("not a pair"),
        world.platform.mail_tokens._serializer("reset_password").dumps(["seven", "x"]),
    ]  # fmt: skip
    for one in forged:
        refused(world, "reset_password", one)


def test_a_link_for_one_person_does_not_open_another(world: World, person: User) -> None:
    other = world.user()
    state = world.platform.mail_tokens.read("reset_password", link(world, "reset_password", person))
    assert state is not None
    before = world.contents()
    with pytest.raises(Refused, match="link_used"), world.acting() as tx:
        actions.reset_password(tx, other.id, state[1], NEW)
    assert world.contents() == before


def test_a_link_of_a_suspended_account_lets_nobody_in(world: World, person: User) -> None:
    token = link(world, "reset_password", person)
    with world.acting() as tx:
        actions.suspend(tx, queries.user(tx.session, person.id))
    use(world, "reset_password", token)
    assert sign_in(world, person.email, NEW) is None
