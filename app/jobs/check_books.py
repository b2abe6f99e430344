"""Checks that every promise of the books holds; a broken one is logged as an error and stops nothing by itself."""

from __future__ import annotations

import structlog

from app import invariants
from app.wiring import Platform

log = structlog.get_logger()


class BooksBroken(Exception):
    """Names every invariant that does not hold."""


def run(platform: Platform) -> int:
    """Return how many invariants were checked. Raises BooksBroken."""
    with platform.database.snapshot() as view:
        findings = invariants.check(view.session)
    broken = [finding for finding in findings if not finding.holds]
    for finding in broken:  # the run itself is noted without its text, as every error is
        log.error("promise_broken", promise=finding.name, rows=finding.rows, examples=finding.examples)
    if broken:
        raise BooksBroken(
            "; ".join(f"{finding.name}: {finding.rows} ({', '.join(finding.examples)})" for finding in broken)
        )
    return len(findings)
