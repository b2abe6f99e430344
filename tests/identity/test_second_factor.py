"""The second factor: a code works once, a few wrong ones end the guessing, and without it staff are nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from cryptography.fernet import InvalidToken

from app.access import Lack, Permission, lacks
from app.actor import ANONYMOUS, Role
from app.errors import Refused
from app.identity import actions, queries, second_factor
from app.identity.actions import CODES_PER_ACCOUNT
from app.identity.models import User
from app.vault import Vault
from tests.builders import World
from tests.identity.people import ELSEWHERE, HERE, KEY, actor_of, let_pass, session_of, signed_in, staff, true_time

AT = datetime(2026, 3, 3, 15, 0, 7, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give(world: World, token: str, code: str, address: str = HERE) -> str:
    """What the page does: a wrong code is counted in a transaction of its own."""
    try:
        with world.acting() as tx:
            return actions.pass_second_factor(tx, token, code, world.platform.vault)
    except Refused:
        with world.looking() as view:
            half = queries.live_session(view.session, token, view.wall_now)
        if half is not None:
            with world.acting() as tx:
                actions.count_failed_code(tx, half.user_id, address, KEY)
        raise


def wrong(totp: pyotp.TOTP, at: datetime) -> str:
    near = {totp.at(at + timedelta(seconds=30 * step)) for step in range(-3, 4)}
    return next(code for code in map("{:06}".format, range(10)) if code not in near)


# Which code is right


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(steps: int, is_taken: bool) -> None:
    code = pyotp.TOTP(SECRET).at(AT + timedelta(seconds=30 * steps))
    step = second_factor.step_of(code, SECRET, AT, None)
    assert step == (int(AT.timestamp()) // 30 + steps if is_taken else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "000000000000"])
def test_what_is_no_six_digits_is_no_code(code: str) -> None:
    assert second_factor.step_of(code, SECRET, AT, None) is None


def test_a_step_that_was_used_and_those_before_it_are_over() -> None:
    totp, step = pyotp.TOTP(SECRET), int(AT.timestamp()) // 30
    assert second_factor.step_of(totp.at(AT), SECRET, AT, step) is None
    assert second_factor.step_of(totp.at(AT - timedelta(seconds=30)), SECRET, AT, step) is None
    assert second_factor.step_of(totp.at(AT + timedelta(seconds=30)), SECRET, AT, step) == step + 1


# Passing it


def test_the_code_replaces_the_half_session_by_a_whole_one(world: World) -> None:
    person, totp = staff(world)
    half = signed_in(world, person)
    whole = give(world, half, totp.at(true_time(world)))
    assert whole != half and session_of(world, half) is None
    actor = actor_of(world, whole)
    assert actor is not None and actor.is_signed_in and actor.roles == {Role.COMPLIANCE_OFFICER}


def test_a_code_works_once(world: World) -> None:
    person, totp = staff(world)
    code = totp.at(true_time(world))
    give(world, signed_in(world, person), code)
    again = signed_in(world, person)
    with pytest.raises(Refused) as caught:
        give(world, again, code)
    assert (caught.value.code, caught.value.field) == ("code_wrong", "code")
    actor = actor_of(world, again)
    assert actor is not None and not actor.is_signed_in


def test_spaces_in_a_code_do_no_harm(world: World) -> None:
    person, totp = staff(world)
    code = totp.at(true_time(world))
    give(world, signed_in(world, person), f" {code[:3]} {code[3:]}\n")


def test_an_ended_session_takes_no_code(world: World) -> None:
    person, totp = staff(world)
    half = signed_in(world, person)
    with world.acting() as tx:
        actions.sign_out(tx, half)
    for token in (half, "never a token"):
        with pytest.raises(Refused, match="session_ended"):
            give(world, token, totp.at(true_time(world)))


def test_after_five_wrong_codes_even_the_right_one_waits_from_everywhere(world: World) -> None:
    """Whoever guesses codes knows the password already: the right guess must not slip through."""
    person, totp = staff(world)
    half = signed_in(world, person)
    for number in range(CODES_PER_ACCOUNT):
        with pytest.raises(Refused, match="code_wrong"):
            give(world, half, wrong(totp, true_time(world)), address=f"192.0.2.{number}")
    for address in (HERE, ELSEWHERE):
        with pytest.raises(Refused) as caught:
            give(world, half, totp.at(true_time(world)), address)
        assert caught.value.code == "too_many_tries"
    actor = actor_of(world, half)
    assert actor is not None and actor.awaits_second_factor
    let_pass(world, "sign_in_attempts", "at", mins=15)
    give(world, half, totp.at(true_time(world)))


def test_the_right_code_forgets_the_wrong_ones(world: World) -> None:
    person, totp = staff(world)
    half = signed_in(world, person)
    for _ in range(CODES_PER_ACCOUNT - 1):
        with pytest.raises(Refused, match="code_wrong"):
            give(world, half, wrong(totp, true_time(world)))
    give(world, half, totp.at(true_time(world)))
    assert world.sql("SELECT count(*) FROM sign_in_attempts") == [(0,)]


def test_one_persons_wrong_codes_do_not_stop_another(world: World) -> None:
    (first, totp), (second, other) = staff(world), staff(world)
    half = signed_in(world, first)
    for number in range(CODES_PER_ACCOUNT):
        with pytest.raises(Refused, match="code_wrong"):
            give(world, half, wrong(totp, true_time(world)), address=f"192.0.2.{number}")
    give(world, signed_in(world, second), other.at(true_time(world)))


# Setting it up


def offered(world: World, person: User) -> str:
    with world.acting() as tx:
        return actions.offer_second_factor(tx, person.id, world.platform.vault)


def test_setting_it_up_gives_recovery_codes_that_each_work_once(world: World) -> None:
    person = world.user(Role.INVESTOR)
    secret = offered(world, person)
    assert offered(world, person) == secret, "what is shown again is the same, or the first picture would be useless"
    totp = pyotp.TOTP(secret)
    with pytest.raises(Refused, match="code_wrong"), world.acting() as tx:
        actions.confirm_second_factor(tx, person.id, wrong(totp, tx.wall_now), world.platform.vault)
    with world.acting() as tx:
        codes = actions.confirm_second_factor(tx, person.id, totp.at(tx.wall_now), world.platform.vault)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    give(world, signed_in(world, person), codes[0].upper())
    with pytest.raises(Refused, match="code_wrong"):
        give(world, signed_in(world, person), codes[0])
    give(world, signed_in(world, person), codes[1])
    kept = world.sql("SELECT count(*) FILTER (WHERE used_at IS NULL), count(*) FROM recovery_codes")
    assert kept == [(8, 10)]
    assert world.sql("SELECT kind FROM messages WHERE user_id = :id", id=person.id) == [("security_changed",)]


def test_a_recovery_code_is_ones_own(world: World) -> None:
    mine, other = world.user(Role.INVESTOR), world.user(Role.INVESTOR)
    codes = []
    for person in (mine, other):
        totp = pyotp.TOTP(offered(world, person))
        with world.acting() as tx:
            codes.append(actions.confirm_second_factor(tx, person.id, totp.at(tx.wall_now), world.platform.vault))
    with pytest.raises(Refused, match="code_wrong"):
        give(world, signed_in(world, mine), codes[1][0])


def test_what_is_in_force_cannot_be_offered_or_confirmed_again(world: World) -> None:
    person, totp = staff(world)
    before = world.contents()
    with pytest.raises(Refused, match="second_factor_in_force"):
        offered(world, person)
    with pytest.raises(Refused, match="second_factor_in_force"), world.acting() as tx:
        actions.confirm_second_factor(tx, person.id, totp.at(tx.wall_now), world.platform.vault)
    assert world.contents() == before


def test_the_secret_is_sealed_in_the_database(world: World) -> None:
    secret = offered(world, world.user(Role.INVESTOR))
    ((sealed,),) = world.sql("SELECT totp_secret FROM users WHERE totp_secret IS NOT NULL")
    assert secret.encode() not in bytes(sealed)
    assert world.platform.vault.open(bytes(sealed)) == secret
    with pytest.raises(InvalidToken):
        Vault("another key of the platform, as long").open(bytes(sealed))


# Who one is without it


@pytest.mark.parametrize("role", [Role.COMPLIANCE_OFFICER, Role.OPERATOR])
@pytest.mark.parametrize("is_set_up", [False, True])
def test_staff_without_their_second_factor_are_nobody(world: World, role: Role, is_set_up: bool) -> None:
    person = staff(world, role)[0] if is_set_up else world.user(role, Role.INVESTOR)
    actor = actor_of(world, signed_in(world, person))
    assert actor is not None
    assert actor.awaits_second_factor and not actor.is_signed_in and actor.roles == frozenset()
    for permission in Permission:
        if lacks(ANONYMOUS, permission) is not None and permission is not Permission.PASS_SECOND_FACTOR:
            assert lacks(actor, permission) is Lack.SECOND_FACTOR


def test_somebody_who_becomes_staff_is_asked_for_it_in_the_session_they_have(world: World) -> None:
    person = world.user(Role.INVESTOR)
    token = signed_in(world, person)
    with world.acting() as tx:
        actions.grant_role(tx, queries.user(tx.session, person.id), Role.OPERATOR)
    actor = actor_of(world, token)
    assert actor is not None and actor.awaits_second_factor and actor.roles == frozenset()


def test_an_investor_with_a_second_factor_is_asked_for_it_too(world: World) -> None:
    person = world.user(Role.INVESTOR)
    totp = pyotp.TOTP(offered(world, person))
    with world.acting() as tx:
        actions.confirm_second_factor(tx, person.id, totp.at(tx.wall_now), world.platform.vault)
    actor = actor_of(world, signed_in(world, person))
    assert actor is not None and actor.awaits_second_factor
