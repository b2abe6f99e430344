"""Signing in: one answer for every failure, and no endless guessing."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.audit import queries as audit
from app.errors import Refused
from app.identity import actions, queries
from app.identity.actions import TRIES_PER_ACCOUNT_AND_ADDRESS, TRIES_PER_ADDRESS
from tests.builders import PASSWORD, World
from tests.identity.people import ELSEWHERE, HERE, KEY, actor_of, let_pass, reloaded, session_of, sign_in

WRONG = "incorrect horse battery staple"


def plant_failures(world: World, count: int, *, account: str, address: str = HERE) -> None:
    """So many failures of one account from one address, as if they had been tried one by one."""
    with world.acting() as tx:
        for _ in range(count):
            tx.session.add(
                actions.SignInAttempt(
                    account_hash=actions._keyed(KEY, account), address_hash=actions._keyed(KEY, address), at=tx.wall_now
                )
            )


def failures(world: World) -> int:
    return int(world.sql("SELECT count(*) FROM sign_in_attempts")[0][0])


def test_the_right_password_opens_a_session(world: World) -> None:
    person = world.user(Role.INVESTOR)
    token = sign_in(world, f"  {person.email.upper()} ")
    assert token is not None
    session = session_of(world, token)
    assert session is not None and (session.user_id, session.browser) == (person.id, "Browser 1")
    actor = actor_of(world, token)
    assert actor is not None and actor.is_signed_in and actor.roles == {Role.INVESTOR}


def test_the_token_itself_is_kept_nowhere(world: World) -> None:
    token = sign_in(world, world.user().email)
    assert token is not None
    assert world.sql("SELECT count(*) FROM user_sessions t WHERE t::text LIKE '%' || :token || '%'", token=token) == [
        (0,)
    ]


def test_every_failure_looks_the_same(world: World) -> None:
    person, suspended = world.user(), world.user()
    with world.acting() as tx:
        actions.suspend(tx, queries.user(tx.session, suspended.id))
    tries = [("nobody@example.test", PASSWORD), (person.email, WRONG), (person.email, ""), (suspended.email, PASSWORD)]
    assert [sign_in(world, email, password) for email, password in tries] == [None] * 4
    assert failures(world) == 4
    assert world.sql("SELECT count(*) FROM user_sessions") == [(0,)]


def test_an_unknown_address_costs_as_much_hashing_as_a_known_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = actions.passwords._hasher.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return real(stored, password)

    person = world.user()
    kept = actions.passwords.hashed("as a person's is kept")
    world.force("UPDATE users SET password_hash = :kept WHERE id = :id", kept=kept, id=person.id)
    monkeypatch.setattr(actions.passwords, "_hasher", Counting())
    for email in ("nobody@example.test", person.email):
        assert sign_in(world, email, WRONG) is None
    costs = [stored.split("$")[3] for stored in checked]
    assert len(costs) == 2 and costs[0] == costs[1]


def test_addresses_of_people_and_machines_are_kept_as_keyed_hashes_only(world: World) -> None:
    person = world.user()
    sign_in(world, person.email, WRONG)
    (kept,) = world.sql("SELECT account_hash, address_hash FROM sign_in_attempts")
    assert kept == (actions._keyed(KEY, person.email), actions._keyed(KEY, HERE))
    assert actions._keyed("another key", HERE) != kept[1]


def test_after_five_failures_one_account_waits_at_this_address(world: World) -> None:
    person, neighbour = world.user(), world.user()
    for _ in range(TRIES_PER_ACCOUNT_AND_ADDRESS):
        assert sign_in(world, person.email, WRONG) is None
    for password in (WRONG, PASSWORD):
        with pytest.raises(Refused) as caught:
            sign_in(world, person.email, password)
        assert caught.value.code == "too_many_tries"
        assert 0 < caught.value.facts["retry_after_s"] <= 901
        assert 0 < caught.value.facts["minutes"] <= 16
    assert failures(world) == TRIES_PER_ACCOUNT_AND_ADDRESS
    assert sign_in(world, neighbour.email) is not None
    assert sign_in(world, person.email, address=ELSEWHERE) is not None, "a stranger must not lock the owner out"


def test_an_unknown_account_is_throttled_like_a_known_one(world: World) -> None:
    plant_failures(world, TRIES_PER_ACCOUNT_AND_ADDRESS, account="nobody@example.test")
    with pytest.raises(Refused, match="too_many_tries"):
        sign_in(world, "Nobody@example.test ", WRONG)


def test_the_wait_is_over_when_the_first_failure_is_a_quarter_of_an_hour_old(world: World) -> None:
    person = world.user()
    plant_failures(world, TRIES_PER_ACCOUNT_AND_ADDRESS, account=person.email)
    let_pass(world, "sign_in_attempts", "at", mins=14)
    with pytest.raises(Refused) as caught:
        sign_in(world, person.email)
    assert 0 < caught.value.facts["retry_after_s"] <= 61
    let_pass(world, "sign_in_attempts", "at", mins=1)
    assert sign_in(world, person.email) is not None


def test_signing_in_forgets_ones_own_failures_here(world: World) -> None:
    person = world.user()
    plant_failures(world, TRIES_PER_ACCOUNT_AND_ADDRESS - 1, account=person.email)
    plant_failures(world, 1, account=person.email, address=ELSEWHERE)
    plant_failures(world, 1, account="nobody@example.test")
    assert sign_in(world, person.email) is not None
    assert failures(world) == 2


def test_an_address_that_tries_many_accounts_waits_for_all_of_them(world: World) -> None:
    person = world.user()
    for number in range(TRIES_PER_ADDRESS):
        plant_failures(world, 1, account=f"guess{number}@example.test")
    with pytest.raises(Refused, match="too_many_tries"):
        sign_in(world, person.email)
    assert sign_in(world, person.email, address=ELSEWHERE) is not None


def test_a_failure_of_a_known_account_is_in_its_trail_and_names_nobody(world: World) -> None:
    person = world.user()
    sign_in(world, person.email, WRONG)
    sign_in(world, person.email)
    with world.looking() as view:
        trail = audit.timeline(view.session, "users", person.id)
    assert [event.event for event in trail] == ["sign_in_failed", "sign_in"]
    assert all(event.facts == {} for event in trail)


def test_a_suspended_account_is_out_at_once_and_stays_out(world: World) -> None:
    person = world.user(Role.INVESTOR)
    tokens = [sign_in(world, person.email) for _ in range(2)]
    with world.acting() as tx:
        actions.suspend(tx, queries.user(tx.session, person.id))
    assert [actor_of(world, token or "") for token in tokens] == [None, None]
    assert sign_in(world, person.email) is None
    # Not even a session that the suspension did not end would count.
    world.sql("UPDATE user_sessions SET revoked_at = NULL")
    assert [actor_of(world, token or "") for token in tokens] == [None, None]
    assert reloaded(world, person).suspended_at is not None
