"""Everything that changes an account: signing up and in, second factors, passwords, roles, sessions."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.actor import STAFF, Role
from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.identity import passwords, queries, second_factor
from app.identity.mail_tokens import fingerprint
from app.identity.models import RecoveryCode, RoleGrant, SignInAttempt, User, UserSession
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.vault import Vault

#: Failures that are let through before the next try must wait; a stranger's failures never lock the owner out.
WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT_AND_ADDRESS = 5
TRIES_PER_ADDRESS = 50
#: From anywhere: whoever is asked for a code already knew the password.
CODES_PER_ACCOUNT = 5
#: `last_seen_at` is written at most this often.
SEEN_EVERY = timedelta(minutes=1)


def create_user(tx: Transaction, *, email: str, name: str, password: str, locale: str, timezone: str) -> User:
    """Make an account with no role. Raises Refused. Writes: user, audit."""
    email = email.strip().lower()
    passwords.require_strong(password, email=email, name=name)
    _one_at_a_time(tx, email)
    if queries.by_email(tx.session, email) is not None:
        raise Refused("email_taken", field="email")
    person = User(
        email=email,
        name=name.strip(),
        password_hash=passwords.hashed(password),
        locale=locale,
        timezone=timezone,
        created_at=tx.now,
    )
    tx.session.add(person)
    tx.session.flush()  # its id is needed by everything that follows
    audit.record(tx, "create_user", "users", person.id)
    return person


def sign_up(tx: Transaction, *, email: str, name: str, password: str, locale: str, timezone: str) -> None:
    """Open an account as investor and issuer, and send a mail to prove the address.

    Whether the address was known is told only to its owner, by mail. Writes: user, roles, message, audit.
    """
    email = email.strip().lower()
    passwords.require_strong(password, email=email, name=name)
    _one_at_a_time(tx, email)
    known = queries.by_email(tx.session, email)
    if known is not None:
        passwords.hashed(password)  # so that the answer takes as long as for a new address
        notifications.enqueue(tx, known.id, Message.ACCOUNT_EXISTS, about=f"day:{tx.wall_now:%Y-%m-%d}")
        return
    person = create_user(tx, email=email, name=name, password=password, locale=locale, timezone=timezone)
    for role in (Role.INVESTOR, Role.ISSUER):
        grant_role(tx, person, role)
    notifications.enqueue(tx, person.id, Message.VERIFY_EMAIL, about=fingerprint(person))


def _one_at_a_time(tx: Transaction, email: str) -> None:
    """A form sent twice at once asks about the same address: the second waits for the first."""
    tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(email, 0))))


def ask_to_verify_again(tx: Transaction, user_id: int) -> None:
    """Send the proving mail once more, at most once an hour. Writes: message."""
    person = queries.user(tx.session, user_id)
    if person.email_verified_at is None:
        notifications.enqueue(tx, person.id, Message.VERIFY_EMAIL, about=f"again:{tx.wall_now:%Y-%m-%dT%H}")


def verify_email(tx: Transaction, user_id: int, state: str) -> User:
    """Take the proof that a mail arrived. Raises Refused("link_used"). Writes: user, audit."""
    person = queries.user(tx.session, user_id)
    if fingerprint(person) != state:
        raise Refused("link_used")
    mark_email_verified(tx, person)
    return person


def mark_email_verified(tx: Transaction, person: User) -> None:
    person.email_verified_at = tx.wall_now
    audit.record(tx, "verify_email", "users", person.id)


def grant_role(tx: Transaction, person: User, role: Role) -> None:
    """Give a role; giving it again changes nothing. Writes: role, audit."""
    made = tx.session.execute(
        insert(RoleGrant)
        .values(user_id=person.id, role=role, granted_at=tx.now, granted_by=tx.actor.name)
        .on_conflict_do_nothing()
        .returning(RoleGrant.user_id)
    ).one_or_none()
    if made is not None:
        audit.record(tx, "grant_role", "users", person.id, role=role.value)
        tx.session.expire(person, ["grants"])


def sign_in(tx: Transaction, *, email: str, password: str, address: str, browser: str, key: str) -> str | None:
    """Check a password and open a session; return its token, or None when the two do not match.

    `key` keys the hashes that throttling keeps. Raises Refused("too_many_tries", retry_after_s=…).
    Writes: session or attempt, audit.
    """
    account_hash, address_hash = (_keyed(key, text) for text in (email.strip().lower(), address))
    _require_not_throttled(tx, account_hash, address_hash)
    person = queries.by_email(tx.session, email)
    right = passwords.matches(password, person.password_hash if person else None)
    if person is None or not right or person.suspended_at is not None:
        tx.session.add(SignInAttempt(account_hash=account_hash, address_hash=address_hash, at=tx.wall_now))
        if person is not None:
            audit.record(tx, "sign_in_failed", "users", person.id)
        return None
    tx.session.execute(
        delete(SignInAttempt).where(
            SignInAttempt.account_hash == account_hash, SignInAttempt.address_hash == address_hash
        )
    )
    audit.record(tx, "sign_in", "users", person.id)
    return open_session(tx, person, browser)


def _keyed(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _require_not_throttled(tx: Transaction, account_hash: str, address_hash: str) -> None:
    since = tx.wall_now - WINDOW
    by_account = SignInAttempt.account_hash == account_hash
    failures = select(
        func.count().filter(by_account),
        func.count(),
        func.min(SignInAttempt.at).filter(by_account),
        func.min(SignInAttempt.at),
    ).where(SignInAttempt.address_hash == address_hash, SignInAttempt.at > since)
    here, everywhere, first_here, first = tx.session.execute(failures).one()
    if here >= TRIES_PER_ACCOUNT_AND_ADDRESS or everywhere >= TRIES_PER_ADDRESS:
        raise _too_many(tx, first_here if here >= TRIES_PER_ACCOUNT_AND_ADDRESS else first)


def _too_many(tx: Transaction, first: datetime) -> Refused:
    wait_s = max(1, int((first + WINDOW - tx.wall_now).total_seconds()) + 1)
    return Refused("too_many_tries", retry_after_s=wait_s, minutes=-(-wait_s // 60))


def open_session(tx: Transaction, person: User, browser: str) -> str:
    """Start a signed-in browser; the returned token is kept nowhere else. Writes: session."""
    token = secrets.token_urlsafe(32)
    tx.session.add(
        UserSession(
            token_hash=queries.token_hash(token),
            user_id=person.id,
            created_at=tx.wall_now,
            last_seen_at=tx.wall_now,
            expires_at=tx.wall_now + queries.LONGEST,
            browser=browser[:200],
        )
    )
    return token


def touch(tx: Transaction, session_id: int) -> None:
    """Note that the session is in use. Writes: session."""
    tx.session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=tx.wall_now))


def pass_second_factor(tx: Transaction, token: str, code: str, vault: Vault) -> str:
    """Take a code for a half-open session and return the token of the full one that replaces it.

    Raises Refused("code_wrong", field="code"), Refused("too_many_tries") before the code is looked at,
    Refused("session_ended"). Locks: user. Writes: session, user or recovery code, attempts.
    """
    half = queries.live_session(tx.session, token, tx.wall_now)
    if half is None:
        raise Refused("session_ended")
    locked = select(User).where(User.id == half.user_id).with_for_update().execution_options(populate_existing=True)
    person = tx.session.scalars(locked).one()
    _require_codes_not_throttled(tx, person.id)
    if not _takes_code(tx, person, code, vault):
        raise Refused("code_wrong", field="code")
    tx.session.execute(delete(SignInAttempt).where(SignInAttempt.account_hash == _codes_of(person.id)))
    audit.record(tx, "pass_second_factor", "users", person.id)
    return begin_full_session(tx, token)


def begin_full_session(tx: Transaction, token: str) -> str:
    """Replace a session by one that has passed the second factor; return its token. Writes: sessions."""
    old = queries.live_session(tx.session, token, tx.wall_now)
    if old is None:
        raise Refused("session_ended")
    old.revoked_at = tx.wall_now
    fresh = open_session(tx, old.user, old.browser)
    tx.session.flush()  # the new session must exist to be marked
    tx.session.execute(
        update(UserSession)
        .where(UserSession.token_hash == queries.token_hash(fresh))
        .values(second_factor_at=tx.wall_now)
    )
    return fresh


def count_failed_code(tx: Transaction, user_id: int, address: str, key: str) -> None:
    """Note a wrong second-factor code, in its own transaction. Raises Refused("too_many_tries"). Writes: attempt."""
    address_hash = _keyed(key, address)
    _require_codes_not_throttled(tx, user_id)
    _require_not_throttled(tx, _codes_of(user_id), address_hash)
    tx.session.add(SignInAttempt(account_hash=_codes_of(user_id), address_hash=address_hash, at=tx.wall_now))
    audit.record(tx, "second_factor_failed", "users", user_id)


def _codes_of(user_id: int) -> str:
    return f"code:{user_id}"


def _require_codes_not_throttled(tx: Transaction, user_id: int) -> None:
    tries, first = tx.session.execute(
        select(func.count(), func.min(SignInAttempt.at)).where(
            SignInAttempt.account_hash == _codes_of(user_id), SignInAttempt.at > tx.wall_now - WINDOW
        )
    ).one()
    if tries >= CODES_PER_ACCOUNT:
        raise _too_many(tx, first)


def _takes_code(tx: Transaction, person: User, code: str, vault: Vault) -> bool:
    code = "".join(code.split())
    if person.totp_secret is not None:
        step = second_factor.step_of(code, vault.open(person.totp_secret), tx.wall_now, person.totp_last_step)
        if step is not None:
            person.totp_last_step = step
            return True
    used = tx.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == person.id,
            RecoveryCode.code_hash == second_factor.recovery_hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=tx.wall_now)
        .returning(RecoveryCode.id)
    ).one_or_none()
    return used is not None


def offer_second_factor(tx: Transaction, user_id: int, vault: Vault) -> str:
    """Make (or show again) the secret of a second factor that is not yet in force. Writes: user."""
    person = queries.user(tx.session, user_id)
    if person.totp_confirmed_at is not None:
        raise Refused("second_factor_in_force")
    if person.totp_secret is None:
        person.totp_secret = vault.seal(second_factor.new_secret())
    return vault.open(person.totp_secret)


def set_second_factor(tx: Transaction, person: User, secret: str, vault: Vault) -> None:
    """Put a known secret in force, for accounts made by an operator. Writes: user, audit."""
    person.totp_secret = vault.seal(secret)
    person.totp_confirmed_at = tx.wall_now
    audit.record(tx, "confirm_second_factor", "users", person.id)


def confirm_second_factor(tx: Transaction, user_id: int, code: str, vault: Vault) -> list[str]:
    """Put the offered secret in force and return recovery codes, shown this once.

    Raises Refused("code_wrong"). Locks: user. Writes: user, recovery codes, message, audit.
    """
    person = tx.session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    if person.totp_confirmed_at is not None or person.totp_secret is None:
        raise Refused("second_factor_in_force")
    if not _takes_code(tx, person, code, vault):
        raise Refused("code_wrong", field="code")
    person.totp_confirmed_at = tx.wall_now
    codes = second_factor.new_recovery_codes()
    tx.session.add_all(RecoveryCode(user_id=person.id, code_hash=second_factor.recovery_hash(code)) for code in codes)
    _tell_security_changed(tx, person, "second_factor")
    audit.record(tx, "confirm_second_factor", "users", person.id)
    return codes


def _tell_security_changed(tx: Transaction, person: User, what: str) -> None:
    notifications.enqueue(
        tx, person.id, Message.SECURITY_CHANGED, about=f"{what}:{tx.wall_now:%Y-%m-%dT%H:%M:%S.%f}", what=what
    )


def sign_out(tx: Transaction, token: str) -> None:
    """End this session. Writes: session."""
    tx.session.execute(
        update(UserSession)
        .where(UserSession.token_hash == queries.token_hash(token), UserSession.revoked_at.is_(None))
        .values(revoked_at=tx.wall_now)
    )


def end_sessions(tx: Transaction, user_id: int, *, except_token: str | None = None, only_id: int | None = None) -> None:
    """End the person's sessions: all, all but this one, or one by id. Writes: sessions, audit."""
    ending = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if except_token is not None:
        ending = ending.where(UserSession.token_hash != queries.token_hash(except_token))
    if only_id is not None:
        ending = ending.where(UserSession.id == only_id)
    tx.session.execute(ending.values(revoked_at=tx.wall_now))
    audit.record(tx, "end_sessions", "users", user_id)


def change_password(tx: Transaction, user_id: int, *, old: str, new: str, token: str) -> None:
    """Set a new password and sign out every other browser.

    Raises Refused("password_wrong", field="old_password"), or for a weak new one. Writes: user, sessions, message, audit.
    """
    person = queries.user(tx.session, user_id)
    if not passwords.matches(old, person.password_hash):
        raise Refused("password_wrong", field="old_password")
    _set_password(tx, person, new)
    end_sessions(tx, user_id, except_token=token)


def ask_to_reset_password(tx: Transaction, email: str) -> None:
    """Send a link to set a new password, if there is such an account. Writes: message."""
    person = queries.by_email(tx.session, email)
    if person is not None and person.suspended_at is None:
        notifications.enqueue(
            tx, person.id, Message.RESET_PASSWORD, about=f"{fingerprint(person)}:{tx.wall_now:%Y-%m-%dT%H}"
        )


def reset_password(tx: Transaction, user_id: int, state: str, new: str) -> None:
    """Set a new password by a mailed link and end every session; the second factor stays in force.

    Raises Refused("link_used"), or for a weak password. Writes: user, sessions, message, audit.
    """
    person = queries.user(tx.session, user_id)
    if fingerprint(person) != state:
        raise Refused("link_used")
    _set_password(tx, person, new)
    if person.email_verified_at is None:
        mark_email_verified(tx, person)
    end_sessions(tx, user_id)


def _set_password(tx: Transaction, person: User, new: str) -> None:
    passwords.require_strong(new, email=person.email, name=person.name)
    person.password_hash = passwords.hashed(new)
    _tell_security_changed(tx, person, "password")
    audit.record(tx, "set_password", "users", person.id)


def change_profile(tx: Transaction, user_id: int, *, name: str, locale: str, timezone: str) -> None:
    """Change how we address somebody. Writes: user, audit."""
    person = queries.user(tx.session, user_id)
    person.name, person.locale, person.timezone = name.strip(), locale, timezone
    audit.record(tx, "change_profile", "users", person.id)


def suspend(tx: Transaction, person: User) -> None:
    """Shut an account out, at once. Writes: user, sessions, audit."""
    person.suspended_at = tx.wall_now
    end_sessions(tx, person.id)
    audit.record(tx, "suspend", "users", person.id, staff=bool(person.roles & STAFF))
