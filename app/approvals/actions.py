"""Propose, agree, refuse, and carry out what was agreed to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.actor import Role
from app.approvals import queries
from app.approvals.lifecycle import APPROVED, PROPOSED, UNFINISHED
from app.approvals.models import Proposal, ProposalApproval, ProposalKind
from app.audit import actions as audit
from app.database import Transaction, new_reference
from app.errors import NotFound, Refused

#: Who says no, asks for more or explains something does so in at least so many characters.
SHORTEST_NOTE = 20


class Answer(StrEnum):
    COUNTED = "counted"
    APPROVED = "approved"
    #: It is no longer what this person saw, or what it is about has changed.
    CHANGED = "changed"


def sha256_of(kind: str, subject: str, payload: Mapping[str, Any], state: str) -> str:
    """What an approval is bound to."""
    return hashlib.sha256(json.dumps([kind, subject, payload, state], sort_keys=True).encode()).hexdigest()


def propose(
    tx: Transaction,
    kind: ProposalKind,
    subject: str,
    payload: Mapping[str, Any],
    *,
    state: str = "",
    involves: Collection[int] = (),
    also_by: Collection[int] = (),
    not_before: datetime | None = None,
) -> Proposal:
    """Put something to a second person; the very same again is the same proposal.

    `state` is how the subject is now; `not_before` is when it may be carried out at the earliest.
    Raises Refused("proposal_waits") while another one of this kind about this subject is not finished.
    Writes: proposal, audit.
    """
    tx.one_at_a_time(f"{kind}:{subject}")
    known = queries.unfinished(tx.session, kind, subject)
    sha256 = sha256_of(kind, subject, payload, state)
    if known is not None:
        if known.sha256 != sha256:
            raise Refused("proposal_waits", proposal=known.ref)
        return known
    proposal = Proposal(
        ref=new_reference("V"), kind=kind, subject=subject, payload=dict(payload), state=state, sha256=sha256,
        involves=sorted(set(involves)), also_by=sorted(set(also_by)), made_by=tx.actor.user_id, made_at=tx.now,
        not_before=not_before, status=PROPOSED,
    )  # fmt: skip
    tx.session.add(proposal)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, proposal, "propose", kind=kind.value, about=subject, sha256=sha256)
    return proposal


def approve(tx: Transaction, ref: str, seen: str, state: str) -> Answer:
    """Agree to the proposal that one saw; `state` is how its subject is by now.

    Raises Refused: "own_proposal" (made it, or it is about them), "not_a_checker", "proposal_finished", "already_approved".
    Locks: proposal. Writes: approval, proposal, audit.
    """
    proposal = lock(tx, ref)
    if proposal.status != PROPOSED:
        raise Refused("proposal_finished", machine="proposal", status=proposal.status)
    user_id = _require_checker(tx, proposal)
    if state != proposal.state:
        audit.transition(tx, proposal, "go_stale")
        return Answer.CHANGED
    if seen != proposal.sha256:
        return Answer.CHANGED
    if tx.session.get(ProposalApproval, (proposal.id, user_id)) is not None:
        raise Refused("already_approved")
    approval = ProposalApproval(proposal_id=proposal.id, user_id=user_id, sha256=seen, approved_at=tx.now)
    tx.session.add(approval)
    tx.session.flush()  # the database counts the approvals when the status moves
    audit.record(tx, "agree", "proposals", proposal.id, sha256=seen)
    if len(queries.approvals(tx.session, proposal.id)) < proposal.approvals_needed:
        return Answer.COUNTED
    audit.transition(tx, proposal, "approve")
    tx.session.flush()  # what is carried out next is refused without it
    return Answer.APPROVED


def reject(tx: Transaction, ref: str, note: str) -> Proposal:
    """Say no, with the reason. One that waits for its day can be stopped, too.

    Raises Refused: "own_proposal" (made it, or it is about them), "not_a_checker", "proposal_finished", "note_too_short".
    Locks: proposal. Writes: proposal, audit.
    """
    proposal = lock(tx, ref)
    _require_unfinished(proposal)
    _require_checker(tx, proposal)
    if len(note.strip()) < SHORTEST_NOTE:
        raise Refused("note_too_short", field="note", shortest=SHORTEST_NOTE)
    proposal.note = note.strip()
    audit.transition(tx, proposal, "reject", by=tx.actor.user_id)
    return proposal


def take_back(tx: Transaction, ref: str) -> Proposal:
    """End one's own proposal, whatever one is by now. One that waits for its day can be taken back, too.

    Raises NotFound (somebody else made it), Refused("proposal_finished"). Locks: proposal. Writes: proposal, audit.
    """
    proposal = lock(tx, ref)
    if not is_by(proposal, tx.actor.user_id):
        raise NotFound
    _require_unfinished(proposal)
    audit.transition(tx, proposal, "withdraw")
    return proposal


def is_by(proposal: Proposal, user_id: int | None) -> bool:
    """Whether this person made it; what came from the command line nobody did."""
    return proposal.made_by is not None and proposal.made_by == user_id


def _require_unfinished(proposal: Proposal) -> None:
    if proposal.status not in UNFINISHED:
        raise Refused("proposal_finished", machine="proposal", status=proposal.status)


def withdraw(tx: Transaction, kind: ProposalKind, subject: str) -> None:
    """End what was proposed about a subject that is no longer so; nothing there: nothing changes.

    Locks: proposal. Writes: proposal, audit.
    """
    known = queries.unfinished(tx.session, kind, subject)
    if known is not None:
        audit.transition(tx, lock(tx, known.ref), "withdraw")


@contextmanager
def carrying_out(tx: Transaction, kind: ProposalKind, subject: str, state: str | None = None) -> Iterator[Proposal]:
    """Do within what was approved about this subject; afterwards the approval is used up.

    Raises Refused("second_person_missing") without an approval that is in force: given, of this `state`, its day come.
    Locks: proposal. Writes: proposal, audit.
    """
    known = queries.unfinished(tx.session, kind, subject)
    proposal = None if known is None else lock(tx, known.ref)
    is_due = proposal is not None and (proposal.not_before is None or proposal.not_before <= tx.now)
    if proposal is None or proposal.status != APPROVED or not is_due or state not in (None, proposal.state):
        raise Refused("second_person_missing")
    yield proposal
    tx.session.flush()  # the database looks for the approval when the protected row changes
    audit.transition(tx, proposal, "carry_out")


def may_check(proposal: Proposal, user_id: int, *, is_officer: bool) -> bool:
    """Whether this person may be the second one."""
    if user_id == proposal.made_by or user_id in proposal.involves:
        return False
    return is_officer or user_id in proposal.also_by


def _require_checker(tx: Transaction, proposal: Proposal) -> int:
    user_id = tx.actor.user_id
    if user_id is None or user_id == proposal.made_by or user_id in proposal.involves:
        raise Refused("own_proposal")
    if not may_check(proposal, user_id, is_officer=Role.COMPLIANCE_OFFICER in tx.actor.roles):
        raise Refused("not_a_checker")
    return user_id


def lock(tx: Transaction, ref: str) -> Proposal:
    """Take one proposal, read anew. Raises NotFound. Locks: proposal, after the rows that it is about."""
    found = queries.by_ref(tx.session, ref)
    return tx.session.scalars(
        select(Proposal).where(Proposal.id == found.id).with_for_update().execution_options(populate_existing=True)
    ).one()
