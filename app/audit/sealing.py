"""Chains the trail after the fact: each committed event gets a seal that hashes it together with the seal before.

Not in the transaction that writes an event: a chain there would be one row for which everybody waits.
"""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from app.audit import queries
from app.audit.models import AuditEvent, AuditSeal, AuditUnsealed
from app.audit.verifier import canonical, link, sha256
from app.database import Transaction

#: One at a time, on however many hosts.
SUBJECT = "audit seals"


def seal(tx: Transaction, limit: int) -> int:
    """Seal the events that wait, at most `limit`; return how many.

    In the order in which they are found here: a lower id may be committed later, and then comes later in the chain.
    Locks: the chain (advisory). Writes: seals.
    """
    tx.one_at_a_time(SUBJECT)
    head = queries.head(tx.session)
    waiting = tx.session.execute(
        select(*queries.EVENT)
        .join(AuditUnsealed, AuditUnsealed.event_id == AuditEvent.id)
        .where(~select(AuditSeal).where(AuditSeal.event_id == AuditEvent.id).exists())
        .order_by(AuditEvent.id)
        .limit(limit)
    ).all()
    if not waiting:
        return 0
    position, previous = head.position, head.hash
    sealed_at = tx.wall_now
    seals = []
    for row in waiting:
        position += 1
        event_hash = sha256(canonical(queries.as_facts(row)))
        previous = link(previous, position, queries.moment(sealed_at), event_hash)
        seals.append(
            {
                "position": position,
                "event_id": row.id,
                "sealed_at": sealed_at,
                "event_hash": event_hash,
                "hash": previous,
            }
        )
    tx.session.execute(insert(AuditSeal), seals)
    tx.session.execute(delete(AuditUnsealed).where(AuditUnsealed.event_id.in_([row.id for row in waiting])))
    return len(seals)
