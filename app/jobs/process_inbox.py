"""Handles what the gateways told us. An event is only a hint: the state comes from asking.

What is the same for many events is done once for all that were taken together: to look up what they are about, to ask
about a thing that several name, to wake other jobs, and to note what became of them. A worker that dies before it notes that leaves events
that are handled once more, which changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from app.actor import SYSTEM
from app.jobs import outcomes
from app.payments import inbox
from app.payments import queries as payments
from app.payments.errors import GatewayError
from app.payments.inbox import OBJECT_UNKNOWN, Failed
from app.payments.models import GatewayEvent
from app.payments.port import Envelope, OpKind, Ref
from app.reconciliation import queries as reconciliation
from app.wiring import Platform

log = structlog.get_logger()

#: Few enough that even a slow gateway has answered about all of them before anybody else may take them.
BATCH = 20

#: A thing at a gateway, by its name there; and an instruction of ours.
Named = tuple[str, Ref]
Asked = tuple[int, OpKind]


@dataclass(frozen=True, slots=True)
class Notes:
    """What is to be noted: which events are over, by which move, and which could not be handled."""

    over: dict[str, list[GatewayEvent]] = field(default_factory=lambda: defaultdict(list))
    failed: list[Failed] = field(default_factory=list)


def run(platform: Platform) -> int:
    """Work through the events that wait; return how many were handled."""
    handled = 0
    while True:
        with platform.database.transaction(SYSTEM, "process_inbox") as tx:
            batch = inbox.lease(tx, BATCH)
        if not batch:
            return handled
        with platform.database.waking_together():
            notes = _handle(platform, batch)
        with platform.database.transaction(SYSTEM, "events") as tx:
            for move, events in notes.over.items():
                inbox.finish(tx, events, move)
            inbox.keep_failures(tx, notes.failed)
        handled += len(batch)


def _handle(platform: Platform, batch: Sequence[GatewayEvent]) -> Notes:
    """Ask about everything that these events name, and record the answers; what is to be noted of which of them."""
    notes = Notes()
    told: list[tuple[GatewayEvent, list[Named]]] = []
    for event in batch:
        with _noting_failure(notes, event):
            told.append((event, _names(platform, event)))
    ours, by_hand = _known(platform, {one for _, named in told for one in named})
    asked: set[Named] = set()
    for event, named in told:
        with _noting_failure(notes, event, named):
            for one in named:
                if one in ours and one not in asked:
                    _ask(platform, one, ours[one])
                    asked.add(one)
            if all(one in ours or one in by_hand for one in named):
                notes.over["handle" if named else "ignore"].append(event)
            else:
                # The event came before the answer to our call was written, or somebody acted at the gateway: look again.
                notes.failed.append(_failed(event, OBJECT_UNKNOWN, named))
    return notes


@contextmanager
def _noting_failure(notes: Notes, event: GatewayEvent, named: Sequence[Named] = ()) -> Iterator[None]:
    """Whatever it is, the other events are not to blame: this one is tried again, and then a person looks at it."""
    try:
        yield
    except GatewayError as failure:
        notes.failed.append(_failed(event, f"{type(failure).__name__} {failure.code}", named))
    except Exception as failure:
        name = type(failure).__name__
        log.error("event_not_handled", gateway=event.gateway, event_id=event.event_id, error=name)
        notes.failed.append(_failed(event, name, named))


def _failed(event: GatewayEvent, error: str, named: Sequence[Named]) -> Failed:
    return Failed(event, error, [ref for _, ref in named])


def _names(platform: Platform, event: GatewayEvent) -> list[Named]:
    """Raises whatever a strange event makes its gateway raise, and ValueError for a name that no database can look up."""
    hints = platform.gateway_named(event.gateway).parse(Envelope(event.event_id, event.type, event.body))
    for hint in hints:
        if b"\0" in str(hint.ref).encode():
            raise ValueError
    return [(event.gateway, hint.ref) for hint in hints]


def _known(platform: Platform, named: set[Named]) -> tuple[Mapping[Named, Sequence[Asked]], set[Named]]:
    """Which instructions of ours have these names; and what is in the books though nobody here asked for it."""
    ours: dict[Named, list[Asked]] = defaultdict(list)
    with platform.database.snapshot() as view:
        for row in payments.by_refs(view.session, named):
            ours[row.gateway, Ref.read(row.provider_ref or "")].append((row.id, OpKind(row.kind)))
        by_hand = reconciliation.booked_by_hand(view.session, named - ours.keys())
    return dict(ours), by_hand


def _ask(platform: Platform, named: Named, instructions: Sequence[Asked]) -> None:
    """Ask how it stands, and record that for everything that we asked about it but its cancellation."""
    gateway, ref = named
    wanted = [(id_, kind) for id_, kind in instructions if kind is not OpKind.CANCEL]
    if not wanted:
        return
    outcome = platform.gateway_named(gateway).fetch(ref)
    for instruction_id, kind in wanted:
        outcomes.apply(platform, instruction_id, kind, outcome)
