"""What may be asked about people."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import STAFF, Actor, Role
from app.errors import NotFound
from app.identity.models import RoleGrant, User, UserSession

#: Without activity. Source: OWASP ASVS 5.0 7.3.1; shorter where decisions are made.
IDLE = timedelta(minutes=30)
STAFF_IDLE = timedelta(minutes=15)
#: In any case. Source: OWASP ASVS 5.0 7.3.2.
LONGEST = timedelta(hours=12)
#: Who was typing when their session ended sends it within this time, or never.
LATELY = timedelta(days=1)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def user(session: Session, user_id: int) -> User:
    """Raises NotFound."""
    found = session.get(User, user_id)
    if found is None:
        raise NotFound
    return found


def names(session: Session, user_ids: Collection[int]) -> Mapping[int, str]:
    """user -> their name."""
    rows = session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))
    return {row.id: row.name for row in rows}


def by_email(session: Session, email: str) -> User | None:
    return session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()


def live_session(session: Session, token: str, wall_now: datetime) -> UserSession | None:
    """The session of this cookie, if it is neither revoked, nor expired, nor its person suspended."""
    found = session.scalars(select(UserSession).where(UserSession.token_hash == token_hash(token))).one_or_none()
    if found is None or found.revoked_at is not None or wall_now >= found.expires_at:
        return None
    idle = STAFF_IDLE if found.user.roles & STAFF else IDLE
    if found.user.suspended_at is not None or wall_now - found.last_seen_at > idle:
        return None
    return found


def ran_out_session_user_id(session: Session, token: str, wall_now: datetime) -> int | None:
    """Whose whole session this was that ended lately, by time alone; None for every other token.

    One that was revoked (signed out, a new password, a stolen cookie) speaks for nobody; nor does half a session, for
    which a password is enough.
    """
    found = session.scalars(select(UserSession).where(UserSession.token_hash == token_hash(token))).one_or_none()
    if found is None or found.revoked_at is not None or wall_now >= found.expires_at + LATELY:
        return None
    is_half = actor(found.user, passed_second_factor=found.second_factor_at is not None).awaits_second_factor
    return None if is_half or found.user.suspended_at is not None else found.user_id


def sessions_of(session: Session, user_id: int, wall_now: datetime) -> list[UserSession]:
    """The person's own sign-ins that still count, newest first."""
    return list(
        session.scalars(
            select(UserSession)
            .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None), UserSession.expires_at > wall_now)
            .order_by(UserSession.last_seen_at.desc())
        )
    )


def actor(person: User, *, passed_second_factor: bool) -> Actor:
    """What this signed-in person is to the rest of the platform."""
    needs = person.totp_confirmed_at is not None or bool(person.roles & STAFF)
    waits = needs and not passed_second_factor
    return Actor(
        name=f"user:{person.id}",
        user_id=person.id,
        roles=frozenset() if waits else person.roles,
        email_is_verified=person.email_verified_at is not None,
        awaits_second_factor=waits,
    )


def with_role(session: Session, role: Role) -> list[User]:
    return list(
        session.scalars(
            select(User)
            .join(RoleGrant, RoleGrant.user_id == User.id)
            .where(RoleGrant.role == role, User.suspended_at.is_(None))
            .order_by(User.id)
        )
    )
