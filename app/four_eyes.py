"""What needs a second person: how its subject is now, and what happens when that person agrees.

`app/approvals` keeps the proposals and who may agree; here is, for each kind, what they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.actor import STAFF, Role
from app.alerts import actions as alerts
from app.alerts import queries as alert_queries
from app.approvals import actions as approvals
from app.approvals import queries
from app.approvals.actions import Answer
from app.approvals.models import Proposal, ProposalKind
from app.closings import giving_back
from app.compliance import actions as compliance
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseKind, CaseOutcome
from app.database import Transaction
from app.decisions import actions as decisions
from app.decisions import queries as decision_queries
from app.distributions import actions as distributions
from app.errors import NotFound, Refused
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.identity.models import User
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.pledges import unidentified
from app.switches import actions as switches
from app.switches import queries as switch_queries
from app.switches.models import Switch

#: With fewer officers than this nobody could look at a proposal, so the first people are let in without one.
OFFICERS_TO_BEGIN = 2


def _nothing(tx: Transaction, proposal: Proposal) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One kind of thing that needs a second person."""

    #: How the subject is now; approvals are of this state.
    state: Callable[[Session, Proposal], str]
    #: The company whose people do not look at it as officers.
    company: Callable[[Session, Proposal], int | None] = lambda session, proposal: None
    #: Takes the rows that it is about, which come before the proposal in the order of locks.
    lock: Callable[[Transaction, Proposal], object] = _nothing
    approved: Callable[[Transaction, Proposal], object] = _nothing
    rejected: Callable[[Transaction, Proposal], object] = _nothing


def approve(tx: Transaction, ref: str, seen: str) -> Answer:
    """Agree to a proposal as it was seen; what may be done at once is done.

    Raises Refused: see `approvals.actions.approve`, and what the act itself refuses.
    Locks: what it is about, proposal. Writes: approval, proposal, and what the act writes.
    """
    proposal, act = _begin(tx, ref)
    answer = approvals.approve(tx, ref, seen, act.state(tx.session, proposal))
    if answer is Answer.APPROVED:
        act.approved(tx, proposal)
    return answer


def reject(tx: Transaction, ref: str, note: str) -> None:
    """Say no to a proposal; who made it takes it back. Raises, locks, writes: as `approve`."""
    if approvals.is_by(queries.by_ref(tx.session, ref), tx.actor.user_id):
        take_back(tx, ref)
        return
    proposal, act = _begin(tx, ref)
    approvals.reject(tx, ref, note)
    act.rejected(tx, proposal)


def take_back(tx: Transaction, ref: str) -> None:
    """End one's own proposal; what follows is what follows from a no.

    Raises NotFound, Refused("proposal_finished"). Locks, writes: as `approve`.
    """
    proposal = queries.by_ref(tx.session, ref)
    act = ACTS[ProposalKind(proposal.kind)]
    act.lock(tx, proposal)
    approvals.take_back(tx, ref)
    act.rejected(tx, proposal)


def _begin(tx: Transaction, ref: str) -> tuple[Proposal, Act]:
    proposal = queries.by_ref(tx.session, ref)
    act = ACTS[ProposalKind(proposal.kind)]
    act.lock(tx, proposal)
    if is_own(tx.session, proposal, tx.actor.user_id):
        raise Refused("own_proposal")
    return proposal, act


def is_own(session: Session, proposal: Proposal, user_id: int | None) -> bool:
    """Whether the proposal is about this person or their company; who made it may take it back, so it is not asked."""
    company = ACTS[ProposalKind(proposal.kind)].company(session, proposal)
    joined = company is not None and issuer_queries.is_member(session, company, user_id)
    return user_id in proposal.involves or (joined and user_id not in proposal.also_by)


# Publishing an offering: the officer who reviewed it proposes, a second one agrees, then its company may open it


def _publishing_approved(tx: Transaction, proposal: Proposal) -> None:
    offering = offering_queries.offering(tx.session, proposal.subject_id)
    compliance.tell_decided(
        tx, offering, CaseOutcome.APPROVE, about=proposal.payload["case"], note=proposal.payload["note"]
    )


def _publishing_rejected(tx: Transaction, proposal: Proposal) -> None:
    """The second officer's no asks the company for changes, as the first one's would have."""
    offering = offering_queries.offering(tx.session, proposal.subject_id)
    offerings.move(tx, offering, "revise", proposal=proposal.ref)
    compliance.tell_decided(tx, offering, CaseOutcome.REQUEST_CHANGES, about=proposal.ref, note=proposal.note)


# A company's payout account


def _payee_approved(tx: Transaction, proposal: Proposal) -> None:
    issuer = issuer_queries.issuer(tx.session, proposal.subject_id)
    if proposal.not_before is not None and proposal.not_before <= tx.now:
        issuers.apply_payee(tx, issuer.id)
    else:
        issuers.tell_of_payee(tx, issuer, proposal, "approved")


def _payee_rejected(tx: Transaction, proposal: Proposal) -> None:
    issuers.tell_of_payee(tx, issuer_queries.issuer(tx.session, proposal.subject_id), proposal, "rejected")


# Roles of the staff


def grant(tx: Transaction, person: User, role: Role) -> Proposal | None:
    """Give a role. One of the staff needs a second person, as soon as there are officers who can be one.

    Raises Refused("proposal_waits"). Writes: role, or proposal; audit.
    """
    officers = {one.id for one in identity_queries.with_role(tx.session, Role.COMPLIANCE_OFFICER)} - {person.id}
    if role not in STAFF or role in person.roles or len(officers) < OFFICERS_TO_BEGIN:
        identity.grant_role(tx, person, role)
        return None
    subject, payload = f"user:{person.id}", {"role": role.value}
    return approvals.propose(tx, ProposalKind.ROLE, subject, payload, state=_roles(person), involves=[person.id])


def _roles(person: User) -> str:
    return " ".join(sorted(person.roles))


def _role_approved(tx: Transaction, proposal: Proposal) -> None:
    person = identity_queries.user(tx.session, proposal.subject_id)
    with approvals.carrying_out(tx, ProposalKind.ROLE, proposal.subject):
        identity.grant_role(tx, person, Role(proposal.payload["role"]))


# Giving everything back


def propose_refund(tx: Transaction, offering_id: int, why: str) -> Proposal:
    """Propose that an offering ends and everybody gets their money back, with the reason.

    Raises Refused: "nothing_to_refund", "note_too_short", "proposal_waits". Locks: offering. Writes: proposal, audit.
    """
    offering = offerings.lock(tx, offering_id)
    if not giving_back.can_refund_everybody(tx.session, offering):
        raise Refused("nothing_to_refund")
    if len(why.strip()) < approvals.SHORTEST_NOTE:
        raise Refused("note_too_short", field="note", shortest=approvals.SHORTEST_NOTE)
    return approvals.propose(
        tx, ProposalKind.REFUND_ALL, f"offering:{offering.id}", {"why": why.strip()}, state=offering.status,
        involves=issuer_queries.members(tx.session, offering.issuer_id),
    )  # fmt: skip


# Lifting a hold


def propose_lift(tx: Transaction, ref: str) -> Proposal:
    """Propose that the hold of a confirmed alert ends, by the reference of its case.

    Raises NotFound, Refused: "own_case", "illegal_move", "proposal_waits". Locks: alert. Writes: proposal, audit.
    """
    case = compliance_queries.case(tx.session, ref)
    if case.kind != CaseKind.ALERT:
        raise NotFound
    if tx.actor.user_id in case.involves:
        raise Refused("own_case")
    alert = alerts.lock(tx, case.subject_id)
    alert.lifecycle.next(alert.status, "lift")
    return approvals.propose(
        tx, ProposalKind.HOLD, f"alert:{alert.id}", {"case": case.ref}, state=alert.status, involves=case.involves
    )


# Lifting a switch: one person sets it, two lift it


def lift_switch(tx: Transaction, ref: str, why: str) -> Proposal | None:
    """Propose that what was switched off goes on; where nobody could agree to it, it is done at once.

    Raises NotFound, Refused: "reason_too_short", "switch_lifted", "switch_frozen", "proposal_waits". Locks: switch.
    Writes: proposal, or switch; audit.
    """
    switch = switches.lock(tx, ref)
    switches.require_liftable(switch, why)
    officers = {one.id for one in identity_queries.with_role(tx.session, Role.COMPLIANCE_OFFICER)} - {tx.actor.user_id}
    if not officers:
        switches.lift(tx, ref, why)
        return None
    payload = {"switch": switch.ref, "why": why.strip(), "was_set": switch.why}
    return approvals.propose(tx, ProposalKind.SWITCH, f"switch:{switch.id}", payload, state=_is_set(switch))


def _lift_approved(tx: Transaction, proposal: Proposal) -> None:
    with approvals.carrying_out(tx, ProposalKind.SWITCH, proposal.subject):
        switches.lift(tx, proposal.payload["switch"], proposal.payload["why"])


def _is_set(switch: Switch) -> str:
    return "set" if switch.is_set else "lifted"


def _offering_status(session: Session, proposal: Proposal) -> str:
    return offering_queries.offering(session, proposal.subject_id).status


def _company_of_offering(session: Session, proposal: Proposal) -> int:
    return offering_queries.offering(session, proposal.subject_id).issuer_id


ACTS: Mapping[ProposalKind, Act] = {
    ProposalKind.PUBLISH: Act(
        state=lambda session, proposal: offering_queries.seal(session, proposal.subject_id),
        company=_company_of_offering,
        lock=lambda tx, proposal: offerings.lock(tx, proposal.subject_id),
        approved=_publishing_approved,
        rejected=_publishing_rejected,
    ),
    ProposalKind.PAYEE: Act(
        state=lambda session, proposal: issuers.payee_state(issuer_queries.issuer(session, proposal.subject_id)),
        company=lambda session, proposal: proposal.subject_id,
        lock=lambda tx, proposal: issuers.lock(tx, proposal.subject_id),
        approved=_payee_approved,
        rejected=_payee_rejected,
    ),
    ProposalKind.ROLE: Act(
        state=lambda session, proposal: _roles(identity_queries.user(session, proposal.subject_id)),
        approved=_role_approved,
    ),
    ProposalKind.REFUND_ALL: Act(
        state=_offering_status,
        company=_company_of_offering,
        lock=lambda tx, proposal: offerings.lock(tx, proposal.subject_id),
        approved=lambda tx, proposal: giving_back.refund_everybody(tx, proposal.subject_id),
    ),
    ProposalKind.HOLD: Act(
        state=lambda session, proposal: alert_queries.alert(session, proposal.subject_id).status,
        lock=lambda tx, proposal: alerts.lock(tx, proposal.subject_id),
        approved=lambda tx, proposal: alerts.lift(tx, proposal.payload["case"]),
    ),
    ProposalKind.SWITCH: Act(
        state=lambda session, proposal: _is_set(switch_queries.by_ref(session, proposal.payload["switch"])),
        lock=lambda tx, proposal: switches.lock(tx, proposal.payload["switch"]),
        approved=_lift_approved,
    ),
    ProposalKind.RECEIPT: Act(
        state=unidentified.state,
        company=unidentified.company,
        lock=unidentified.hold_offering,
        approved=unidentified.carry_out,
    ),
    ProposalKind.DISTRIBUTION: Act(
        state=distributions.state,
        company=distributions.company,
        lock=distributions.hold,
        approved=distributions.approved,
        rejected=distributions.rejected,
    ),
    ProposalKind.PACK: Act(
        state=lambda session, proposal: decision_queries.adopted(session).get(proposal.subject.partition(":")[2], ""),
        approved=lambda tx, proposal: decisions.adopt(tx, proposal.payload["sha256"]),
    ),
}
