"""Raise an alert; take an officer's word on it; lift a hold."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.alerts import queries
from app.alerts.lifecycle import LIVE, RAISED
from app.alerts.models import Alert, Finding
from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.audit import actions as audit
from app.compliance import actions as compliance
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseKind, CaseOutcome
from app.database import Transaction
from app.errors import NotFound, Refused


def raise_alert(tx: Transaction, finding: Finding, involves: Sequence[int]) -> Alert | None:
    """Make one alert and its case of a finding; None when it is raised already, or an officer's word on it stands.

    `involves` are the user ids of those it is about: none of them may decide it.
    Writes: alert, case, audit (ids and codes only).
    """
    subject = f"alert:{finding.rule}:{finding.subject_type}:{finding.subject_id}:{finding.about}"
    tx.one_at_a_time(subject)
    for known in queries.earlier(tx.session, finding.rule, finding.subject_type, finding.subject_id):
        if known.about == finding.about and (known.status in LIVE or known.fingerprint == finding.fingerprint):
            return None
    alert = Alert(
        rule=finding.rule,
        subject_type=finding.subject_type,
        subject_id=finding.subject_id,
        about=finding.about,
        fingerprint=finding.fingerprint,
        holds=finding.holds,
        inputs=finding.inputs,
        raised_at=tx.now,
        status=RAISED,
    )
    tx.session.add(alert)
    tx.session.flush()  # its id is the subject of the case and of the trail
    audit.begin(
        tx, alert, "raise", rule=alert.rule, about=alert.about, whom=[alert.subject_type, alert.subject_id],
        holds=alert.holds,
    )  # fmt: skip
    compliance.refer(tx, CaseKind.ALERT, alert.id, why="alert_raised", involves=involves)
    return alert


def resolve(tx: Transaction, ref: str, outcome: CaseOutcome, reasons: Sequence[str], note: str) -> Alert:
    """Take an officer's word: approve clears a false alarm, refuse confirms it and keeps the hold. Nobody is told.

    Why it is a false alarm must be written down, too. Raises Refused: "note_too_short", "outcome_not_offered", and
    see `compliance.actions.resolve`. Locks: case, alert. Writes: case, alert, audit.
    """
    if outcome is CaseOutcome.REQUEST_CHANGES:
        raise Refused("outcome_not_offered", field="outcome")
    if len(note.strip()) < approvals.SHORTEST_NOTE:
        raise Refused("note_too_short", field="note", shortest=approvals.SHORTEST_NOTE)
    case = compliance.resolve(tx, ref, outcome, reasons, note)
    alert = lock(tx, case.subject_id)
    audit.transition(tx, alert, "clear" if outcome is CaseOutcome.APPROVE else "confirm", case=case.ref)
    return alert


def lift(tx: Transaction, ref: str) -> Alert:
    """End the hold of a confirmed alert, by the reference of its case: two officers' act, and not of whom it is about.

    One of them proposed it, and the other agreed: see `four_eyes.propose_lift`.
    Raises NotFound, Refused: "own_case", "second_person_missing", "illegal_move". Locks: alert, proposal.
    Writes: alert, proposal, audit.
    """
    case = compliance_queries.case(tx.session, ref)
    if case.kind != CaseKind.ALERT:
        raise NotFound
    if tx.actor.user_id in case.involves:
        raise Refused("own_case")
    alert = lock(tx, case.subject_id)
    with approvals.carrying_out(tx, ProposalKind.HOLD, f"alert:{alert.id}", alert.status):
        audit.transition(tx, alert, "lift", case=case.ref)
    return alert


def lock(tx: Transaction, alert_id: int) -> Alert:
    """Take one alert, read anew. Locks: alert."""
    return tx.session.scalars(
        select(Alert).where(Alert.id == alert_id).with_for_update().execution_options(populate_existing=True)
    ).one()
