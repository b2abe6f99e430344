"""What may be asked about files of evidence."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.evidence.lifecycle import QUARANTINED
from app.evidence.models import EvidenceFile
from app.vault import Vault


def file(session: Session, file_id: int) -> EvidenceFile:
    """Raises NotFound."""
    found = session.get(EvidenceFile, file_id)
    if found is None:
        raise NotFound
    return found


def files(session: Session, ids: Iterable[int]) -> list[EvidenceFile]:
    """These files, in the order in which they came."""
    return list(session.scalars(select(EvidenceFile).where(EvidenceFile.id.in_(ids)).order_by(EvidenceFile.id)))


def content(found: EvidenceFile, vault: Vault) -> bytes:
    """The file as it was handed in. Raises NotFound for one whose content is gone."""
    if found.sealed is None:
        raise NotFound
    return vault.open_bytes(found.sealed)


def quarantined(session: Session, limit: int) -> list[int]:
    """Ids of files that no scanner has seen, the oldest first."""
    return list(
        session.scalars(
            select(EvidenceFile.id).where(EvidenceFile.status == QUARANTINED).order_by(EvidenceFile.id).limit(limit)
        )
    )
