"""Goes through the whole chain and says what is wrong with it; it changes nothing.

Row by row: a million events need no more memory than a few thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import queries
from app.audit.checkpoints import Checkpoint
from app.audit.models import AuditEvent, AuditSeal, AuditUnsealed
from app.audit.queries import Head
from app.audit.verifier import GENESIS, canonical, link, sha256
from app.database import Snapshot
from app.vault import Signer

BATCH = 5_000
#: So long may an event wait for its seal: the sealer comes every few seconds.
LONGEST_WAIT = timedelta(minutes=1)
#: So many faults are named one by one; of the others only the number is told.
MOST_NAMED = 20


@dataclass(slots=True)
class Report:
    """What was found. `faults` is empty when the trail is what it was."""

    sealed: int = 0
    waiting: int = 0
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    faults: list[str] = field(default_factory=list)
    unnamed: int = 0

    def name(self, fault: str) -> None:
        if len(self.faults) < MOST_NAMED:
            self.faults.append(fault)
        else:
            self.unnamed += 1


def verify(view: Snapshot, signer: Signer, checkpoints: Iterable[Checkpoint]) -> Report:
    """Recompute every hash, follow the chain from its beginning, and compare it with the signed checkpoints."""
    signed: dict[int, list[Checkpoint]] = {}
    report = Report()
    for one in dict.fromkeys(checkpoints):  # the database and the file have the same ones
        if one.is_ours(signer):
            signed.setdefault(one.position, []).append(one)
        else:
            report.name(f"position {one.position}: a checkpoint of {one.at} is not signed with our key")
    _follow_chain(view.session, report, signed)
    _look_for_unsealed(view, report)
    return report


def _follow_chain(session: Session, report: Report, signed: dict[int, list[Checkpoint]]) -> None:
    seals = (
        select(*queries.SEAL, *queries.EVENT)
        .outerjoin(AuditEvent, AuditEvent.id == AuditSeal.event_id)
        .order_by(AuditSeal.position)
    )
    position, previous = 0, GENESIS
    for row in session.execute(seals, execution_options={"yield_per": BATCH}):
        if row.position != position + 1:
            report.name(f"position {position + 1}: the seal is missing")
        position = row.position
        for fault in _faults(row, previous, signed.pop(position, ())):
            report.name(f"position {position}, event {row.event_id}: {fault}")
        previous = row.hash
        report.sealed += 1
    report.head = Head(position, previous)
    for position, lost in sorted(signed.items()):
        report.name(f"position {position}: the seal is missing, a checkpoint of {lost[0].at} has it")


def _faults(row: Any, previous: str, signed: Iterable[Checkpoint]) -> Iterator[str]:
    """What is wrong with one seal and its event."""
    if row.id is None:
        yield "the event is missing"
    elif sha256(canonical(queries.as_facts(row))) != row.event_hash:
        yield "the event is not the one that was sealed"
    if link(previous, row.position, queries.moment(row.sealed_at), row.event_hash) != row.hash:
        yield "the seal does not follow from the one before"
    for checkpoint in signed:
        if checkpoint.hash != row.hash:
            yield f"the chain is not the one that was signed at {checkpoint.at}"


def _look_for_unsealed(view: Snapshot, report: Report) -> None:
    """Events that have no seal: those that wait for it, those that nobody queued, and those that are gone."""
    report.waiting = view.session.scalars(select(func.count()).select_from(AuditUnsealed)).one()
    sealed = select(AuditSeal).where(AuditSeal.event_id == AuditEvent.id)
    queued = select(AuditUnsealed).where(AuditUnsealed.event_id == AuditEvent.id)
    strange = select(AuditEvent.id).where(~sealed.exists(), ~queued.exists()).order_by(AuditEvent.id)
    for event_id in view.session.scalars(strange.limit(MOST_NAMED)):
        report.name(f"event {event_id}: it has no seal and was never queued for one")
    event = select(AuditEvent).where(AuditEvent.id == AuditUnsealed.event_id)
    waiting = select(AuditUnsealed.event_id).order_by(AuditUnsealed.event_id)
    for event_id in view.session.scalars(waiting.where(~event.exists()).limit(MOST_NAMED)):
        report.name(f"event {event_id}: it was gone before it was sealed")
    late = waiting.where(AuditUnsealed.since < view.wall_now - LONGEST_WAIT)
    for event_id in view.session.scalars(late.limit(1)):
        report.name(f"event {event_id}: it waits for its seal for longer than {LONGEST_WAIT}; does the sealer run?")
