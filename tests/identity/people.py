"""Signing in as people do, and letting time pass for sessions, which go by the true time."""

from __future__ import annotations

from datetime import datetime

import pyotp

from app.actor import Actor, Role
from app.identity import actions, queries
from app.identity.models import User, UserSession
from tests.builders import PASSWORD, World

KEY = "a key for the hashes of throttling"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def sign_in(world: World, email: str, password: str = PASSWORD, address: str = HERE) -> str | None:
    with world.acting() as tx:
        return actions.sign_in(tx, email=email, password=password, address=address, browser="Browser 1", key=KEY)


def signed_in(world: World, person: User) -> str:
    """A session as the right password opens one, without the slow check of it."""
    with world.acting() as tx:
        return actions.open_session(tx, person, "Browser 1")


def session_of(world: World, token: str) -> UserSession | None:
    """The session behind a cookie, if it counts now."""
    with world.looking() as view:
        return queries.live_session(view.session, token, view.wall_now)


def actor_of(world: World, token: str) -> Actor | None:
    """What the platform takes the bearer of a cookie for."""
    with world.looking() as view:
        session = queries.live_session(view.session, token, view.wall_now)
        if session is None:
            return None
        person = queries.user(view.session, session.user_id)
        return queries.actor(person, passed_second_factor=session.second_factor_at is not None)


def reloaded(world: World, person: User) -> User:
    with world.looking() as view:
        return queries.user(view.session, person.id)


def let_pass(world: World, table: str, column: str, **by: int) -> None:
    """Make what is in the table so much older."""
    (unit, count), *_ = by.items()
    world.sql(f"UPDATE {table} SET {column} = {column} - make_interval({unit} => :count)", count=count)


def staff(world: World, role: Role = Role.COMPLIANCE_OFFICER) -> tuple[User, pyotp.TOTP]:
    """A person of the staff with a second factor in force."""
    person = world.user(role)
    secret = pyotp.random_base32()
    with world.acting() as tx:
        known = queries.user(tx.session, person.id)
        actions.set_second_factor(tx, known, secret, world.platform.vault)
    return person, pyotp.TOTP(secret)


def true_time(world: World) -> datetime:
    with world.looking() as view:
        return view.wall_now
