"""Goes through the whole chain and says what is wrong with it; it changes nothing.

In batches: a million events need no more memory than a few thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

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
#: Faults named one by one; a chain that was cut open has no more to say.
MOST_NAMED = 20


@dataclass(slots=True)
class Report:
    """What was found. `faults` is empty when the trail is what it was."""

    sealed: int = 0
    waiting: int = 0
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    faults: list[str] = field(default_factory=list)


def verify(view: Snapshot, signer: Signer, checkpoints: Iterable[Checkpoint]) -> Report:
    """Recompute every hash, follow the chain from its beginning, and compare it with the signed checkpoints."""
    signed: dict[int, list[Checkpoint]] = {}
    report = Report()
    for one in dict.fromkeys(checkpoints):  # the database and the file have the same ones
        if one.is_ours(signer):
            signed.setdefault(one.position, []).append(one)
        else:
            report.faults.append(f"position {one.position}: a checkpoint of {one.at} is not signed with our key")
    found = _chain_faults(view.session, report, signed)
    report.faults += islice(found, MOST_NAMED)
    report.faults += islice(_unsealed_faults(view, report), MOST_NAMED)
    return report


def _chain_faults(session: Session, report: Report, signed: dict[int, list[Checkpoint]]) -> Iterator[str]:
    previous, expected = GENESIS, 1
    while batch := session.execute(
        select(AuditSeal.position, AuditSeal.event_id, AuditSeal.sealed_at, AuditSeal.event_hash, AuditSeal.hash, *queries.EVENT)
        .outerjoin(AuditEvent, AuditEvent.id == AuditSeal.event_id)
        .where(AuditSeal.position >= expected)
        .order_by(AuditSeal.position)
        .limit(BATCH)
    ).all():  # fmt: skip
        for row in batch:
            where = f"position {row.position}, event {row.event_id}"
            if row.position != expected:
                yield f"position {expected}: the seal is missing"
            if row.id is None:
                yield f"{where}: the event is missing"
            elif sha256(canonical(queries.as_facts(row))) != row.event_hash:
                yield f"{where}: the event is not the one that was sealed"
            if link(previous, row.position, queries.moment(row.sealed_at), row.event_hash) != row.hash:
                yield f"{where}: the seal does not follow from the one before"
            for checkpoint in signed.pop(row.position, []):
                if checkpoint.hash != row.hash:
                    yield f"{where}: the chain is not the one that was signed at {checkpoint.at}"
            previous, expected = row.hash, row.position + 1
            report.sealed += 1
            report.head = Head(row.position, row.hash)
    for position, lost in sorted(signed.items()):
        yield f"position {position}: the seal is missing, a checkpoint of {lost[0].at} has it"


def _unsealed_faults(view: Snapshot, report: Report) -> Iterator[str]:
    """Events that have no seal: those that wait for it, and those that nobody queued or that are gone."""
    report.waiting = view.session.scalars(select(func.count()).select_from(AuditUnsealed)).one()
    sealed = select(AuditSeal).where(AuditSeal.event_id == AuditEvent.id)
    queued = select(AuditUnsealed).where(AuditUnsealed.event_id == AuditEvent.id)
    strange = select(AuditEvent.id).where(~sealed.exists(), ~queued.exists()).order_by(AuditEvent.id)
    for event_id in view.session.scalars(strange.limit(MOST_NAMED)):
        yield f"event {event_id}: it has no seal and was never queued for one"
    gone = select(AuditUnsealed.event_id).where(
        ~select(AuditEvent).where(AuditEvent.id == AuditUnsealed.event_id).exists()
    )
    for event_id in view.session.scalars(gone.order_by(AuditUnsealed.event_id).limit(MOST_NAMED)):
        yield f"event {event_id}: it is gone before it was sealed"
    late = select(AuditUnsealed.event_id).where(AuditUnsealed.since < view.wall_now - LONGEST_WAIT)
    for event_id in view.session.scalars(late.order_by(AuditUnsealed.event_id).limit(1)):
        yield f"event {event_id}: it waits for its seal for longer than {LONGEST_WAIT}; does the sealer run?"
