"""The signed files that go out: canonical JSON, `{"instructions":{…},"signature":"…"}`, Ed25519 over the instructions.

One file holds one line; its `key` never comes back with another meaning, so whoever reads a file twice acts once.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.audit.verifier import canonical
from app.vault import Signer

FORMAT, VERSION = "openraise-custodian-instructions", 1
#: What the custodian's people call what we ask for.
DOCUMENTS: Mapping[str, str] = {
    "payment": "deposit_list",
    "refund": "return_list",
    "payout": "release_letter",
    "move": "transfer_order",
    "cancel": "deposit_cancellation",
}


def written(document: str, line: Mapping[str, Any], custodian: str, signer: Signer) -> bytes:
    """The whole file. The same line always makes the same bytes: its time is that of the instruction."""
    body = {
        "custodian": custodian, "document": document, "format": FORMAT, "key": signer.public_hex(),
        "lines": [dict(line)], "version": VERSION,
    }  # fmt: skip
    return canonical({"instructions": body, "signature": signer.sign(canonical(body)).hex()})


def name(document: str, reference: str) -> str:
    return f"{document}-{reference}.json"


def put(folder: Path, name: str, content: bytes) -> None:
    """Lay a file into a folder so that nobody ever sees a part of it; it holds account numbers, so only we may read it.

    Raises OSError: then it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{name}.{secrets.token_hex(4)}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
