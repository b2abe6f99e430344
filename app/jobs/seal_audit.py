"""Seals the trail, and signs a checkpoint of it every hour."""

from __future__ import annotations

from pathlib import Path

import structlog

from app.actor import SYSTEM
from app.audit import checkpoints, queries, sealing
from app.wiring import Platform

log = structlog.get_logger()

BATCH = 2_000


def run(platform: Platform) -> int:
    """Seal every event that waits; return how many."""
    done = _seal(platform)
    checkpoint(platform)
    return done


def run_now(platform: Platform) -> int:
    """Seal every event that waits, and sign the head whenever the last checkpoint was."""
    done = _seal(platform)
    checkpoint(platform, at_once=True)
    return done


def _seal(platform: Platform) -> int:
    sealed = 0
    while True:
        with platform.database.transaction(SYSTEM, "seal_audit") as tx:
            found = sealing.seal(tx, BATCH)
            head = queries.head(tx.session)
        sealed += found
        if found < BATCH:
            break
    if sealed:  # who keeps the log has a witness of every few seconds
        log.info("audit_sealed", position=head.position, hash=head.hash)
    return sealed


def checkpoint(platform: Platform, *, at_once: bool = False) -> None:
    """Sign the head when it is time, in the database first: the file is for copying away."""
    with platform.database.transaction(SYSTEM, "seal_audit") as tx:
        made = checkpoints.make(tx, platform.audit_signer, at_once=at_once)
    if made is not None:
        checkpoints.append(checkpoint_file(platform), made)


def checkpoint_file(platform: Platform) -> Path:
    return platform.settings.data_dir / "audit" / "checkpoints.jsonl"
