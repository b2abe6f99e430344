"""Take a file of evidence in, write what a scanner found, and write down who read it."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from app.audit import actions as audit
from app.database import Transaction
from app.evidence.inspection import inspect
from app.evidence.lifecycle import QUARANTINED
from app.evidence.models import EvidenceFile
from app.vault import Vault


def take_in(
    tx: Transaction, user_id: int, *, filename: str, content: bytes, largest: int, vault: Vault
) -> EvidenceFile:
    """Keep a file, sealed and held back. Raises Refused: see `inspection.inspect`. Writes: evidence file, audit."""
    media_type = inspect(filename, content, largest)
    found = EvidenceFile(
        user_id=user_id,
        status=QUARANTINED,
        filename=filename[-200:],
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_at=tx.now,
        sealed=vault.seal_bytes(content),
    )
    tx.session.add(found)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, found, "take_in", sha256=found.sha256, size=found.size, media_type=media_type)
    tx.wake("scan_evidence")
    return found


def record_scan(tx: Transaction, file_id: int, finding: str | None) -> None:
    """Write what a scanner said; what it found something in is thrown away. Locks, writes: evidence file, audit."""
    found = tx.session.scalars(select(EvidenceFile).where(EvidenceFile.id == file_id).with_for_update()).one()
    if found.status != QUARANTINED:
        return  # another run was quicker
    if finding is None:
        audit.transition(tx, found, "clear")
        return
    found.sealed = None
    audit.transition(tx, found, "reject", finding=finding[:100])


def record_reading(tx: Transaction, found: EvidenceFile, *, case: str) -> None:
    """Write down that an officer read a file for a case. Writes: audit."""
    audit.record(tx, "read_evidence", found.__tablename__, found.id, case=case, sha256=found.sha256)
