"""Shows every file of evidence to the virus scanner; without one they all stay held."""

from __future__ import annotations

from functools import partial

from app.actor import SYSTEM
from app.evidence import actions, queries
from app.jobs.one_by_one import one_by_one
from app.wiring import Platform

BATCH = 20


def run(platform: Platform) -> int:
    """Scan what waits; return how many were scanned. Raises when the scanner gives no clear answer."""
    if platform.scanner is None:
        return 0
    with platform.database.snapshot() as view:
        waiting = queries.quarantined(view.session, BATCH)
    return one_by_one(partial(_scan, platform, file_id) for file_id in waiting)


def _scan(platform: Platform, file_id: int) -> int:
    assert platform.scanner is not None
    with platform.database.snapshot() as view:
        content = queries.content(queries.file(view.session, file_id), platform.vault)
    finding = platform.scanner.finds(content)
    with platform.database.transaction(SYSTEM, "scan_evidence") as tx:
        actions.record_scan(tx, file_id, finding)
    return 1
