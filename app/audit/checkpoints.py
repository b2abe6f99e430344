"""Signs the head of the chain from time to time, in the database and in a file that can be copied off the host.

Whoever may write to the database could make the whole chain anew; it would not run through the checkpoints.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import queries
from app.audit.models import AuditCheckpoint
from app.audit.sealing import SUBJECT
from app.database import Transaction
from app.vault import Signer

EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One line of the file. `at` is true time, `signature` Ed25519 in hex."""

    position: int
    hash: str
    at: str
    signature: str

    @property
    def message(self) -> bytes:
        """What is signed."""
        return f"openraise audit checkpoint {self.position} {self.hash} {self.at}".encode()

    def is_ours(self, signer: Signer) -> bool:
        try:
            return signer.signed(self.message, bytes.fromhex(self.signature))
        except ValueError:
            return False

    def line(self) -> str:
        return json.dumps(asdict(self))


def make(tx: Transaction, signer: Signer, *, at_once: bool = False) -> Checkpoint | None:
    """Sign the head, when it moved and the last checkpoint is an hour old (or `at_once`); None when it is not time.

    Locks: the chain (advisory). Writes: checkpoint.
    """
    tx.one_at_a_time(SUBJECT)
    head = queries.head(tx.session)
    last = tx.session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.position.desc()).limit(1)).one_or_none()
    if head.position == (last.position if last else 0):
        return None
    if last is not None and not at_once and tx.wall_now - last.at < EVERY:
        return None
    at = tx.wall_now
    unsigned = Checkpoint(head.position, head.hash, queries.moment(at), "")
    signed = replace(unsigned, signature=signer.sign(unsigned.message).hex())
    tx.session.add(AuditCheckpoint(position=head.position, hash=head.hash, at=at, signature=signed.signature))
    return signed


def kept(session: Session) -> list[Checkpoint]:
    """The checkpoints in the database, in the order of the chain."""
    rows = session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.position))
    return [Checkpoint(row.position, row.hash, queries.moment(row.at), row.signature) for row in rows]


class Unreadable(Exception):
    """A line of a file of checkpoints is none; the message names file and line."""


def read(file: Path) -> Iterator[Checkpoint]:
    """The checkpoints of a file; a file that is not there has none. Raises Unreadable."""
    if not file.exists():
        return
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            data = json.loads(line)
            yield Checkpoint(int(data["position"]), str(data["hash"]), str(data["at"]), str(data["signature"]))
        except (ValueError, KeyError, TypeError):
            raise Unreadable(f"{file.name}, line {number}") from None


def append(file: Path, checkpoint: Checkpoint) -> None:
    """Add a line to the file, which is made where there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{checkpoint.line()}\n")
