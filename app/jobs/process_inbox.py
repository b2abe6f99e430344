"""Handles what the gateway told us. An event is only a hint: the state comes from asking."""

from __future__ import annotations

import structlog

from app.actor import SYSTEM
from app.jobs import outcomes
from app.payments import inbox
from app.payments import queries as payments
from app.payments.errors import GatewayError
from app.payments.models import GatewayEvent
from app.payments.port import Envelope, Hint, OpKind
from app.wiring import Platform

log = structlog.get_logger()

BATCH = 50


def run(platform: Platform) -> int:
    """Work through the events that wait; return how many were handled."""
    handled = 0
    while True:
        with platform.database.transaction(SYSTEM, "process_inbox") as tx:
            batch = inbox.lease(tx, BATCH)
        for event in batch:
            _handle(platform, event)
        handled += len(batch)
        if len(batch) < BATCH:
            return handled


def _handle(platform: Platform, event: GatewayEvent) -> None:
    status, error = "done", None
    try:
        hints = platform.gateway_named(event.gateway).parse(Envelope(event.event_id, event.type, event.body))
        known = [_apply(platform, event.gateway, hint) for hint in hints]
        if not hints:
            status = "ignored"
        elif not all(known):
            # The event came before the answer to our call was written, or somebody acted at the gateway: look again.
            status, error = "new", "object_unknown"
    except GatewayError as failure:
        status, error = "new", f"{type(failure).__name__} {failure.code}"
    except Exception as failure:
        # Whatever it is, the other events are not to blame: this one is tried again, and then a person looks at it.
        log.error("event_not_handled", gateway=event.gateway, event_id=event.event_id, error=type(failure).__name__)
        status, error = "new", type(failure).__name__
    with platform.database.transaction(SYSTEM, f"event:{event.event_id}") as tx:
        inbox.mark(tx, event.gateway, event.event_id, status, error)


def _apply(platform: Platform, gateway: str, hint: Hint) -> bool:
    """Ask about what the event names, and record the answer; False when no instruction of ours has that name."""
    with platform.database.snapshot() as view:
        asked = [(row.id, OpKind(row.kind)) for row in payments.by_ref(view.session, gateway, hint.ref)]
    wanted = [(id_, kind) for id_, kind in asked if kind is not OpKind.CANCEL]
    if not wanted:
        return bool(asked)
    outcome = platform.gateway_named(gateway).fetch(hint.ref)
    for instruction_id, kind in wanted:
        outcomes.apply(platform, instruction_id, kind, outcome)
    return True
