"""Puts approved payout accounts in force when the time to object is over."""

from __future__ import annotations

from functools import partial

from app.actor import SYSTEM
from app.approvals import queries
from app.approvals.models import ProposalKind
from app.issuers import actions as issuers
from app.jobs.one_by_one import one_by_one
from app.wiring import Platform


def run(platform: Platform) -> int:
    """Apply every approved change of a payout account whose day has come; return how many."""
    with platform.database.snapshot() as view:
        due = [
            queries.by_ref(view.session, ref).subject_id
            for ref in queries.due(view.session, ProposalKind.PAYEE, view.now)
        ]
    return one_by_one(partial(_apply, platform, issuer_id) for issuer_id in due)


def _apply(platform: Platform, issuer_id: int) -> int:
    with platform.database.transaction(SYSTEM, "apply_proposals") as tx:
        issuers.apply_payee(tx, issuer_id)
    return 1
