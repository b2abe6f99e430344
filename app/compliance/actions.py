"""Send something to an officer; take the officer's word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.approvals import actions as approvals
from app.approvals.models import ProposalKind
from app.audit import actions as audit
from app.audit import queries as trail
from app.compliance import queries
from app.compliance.lifecycle import CLAIMED, OPEN, UNDECIDED
from app.compliance.models import CaseKind, CaseOutcome, ReviewCase
from app.database import Transaction, new_reference
from app.errors import Refused
from app.investors import actions as investors
from app.investors import claims
from app.investors import queries as investor_queries
from app.investors.models import ClaimKind, Investor, Kind
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.money import Money
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.disclosures import checklist, open_tasks
from app.offerings.lifecycle import SETTLED, SUBMITTED
from app.offerings.models import Offering
from app.regimes import platform_policy
from app.regimes.profile import EarlierPledge
from app.regimes.regime import Regime
from app.regimes.verdict import Verdict


class Reason(StrEnum):
    """Why an officer says no, or not yet. Words in `i18n/labels.py`."""

    INCOMPLETE_DISCLOSURE = "incomplete_disclosure"
    UNCLEAR_TERMS = "unclear_terms"
    MISLEADING_STATEMENT = "misleading_statement"
    MISSING_DOCUMENT = "missing_document"
    FINANCIALS_DO_NOT_MATCH = "financials_do_not_match"
    NOT_ELIGIBLE = "not_eligible"
    EVIDENCE_INSUFFICIENT = "evidence_insufficient"
    SOURCE_OF_FUNDS = "source_of_funds"
    OTHER = "other"


def must_be_looked_at(amount: Money, regime: Regime, tx: Transaction, investor: Investor) -> bool:
    """Whether the platform's own policy sends a pledge to an officer first: by its amount, or by whose it is."""
    today = regime.pack.day_of(tx.now)
    entity = investor_queries.entity(tx.session, investor.id) if investor.kind == Kind.ENTITY else None
    made_for_it = entity is not None and entity.formed_for_purchase
    return platform_policy.refers(amount, today) or (made_for_it and platform_policy.reviews_formed_for_purchase(today))


# Sending something to an officer


def refer(
    tx: Transaction,
    kind: CaseKind,
    subject_id: int,
    *,
    why: str,
    involves: Sequence[int],
    amount: Money | None = None,
) -> ReviewCase:
    """Open a case; from a certain `amount` on two officers decide it. Writes: case, audit."""
    case = ReviewCase(
        ref=new_reference("R"),
        kind=kind,
        subject_id=subject_id,
        status=OPEN,
        why=why,
        involves=sorted(set(involves)),
        opened_at=tx.now,
        due_at=platform_policy.due(kind.value, tx.now),
        officers_needed=platform_policy.officers_needed(kind.value, amount, tx.now.date()),
    )
    tx.session.add(case)
    tx.session.flush()  # its id is the subject of the trail
    audit.begin(tx, case, "refer", why=why)
    return case


def submit_offering(tx: Transaction, offering_id: int, regime: Regime) -> ReviewCase:
    """Hand an offering in for review; from here on its terms are locked.

    Raises Refused: "tasks_open" (with their codes), "over_offering_cap". Locks: issuer, offering.
    Writes: offering, case, audit.
    """
    offering = lock_with_issuer(tx, offering_id)
    issuer = issuer_queries.issuer(tx.session, offering.issuer_id)
    documents = len(offering_queries.documents(tx.session, offering.id))
    waiting = open_tasks(checklist(offering, issuer, documents, regime, tx.now))
    if waiting:
        raise Refused("tasks_open", tasks=[task.code for task in waiting])
    require_within_cap(tx, offering, regime)
    offerings.move(tx, offering, "submit")
    return refer(
        tx,
        CaseKind.OFFERING,
        offering.id,
        why="offering_submitted",
        involves=issuer_queries.members(tx.session, issuer.id),
    )


def open_offering(
    tx: Transaction, offering_id: int, regime: Regime, *, gateway: str, custodian_is_qualified: bool, seats: int | None
) -> Offering:
    """Make an approved offering public, while its issuer may still raise so much.

    Raises Refused: "over_offering_cap", and see `offerings.actions.open_offering`. Locks: issuer, offering.
    Writes: offering, progress, audit.
    """
    offering = lock_with_issuer(tx, offering_id)
    offering.lifecycle.next(offering.status, "open")  # before its terms: a draft may lack them
    require_within_cap(tx, offering, regime)
    return offerings.open_offering(
        tx, offering.id, regime, gateway=gateway, custodian_is_qualified=custodian_is_qualified, seats=seats
    )


def lock_with_issuer(tx: Transaction, offering_id: int) -> Offering:
    """The issuer first, so that two of its offerings never ask for the same cap at once. Locks: issuer, offering."""
    issuers.lock(tx, offering_queries.offering(tx.session, offering_id).issuer_id)
    return offerings.lock(tx, offering_id)


def require_within_cap(tx: Transaction, offering: Offering, regime: Regime) -> None:
    """Raises Refused("over_offering_cap") when the issuer may not raise so much; its row is locked by the caller."""
    verdict = offering_cap(tx, offering, regime)
    if not verdict.allows:
        raise Refused(
            "over_offering_cap", field="maximum", rule=verdict.rule, cap=verdict.cap, remaining=verdict.remaining
        )


def offering_cap(tx: Transaction, offering: Offering, regime: Regime) -> Verdict:
    """Whether the issuer may raise so much under this regime now, with what it sold and what it may still sell."""
    assert offering.maximum is not None
    today = regime.pack.day_of(tx.now)
    earlier = [_raise(tx, other, regime, today) for other in offering_queries.raised_besides(tx.session, offering)]
    return regime.may_raise(amount=offering.maximum, issuer=str(offering.issuer_id), earlier=earlier, on=today)


def _raise(tx: Transaction, other: Offering, regime: Regime, today: date) -> EarlierPledge:
    """What is sold was sold on the day of its closing; what is still on offer may be sold in full."""
    issuer = str(other.issuer_id)
    if other.status == SETTLED:
        settled_at = trail.reached(tx.session, Offering.__tablename__, other.id, SETTLED)
        assert settled_at is not None and other.progress is not None  # no status without its line in the trail
        sold = Money(other.progress.settled_minor, other.currency)
        return EarlierPledge(regime.pack.day_of(settled_at), sold, issuer, is_settled=True)
    assert other.maximum is not None  # handed in, so its terms are complete
    return EarlierPledge(today, other.maximum, issuer, is_settled=False)


def change_issuer(tx: Transaction, issuer_id: int, **details: Any) -> None:
    """Correct what is known about a company, while no offering goes by it; see `issuers.actions.change_details`.

    Raises Refused: "company_locked", "date_in_future". Locks: issuer. Writes: issuer, audit.
    """
    issuer = issuers.lock(tx, issuer_id)
    raising = offering_queries.raising_of(tx.session, issuer.id)
    if raising is not None:
        raise Refused("company_locked", offering=raising.ref, status=raising.status)
    issuers.change_details(tx, issuer, **details)


def claim_status(tx: Transaction, investor: Investor, kind: ClaimKind, basis: str, **signed: Any) -> ReviewCase:
    """Take an investor's claim and send it to an officer; `signed` and what is refused: see `investors.claims.claim`.

    Locks: investor. Writes: claim, case, audit.
    """
    claim = claims.claim(tx, investor, kind, basis, **signed)
    return refer(tx, CaseKind.INVESTOR, claim.id, why="status_claimed", involves=[investor.user_id])


def withdraw_claim(tx: Transaction, claim_id: int) -> None:
    """The investor gives a status up, waiting or verified.

    Raises Refused("illegal_move"). Locks: investor, case. Writes: claim, case, audit.
    """
    claim = investor_queries.claim(tx.session, claim_id)
    investors.lock(tx, claim.investor_id)
    tx.session.refresh(claim)
    claims.withdraw(tx, claim)
    withdraw_case(tx, CaseKind.INVESTOR, claim.id)


# The officer's word


def take_case(tx: Transaction, ref: str) -> ReviewCase:
    """Claim a case to decide it; an offering is in review from here on.

    Raises Refused: "own_case", "opinion_given", "illegal_move" (somebody has it). Locks: offering, case. Writes: case, offering, audit.
    """
    case = hold(tx, ref)
    _require_not_involved(tx, case)
    if queries.has_opinion(tx.session, case, tx.actor.user_id):
        raise Refused("opinion_given")
    audit.transition(tx, case, "claim")
    case.claimed_by, case.claimed_at = tx.actor.user_id, tx.now
    case.claimed_until = tx.wall_now + platform_policy.idle(tx.now)
    if case.kind == CaseKind.OFFERING:
        offering = offerings.lock(tx, case.subject_id)
        if offering.status == SUBMITTED:
            offerings.move(tx, offering, "start_review", case=case.ref)
    return case


def put_back(tx: Transaction, ref: str) -> None:
    """Give a claimed case back to the queue. Raises Refused("not_your_case"). Locks: case. Writes: case, audit."""
    case = hold(tx, ref)
    _require_claimed_by_me(tx, case)
    audit.transition(tx, case, "release")
    case.claimed_by = case.claimed_at = case.claimed_until = None


def resolve(tx: Transaction, ref: str, outcome: CaseOutcome, reasons: Sequence[str], note: str) -> ReviewCase:
    """Write an officer's decision on a case they hold. What follows from it is the caller's.

    Raises Refused: see `require_decidable`, "second_opinion_missing" (a case that two officers decide).
    Locks: case. Writes: case, audit.
    """
    case = hold(tx, ref)
    require_decidable(tx, case, outcome, reasons, note)
    if case.officers_needed > 1 and not tx.is_rehearsal and not queries.is_agreed(tx.session, case, outcome):
        raise Refused("second_opinion_missing")
    case.resolved_by, case.resolved_at = tx.actor.user_id, tx.now
    case.outcome, case.reasons, case.note = outcome, list(reasons), note.strip()
    audit.transition(tx, case, "resolve", outcome=outcome.value, reasons=list(reasons))
    return case


def require_decidable(
    tx: Transaction, case: ReviewCase, outcome: CaseOutcome, reasons: Sequence[str], note: str
) -> None:
    """Whether this officer may say so about a locked case.

    Raises Refused: "own_case", "not_your_case", "reason_missing", "reason_unknown", "note_too_short".
    """
    _require_not_involved(tx, case)
    _require_claimed_by_me(tx, case)
    if outcome is not CaseOutcome.APPROVE:
        if not reasons:
            raise Refused("reason_missing", field="reasons")
        if len(note.strip()) < approvals.SHORTEST_NOTE:
            raise Refused("note_too_short", field="note", shortest=approvals.SHORTEST_NOTE)
    unknown = set(reasons) - set(Reason)
    if unknown:
        raise Refused("reason_unknown", field="reasons")


def resolve_offering(
    tx: Transaction,
    ref: str,
    outcome: CaseOutcome,
    reasons: Sequence[str],
    note: str,
    sections: Sequence[str] | None = None,
) -> None:
    """Decide about a submitted offering. A no is told to its people; a yes is put to a second officer first.

    When changes are asked for, only these `sections` may be changed; None: all of them.

    Raises: see `resolve`. Locks: offering, case. Writes: case, offering, proposal or messages, audit.
    """
    case = resolve(tx, ref, outcome, reasons, note)
    offering = offerings.lock(tx, case.subject_id)
    offerings.move(tx, offering, outcome.value, case=case.ref)
    offering.asked_sections = list(sections) if sections and outcome is CaseOutcome.REQUEST_CHANGES else None
    if outcome is not CaseOutcome.APPROVE:
        tell_decided(tx, offering, outcome, about=case.ref, note=case.note, reasons=reasons)
        return
    tx.session.flush()  # the database reads what it seals
    approvals.propose(
        tx, ProposalKind.PUBLISH, f"offering:{offering.id}", {"case": case.ref, "note": case.note},
        state=offering_queries.seal(tx.session, offering.id),
        involves=issuer_queries.members(tx.session, offering.issuer_id),
    )  # fmt: skip


def tell_decided(
    tx: Transaction, offering: Offering, outcome: CaseOutcome, *, about: str, note: str, reasons: Sequence[str] = ()
) -> None:
    """Tell everybody who acts for the company what was decided about its offering. Writes: messages."""
    for user_id in issuer_queries.members(tx.session, offering.issuer_id):
        notifications.enqueue(
            tx, user_id, Message.OFFERING_DECIDED, about=about, offering=offering.name, ref=offering.ref,
            outcome=outcome.value, note=note, reasons=list(reasons),
        )  # fmt: skip


def resolve_claim(tx: Transaction, ref: str, outcome: CaseOutcome, reasons: Sequence[str], note: str) -> None:
    """Decide about a claimed status and tell the investor.

    Raises: see `resolve`, and Refused("evidence_missing"). Locks: investor, case. Writes: case, claims, message, audit.
    """
    if outcome is CaseOutcome.REQUEST_CHANGES:
        raise Refused("outcome_not_offered", field="outcome")
    claim = investor_queries.claim(tx.session, queries.case(tx.session, ref).subject_id)
    investor = investors.lock(tx, claim.investor_id)
    case = resolve(tx, ref, outcome, reasons, note)
    claims.decide(tx, claim, verified=outcome is CaseOutcome.APPROVE)
    notifications.enqueue(
        tx, investor.user_id, Message.CLAIM_DECIDED, about=case.ref, kind=claim.kind, outcome=outcome.value,
        note=case.note,
    )  # fmt: skip


def withdraw_case(tx: Transaction, kind: CaseKind, subject_id: int) -> None:
    """End a case whose subject is gone; none there: nothing changes. Locks: case. Writes: case, audit."""
    case = tx.session.scalars(
        select(ReviewCase)
        .where(ReviewCase.kind == kind, ReviewCase.subject_id == subject_id, ReviewCase.status.in_(UNDECIDED))
        .with_for_update()
    ).one_or_none()
    if case is not None:
        audit.transition(tx, case, "withdraw")


def hold(tx: Transaction, ref: str) -> ReviewCase:
    """Take a case, read anew; its offering first, as whoever withdraws the offering does. Locks: offering, case."""
    found = queries.case(tx.session, ref)
    if found.kind == CaseKind.OFFERING:
        offerings.lock(tx, found.subject_id)
    return tx.session.scalars(
        select(ReviewCase).where(ReviewCase.id == found.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _require_not_involved(tx: Transaction, case: ReviewCase) -> None:
    involved = set(case.involves)
    if case.kind == CaseKind.OFFERING:
        # Who joined the company after it was submitted is involved, too.
        offering = offering_queries.offering(tx.session, case.subject_id)
        involved |= set(issuer_queries.members(tx.session, offering.issuer_id))
    if tx.actor.user_id in involved:
        raise Refused("own_case")


def _require_claimed_by_me(tx: Transaction, case: ReviewCase) -> None:
    if case.status != CLAIMED or case.claimed_by != tx.actor.user_id:
        raise Refused("not_your_case")
