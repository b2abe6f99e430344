"""The local outbox: what would have been mailed. Not registered in production."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.notifications.mailer import LocalOutbox
from app.web.guard import allow
from app.web.session import platform

blueprint = Blueprint("dev", __name__, url_prefix="/dev")
SHOWN = 50


@blueprint.get("/outbox")
@allow(Permission.READ_LOCAL_OUTBOX)
def outbox() -> ResponseReturnValue:
    """The latest mails, newest first."""
    mailer = platform().mailer
    if not isinstance(mailer, LocalOutbox):
        abort(404)
    return render_template("dev/outbox.html", mails=mailer.newest(SHOWN))
