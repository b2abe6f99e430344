"""What is special about each kind of case: one entry in one table, for the queue, the page and the decision.

A new kind is an entry in `KINDS` and a template `compliance/case_….html` that shows its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.alerts import actions as alert_actions
from app.changes import queries as change_queries
from app.compliance import actions
from app.compliance.comparison import Line
from app.compliance.models import CaseKind, CaseOutcome, ReviewCase
from app.database import Snapshot, Transaction
from app.decisions import queries as decisions
from app.decisions import receipts
from app.i18n.alert_words import ALERT_OUTCOMES
from app.investors import actions as investor_actions
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.offerings.disclosures import checklist
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.web.compliance import alerts, around, changes, claims
from app.web.compliance.around import Near
from app.web.session import platform


@dataclass(frozen=True, slots=True)
class Draft:
    """What an officer is about to say; `sections` are those that a company shall change."""

    outcome: CaseOutcome
    reasons: list[str]
    note: str
    sections: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How cases of one kind are named, shown and decided."""

    #: Shows the facts, within `case.html`.
    template: str
    #: subject id -> what the case is called, for all the cases of a page in one query.
    titles: Callable[[Session, Collection[int]], Mapping[int, str]]
    #: The ids of the subjects that somebody may mean who looks for these words.
    matching: Callable[[str], Select[int]] | None = None
    #: What the template needs.
    facts: Callable[[Snapshot, ReviewCase], dict[str, Any]]
    #: Resolves the case and does what follows from it.
    resolve: Callable[[Transaction, ReviewCase, Draft], None]
    #: What the decision goes by, as plain values: when one of them changes, the officer must look again.
    seen: Callable[[Session, int], Sequence[object]] = lambda session, subject_id: ()
    #: What was claimed beside its evidence, by the id of the subject.
    compared: Callable[[Session, int], Iterable[Line]] = lambda session, subject_id: ()
    #: The numbers that brought it here: (what, value).
    inputs: Callable[[Session, int], Iterable[tuple[str, object]]] = lambda session, subject_id: ()
    #: Who and what is near.
    near: Callable[[Session, int], Iterable[Near]] = lambda session, subject_id: ()
    #: Takes the rows that come before the case in the order of locks, by the id of the subject.
    lock: Callable[[Transaction, int], object] = lambda tx, subject_id: None
    #: The user who can be asked for more while the case waits. None: a request for changes is an outcome like others.
    person: Callable[[Session, int], int] | None = None
    #: The company whose people may not decide it, by the id of the subject.
    company: Callable[[Session, int], int | None] = lambda session, subject_id: None
    take: Callable[[Transaction, str], object] = actions.take_case
    outcomes: tuple[CaseOutcome, ...] = tuple(CaseOutcome)
    #: What an outcome is called where it is not simply approved, asked or refused.
    verbs: Mapping[str, str] = field(default_factory=dict)
    #: Whether somebody outside is told.
    tells: bool = True


def title(session: Session, case: ReviewCase) -> str:
    return KINDS[CaseKind(case.kind)].titles(session, [case.subject_id])[case.subject_id]


# Offerings


def _offering_facts(view: Snapshot, case: ReviewCase) -> dict[str, Any]:
    offering = offerings.offering(view.session, case.subject_id)
    issuer = issuers.issuer(view.session, offering.issuer_id)
    documents = offerings.documents(view.session, offering.id)
    return {
        "offering": offering,
        "issuer": issuer,
        "documents": documents,
        "filings": offerings.filings_of(view.session, offering.id),
        "tasks": checklist(offering, issuer, len(documents), platform().regime(offering.regime), view.now),
    }


def _resolve_offering(tx: Transaction, case: ReviewCase, draft: Draft) -> None:
    actions.resolve_offering(tx, case.ref, draft.outcome, draft.reasons, draft.note, draft.sections)


def _seen_offering(session: Session, offering_id: int) -> Sequence[object]:
    offering = offerings.offering(session, offering_id)
    filings = [filing.id for filing in offerings.filings_of(session, offering_id)]
    return offering.status, offerings.seal(session, offering_id), filings


# Claims of investors


def _claim_facts(view: Snapshot, case: ReviewCase) -> dict[str, Any]:
    claim = investors.claim(view.session, case.subject_id)
    investor = investors.investor(view.session, claim.investor_id)
    return {
        "claim": claim,
        "investor": investor,
        "figures": investors.latest_figures(view.session, investor.id, around.currency_of(claim)),
        **claims.facts(view, case, claim),
    }


def _resolve_claim(tx: Transaction, case: ReviewCase, draft: Draft) -> None:
    actions.resolve_claim(tx, case.ref, draft.outcome, draft.reasons, draft.note)


def _seen_claim(session: Session, claim_id: int) -> Sequence[object]:
    claim = investors.claim(session, claim_id)
    investor = investors.investor(session, claim.investor_id)
    figures = investors.latest_figures(session, investor.id, around.currency_of(claim))
    files = [file.sha256 for file in investors.evidence_of(session, claim_id)]
    figures_id = figures.id if figures else None
    return claim.status, claim.kind, claim.basis, investor.legal_name, investor.country, figures_id, files


def _claimant(session: Session, claim_id: int) -> int:
    return investors.investor(session, investors.claim(session, claim_id).investor_id).user_id


def _lock_claimant(tx: Transaction, claim_id: int) -> None:
    investor_actions.lock(tx, investors.claim(tx.session, claim_id).investor_id)


# Pledges


def _pledge_facts(view: Snapshot, case: ReviewCase) -> dict[str, Any]:
    pledge = pledge_queries.pledge(view.session, case.subject_id)
    decision = decisions.decision(view.session, pledge.decision_id)
    return {
        "pledge": pledge,
        "offering": offerings.offering(view.session, pledge.offering_id),
        "investor": investors.investor(view.session, pledge.investor_id),
        "decision": decision,
        "receipt": receipts.of_decision(view.session, decision),
    }


def _resolve_pledge(tx: Transaction, case: ReviewCase, draft: Draft) -> None:
    pledges.resolve_referral(tx, case.ref, draft.outcome, draft.reasons, draft.note, platform().payment_window)


def _seen_pledge(session: Session, pledge_id: int) -> Sequence[object]:
    pledge = pledge_queries.pledge(session, pledge_id)
    investor = investors.investor(session, pledge.investor_id)
    offering = offerings.offering(session, pledge.offering_id)
    return pledge.status, pledge.amount_minor, investor.legal_name, investor.country, offering.status


def _pledger(session: Session, pledge_id: int) -> int:
    return investors.investor(session, pledge_queries.pledge(session, pledge_id).investor_id).user_id


def _resolve_alert(tx: Transaction, case: ReviewCase, draft: Draft) -> None:
    alert_actions.resolve(tx, case.ref, draft.outcome, draft.reasons, draft.note)


def _company_of_pledge(session: Session, pledge_id: int) -> int:
    return offerings.offering(session, pledge_queries.pledge(session, pledge_id).offering_id).issuer_id


KINDS: Mapping[CaseKind, Kind] = {
    CaseKind.OFFERING: Kind(
        template="compliance/case_offering.html",
        titles=offerings.names,
        matching=offerings.named_like,
        facts=_offering_facts,
        resolve=_resolve_offering,
        seen=_seen_offering,
        compared=around.offering_beside_filing,
        near=around.near_offering,
        company=lambda session, offering_id: offerings.offering(session, offering_id).issuer_id,
    ),
    CaseKind.INVESTOR: Kind(
        template="compliance/case_claim.html",
        titles=investors.names_of_claims,
        matching=investors.claims_of_people_like,
        facts=_claim_facts,
        resolve=_resolve_claim,
        seen=_seen_claim,
        compared=around.claim_beside_account,
        near=around.near_claim,
        lock=_lock_claimant,
        person=_claimant,
    ),
    CaseKind.PLEDGE: Kind(
        template="compliance/case_pledge.html",
        titles=pledge_queries.titles,
        matching=pledge_queries.titled_like,
        facts=_pledge_facts,
        resolve=_resolve_pledge,
        seen=_seen_pledge,
        compared=around.pledge_beside_decision,
        inputs=around.pledge_inputs,
        near=around.near_pledge,
        lock=pledges.take,
        person=_pledger,
        company=_company_of_pledge,
        take=pledges.take_referral,
    ),
    CaseKind.ALERT: Kind(
        template="compliance/case_alert.html",
        titles=alerts.titles,
        facts=alerts.facts,
        resolve=_resolve_alert,
        seen=alerts.seen,
        outcomes=(CaseOutcome.APPROVE, CaseOutcome.REFUSE),
        verbs=ALERT_OUTCOMES,
        tells=False,
    ),
    CaseKind.CHANGE: Kind(
        template=changes.TEMPLATE,
        titles=changes.titles,
        facts=changes.facts,
        resolve=lambda tx, case, draft: changes.resolve(tx, case, draft.outcome, draft.reasons, draft.note),
        seen=lambda session, change_id: [change_queries.seen_hash(session, change_queries.change(session, change_id))],
        lock=lambda tx, change_id: actions.lock_with_issuer(
            tx, change_queries.change(tx.session, change_id).offering_id
        ),
        company=changes.company,
        take=changes.take,
    ),
}
