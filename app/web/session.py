"""Who is at the other end, in which language, and the ways to act and to look for them.

Flask-Login holds the person of a request. The cookie carries only a random token; the session itself is a row that can
be ended at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, g, has_request_context, request
from flask import session as cookie
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response as BaseResponse

from app.actor import ANONYMOUS, Actor
from app.database import Snapshot, Transaction
from app.errors import Mistake, Refused
from app.i18n import labels
from app.i18n.locales import LANGUAGES, Language, best_for, language
from app.identity import actions as identity
from app.identity import queries
from app.offerings.deadlines import is_zone
from app.wiring import Platform

LANGUAGE_COOKIE = "lang"
#: Written by `app/static/zone.js`; anybody can write anything into it.
ZONE_COOKIE = "tz"


@dataclass(frozen=True, slots=True)
class Person:
    """The signed-in person, as Flask-Login knows them. Plain values: no database session is kept open."""

    token: str
    session_id: int
    user_id: int
    name: str
    email: str
    locale: str
    timezone: str
    has_second_factor: bool
    actor: Actor

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.token


def platform_of(app: Flask) -> Platform:
    return cast(Platform, app.extensions["platform"])


def platform() -> Platform:
    """The platform of this site."""
    return platform_of(current_app)


def init_app(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # our own session rows decide, by token
    manager.user_loader(load_person)
    app.before_request(_choose_language)
    app.after_request(_remember_language)


def load_person(token: str) -> Person | None:
    """The person of a session token; None when the session has ended in whatever way."""
    with platform().database.snapshot() as view:
        found = queries.live_session(view.session, token, view.wall_now)
        if found is None:
            return None
        user = found.user
        actor = queries.actor(user, passed_second_factor=found.second_factor_at is not None)
        stale = view.wall_now - found.last_seen_at > identity.SEEN_EVERY
        person = Person(
            token, found.id, user.id, user.name, user.email, user.locale, user.timezone,
            user.totp_confirmed_at is not None, actor,
        )  # fmt: skip
    if stale:
        with platform().database.transaction(actor, request_id()) as tx:
            identity.touch(tx, person.session_id)
    return person


def me() -> Person | None:
    """The signed-in (or half signed-in) person of this request."""
    return cast(Person, current_user) if current_user and current_user.is_authenticated else None


def my_id() -> int:
    """The user id of the signed-in person; only for pages whose permission asks for one."""
    person = me()
    assert person is not None
    return person.user_id


def actor() -> Actor:
    person = me()
    return ANONYMOUS if person is None else person.actor


def request_id() -> str:
    if not has_request_context():
        return "-"
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex[:16]
    return cast(str, g.request_id)


@contextmanager
def acting() -> Iterator[Transaction]:
    """The one transaction of a request, in the name of who is signed in.

    Never inside `looking`: a request that holds one connection and waits for another can stop the whole site.
    """
    if "view" in g:
        raise Mistake("a page may not act while it is looking")
    with platform().database.transaction(actor(), request_id()) as tx:
        yield tx


@contextmanager
def telling(done: str | None = None) -> Iterator[Transaction]:
    """Act, as a button without a form does: the next page says what was done, or why all of it was refused.

    Where that goes by what the act answers, or the way goes on elsewhere after a refusal, a page does it by hand.
    """
    try:
        with acting() as tx:
            yield tx
        if done is not None:
            flash(done, "ok")
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")


@contextmanager
def rehearsing() -> Iterator[Transaction]:
    """Act, see what would happen, and have all of it undone; like `acting`, never inside `looking`."""
    if "view" in g:
        raise Mistake("a page may not act while it is looking")
    with platform().database.rehearsal(actor(), request_id()) as tx:
        yield tx


@contextmanager
def looking() -> Iterator[Snapshot]:
    """A consistent view for a page: one for everything that looks at the same time."""
    if "view" in g:
        yield g.view
        return
    with platform().database.snapshot() as view:
        g.view = view
        try:
            yield view
        finally:
            del g.view


def reader() -> Language:
    """The language of this request."""
    return cast(Language, g.language)


def reader_zone() -> str:
    """The time zone in which the reader wants to see times, beside a thing's own.

    The account's; a stranger's browser tells its own; without a word of it, the language lets us guess.
    """
    person = me()
    if person is not None:
        return person.timezone
    told = request.cookies.get(ZONE_COOKIE, "")
    return told if is_zone(told) else reader().timezone


def _choose_language() -> None:
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        g.language = LANGUAGES[asked]
        g.language_chosen = True
        return
    kept = request.cookies.get(LANGUAGE_COOKIE)
    if kept in LANGUAGES:
        g.language = LANGUAGES[kept]
        return
    # Set first: when the database is gone, the page that says so still needs a language.
    g.language = best_for([tag for tag, _ in request.accept_languages])
    person = me()
    if person is not None:
        g.language = language(person.locale)


def _remember_language(response: Response) -> Response:
    if g.get("language_chosen"):
        keep_language(response, g.language.code)
    return response


def keep_language(response: BaseResponse, code: str) -> None:
    """Remember a chosen language in this browser."""
    remember(response, LANGUAGE_COOKIE, code)


def remember(response: BaseResponse, name: str, value: str) -> None:
    """Keep how somebody wants the site in their browser, for a year."""
    response.set_cookie(
        name, value, max_age=31_536_000, samesite="Lax", httponly=True, secure=platform().settings.is_production
    )


def begin_session(token: str) -> None:
    """Put a new session's token into the cookie; nothing of an earlier one stays."""
    cookie.clear()
    cookie["_user_id"] = token
    cookie["_fresh"] = True


def carries_session() -> bool:
    """Whether this browser shows a session, good or ended: known without asking the database."""
    return "_user_id" in cookie


def local_path(target: str | None, otherwise: str) -> str:
    """A place on this site to go on to; anything that leads elsewhere is not followed."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\") or "\\" in target:
        return otherwise
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(character) < 32 for character in target):
        return otherwise
    return target
