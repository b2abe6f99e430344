"""What a gateway tells us: checked, stored, answered. It is handled later, by a job."""

from __future__ import annotations

import structlog
from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.actor import Actor
from app.errors import Refused
from app.payments import inbox
from app.payments.errors import WRONG_ENVIRONMENT, BadSignature, Stale
from app.reconciliation import actions as reconciliation
from app.web.guard import allow
from app.web.session import looking, platform, request_id

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@blueprint.post("/webhooks/<gateway_name>")
@allow(Permission.TELL_EVENTS)
def receive_gateway_event(gateway_name: str) -> ResponseReturnValue:
    """Keep a signed event; the same one again is one row. 204 when kept, 400 when not believed, 413 when too large."""
    if (request.content_length or 0) > inbox.LARGEST_EVENT_BYTES:
        abort(413)
    raw = request.get_data(cache=False)
    if len(raw) > inbox.LARGEST_EVENT_BYTES:
        abort(413)
    try:
        gateway = platform().gateway_named(gateway_name)
    except Refused:
        abort(404)
    with looking() as view:
        wall_now = view.wall_now
    try:
        envelope = gateway.verify(raw, dict(request.headers), wall_now)
    except (BadSignature, Stale) as error:
        log.warning("event_refused", gateway=gateway_name, why=type(error).__name__, code=error.code)
        if error.code == WRONG_ENVIRONMENT:  # signed with our secret: somebody at the gateway has to mend its address
            with platform().database.transaction(Actor(f"gateway:{gateway_name}"), request_id()) as tx:
                reconciliation.refuse_event(tx, gateway_name)
        abort(400)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("event_refused", gateway=gateway_name, why="unreadable")
        abort(400)
    with platform().database.transaction(Actor(f"gateway:{gateway_name}"), request_id()) as tx:
        inbox.store(tx, gateway_name, envelope)
    return "", 204
