"""Every request is checked against the permission that its view names, before anything else happens.

When a session ended while somebody was typing, what they typed is kept and given back after they sign in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.access import Lack, Permission, lacks
from app.i18n.words import N_
from app.identity import drafts, queries
from app.web.addresses import is_page
from app.web.session import acting, actor, looking, request_id

View = TypeVar("View", bound=Callable[..., Any])
log = structlog.get_logger()

#: Never kept: secrets, bank accounts (they are stored sealed only), choices that must be made anew, and what the
#: address says already.
NOT_KEPT = ("csrf_token", "password", "old_password", "code", "account", "outcome", "reasons", "form_key", "shares")


def allow(permission: Permission) -> Callable[[View], View]:
    """Name the permission of a view: `@allow(Permission.INVEST)`."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def permission_of(app: Flask, endpoint: str) -> Permission | None:
    """What a view names. Static files are public."""
    if endpoint == "static":
        return Permission.READ_PUBLIC
    return getattr(app.view_functions[endpoint], "permission", None)


def init_app(app: Flask) -> None:
    app.before_request(_check)


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such page: the error page answers
    permission = permission_of(current_app, request.endpoint)
    if permission is None:
        abort(403)  # fail closed; the build catches it first
    lack = lacks(actor(), permission)
    if lack is None:
        return None
    log.info("access_denied", endpoint=request.endpoint, lack=lack.value, request_id=request_id(), actor=actor().name)
    match lack:
        case Lack.SIGN_IN:
            return _to_sign_in()
        case Lack.SECOND_FACTOR:
            return redirect(url_for("account.second_factor", next=_here()))
        case Lack.VERIFIED_EMAIL:
            return redirect(url_for("account.verify_first", next=_here()))
        case Lack.NOTHING:
            return redirect("/")
        case Lack.ROLE:
            abort(403)


def _here() -> str:
    """A page to come back to: this one, or for an address that only takes posts, the page that the post came from."""
    if is_page():
        return request.full_path.rstrip("?")
    sent_from = urlsplit(request.referrer or "")
    return sent_from.path if sent_from.netloc == request.host else "/"


def _to_sign_in() -> ResponseReturnValue:
    token = cookie.pop("_user_id", None)
    if token is None:
        return redirect(url_for("account.sign_in", next=_here()))
    if _keep_typed(token):
        flash(N_("Your session has ended. What you typed is kept: sign in and you will find it again."), "caution")
    else:
        flash(N_("Your session has ended. Sign in again."), "caution")
    return redirect(url_for("account.sign_in", next=_here()))


def _keep_typed(token: str) -> bool:
    """Keep what came with this request for whoever's session has just run out; False when there is nothing to keep."""
    fields = _typed()
    if not fields:
        return False
    with acting() as tx:
        user_id = queries.ran_out_session_user_id(tx.session, token, tx.wall_now)
        return user_id is not None and drafts.keep(tx, user_id, request.path, fields)


def _typed() -> dict[str, list[str]]:
    """What is worth keeping of a form that was just sent; empty when nothing of it can be given back."""
    if request.method != "POST" or not is_page():
        return {}
    # The database stores no text with a zero character in it.
    fields = {
        name: [value.replace("\0", "") for value in values]
        for name, values in request.form.lists()
        if name not in NOT_KEPT and not name.startswith("statement_") and "\0" not in name
    }
    return fields if any(value for name, values in fields.items() for value in values if name != "version") else {}


def kept_fields(user_id: int) -> dict[str, list[str]] | None:
    """What this person had typed into the form at this address when their session ended."""
    with looking() as view:
        if not drafts.exists(view.session, user_id, request.path):
            return None
    with acting() as tx:
        return drafts.take(tx, user_id, request.path)
