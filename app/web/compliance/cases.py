"""The queue and the case: what was claimed, which rule brought it here, and the officer's word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from app.access import Permission
from app.alerts import actions as alerts
from app.audit import queries as audit
from app.closings import queries as closing_queries
from app.compliance import actions, queries
from app.compliance.actions import Reason
from app.compliance.models import CaseKind, CaseOutcome, ReviewCase
from app.database import Snapshot, Transaction
from app.decisions import queries as decisions
from app.decisions import receipts
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.alert_words import ALERT_OUTCOMES
from app.i18n.words import N_
from app.identity import queries as identity
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.offerings.disclosures import checklist
from app.pledges import actions as pledges
from app.pledges import queries as pledge_queries
from app.regimes import standing
from app.web.account.forms import EmptyForm
from app.web.compliance import alerts as alert_pages
from app.web.compliance import blueprint, changes, claims
from app.web.components import say
from app.web.forms import Form, long_text, opened
from app.web.guard import allow
from app.web.public.offerings import as_download
from app.web.session import acting, looking, my_id, platform, reader


class DecisionForm(Form):
    """Nothing is chosen beforehand."""

    outcome = RadioField(N_("Decision"), choices=[])
    reasons = SelectMultipleField(
        N_("Reasons"), choices=[], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    note = long_text(N_("What the person is told"), 2000, needed=False)


def _form(case: ReviewCase) -> DecisionForm:
    form = opened(DecisionForm)
    mendable = case.kind in (CaseKind.OFFERING, CaseKind.CHANGE)
    offered = [one for one in CaseOutcome if mendable or one is not CaseOutcome.REQUEST_CHANGES]
    if case.kind == CaseKind.ALERT:
        form.outcome.choices = [(code, say(words)) for code, words in ALERT_OUTCOMES.items()]
        form.note.label.text = N_("What you found; only officers read it")
        form.reasons.choices = [(one.value, say(labels.REASONS[one.value])) for one in Reason]
        return form
    verbs = {"approve": N_("Approve"), "request_changes": N_("Ask for changes"), "refuse": N_("Refuse")}
    form.outcome.choices = [(one.value, say(verbs[one.value])) for one in offered]
    form.reasons.choices = [(one.value, say(labels.REASONS[one.value])) for one in Reason]
    return form


@blueprint.get("")
@allow(Permission.REVIEW)
def queue() -> ResponseReturnValue:
    """What waits, the oldest first; filters are in the address."""
    kind = request.args.get("kind", "")
    status = "resolved" if request.args.get("status") == "resolved" else ""
    with looking() as view:
        cases = queries.queue(view.session, kind=kind if kind in set(CaseKind) else "", status=status)
        rows = [(case, _title(view, case), _claimer(view, case)) for case in cases]
        closings = [
            (
                closing,
                offerings.offering(view.session, closing.offering_id),
                len(closing_queries.approvals(view.session, closing)),
            )
            for closing in closing_queries.unfinished(view.session)
        ]
        return render_template(
            "compliance/queue.html", rows=rows, closings=closings, kind=kind, status=status, now=view.now, mine=my_id()
        )


def _title(view: Snapshot, case: ReviewCase) -> str:
    if case.kind == CaseKind.OFFERING:
        return offerings.offering(view.session, case.subject_id).name
    if case.kind == CaseKind.PLEDGE:
        pledge = pledge_queries.pledge(view.session, case.subject_id)
        return f"{pledge.ref} · {offerings.offering(view.session, pledge.offering_id).name}"
    if case.kind == CaseKind.ALERT:
        return alert_pages.title(view, case)
    if case.kind == CaseKind.CHANGE:
        return changes.titles(view.session, [case.subject_id])[case.subject_id]
    claim = investors.claim(view.session, case.subject_id)
    return investors.investor(view.session, claim.investor_id).legal_name


def _claimer(view: Snapshot, case: ReviewCase) -> str:
    return identity.user(view.session, case.claimed_by).name if case.claimed_by else ""


@blueprint.get("/cases/<ref>")
@allow(Permission.REVIEW)
def case(ref: str) -> ResponseReturnValue:
    """One case: the facts, the rule, the history, and the decision."""
    with looking() as view:
        found = queries.case(view.session, ref)
    form = _form(found)
    with looking() as view:
        return _case_page(view, found, form)


def _case_page(view: Snapshot, found: ReviewCase, form: DecisionForm) -> ResponseReturnValue:
    subject: dict[str, Any] = {
        CaseKind.OFFERING: _offering_facts, CaseKind.INVESTOR: _claim_facts, CaseKind.PLEDGE: _pledge_facts,
        CaseKind.ALERT: alert_pages.facts,
        CaseKind.CHANGE: changes.facts,
    }[CaseKind(found.kind)](view, found)  # fmt: skip
    return render_template(
        "compliance/case.html",
        case=found,
        title=_title(view, found),
        claimer=_claimer(view, found),
        is_mine=found.claimed_by == my_id(),
        is_own=_is_own(view, found),
        earlier=[
            one
            for one in queries.cases_about(view.session, CaseKind(found.kind), found.subject_id)
            if one.id != found.id
        ],
        timeline_events=audit.timeline(view.session, "review_cases", found.id),
        form=form,
        button=EmptyForm(),
        now=view.now,
        **subject,
    ), form.status


def _is_own(view: Snapshot, case: ReviewCase) -> bool:
    """Whether the reader is in it, also as somebody who joined the company after it was opened."""
    if my_id() in case.involves:
        return True
    if case.kind in (CaseKind.INVESTOR, CaseKind.ALERT):
        return False
    if case.kind == CaseKind.CHANGE:
        return issuers.is_member(view.session, changes.company(view.session, case.subject_id), my_id())
    is_pledge = case.kind == CaseKind.PLEDGE
    offering_id = pledge_queries.pledge(view.session, case.subject_id).offering_id if is_pledge else case.subject_id
    return issuers.is_member(view.session, offerings.offering(view.session, offering_id).issuer_id, my_id())


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


def _claim_facts(view: Snapshot, case: ReviewCase) -> dict[str, Any]:
    claim = investors.claim(view.session, case.subject_id)
    investor = investors.investor(view.session, claim.investor_id)
    currency = standing.BY_ID[claim.kind].currency
    return {
        "claim": claim,
        "investor": investor,
        "figures": investors.latest_figures(view.session, investor.id, currency),
        **claims.facts(view, case, claim),
    }


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


@blueprint.post("/cases/<ref>/take")
@allow(Permission.REVIEW)
def take(ref: str) -> ResponseReturnValue:
    """Take a case to decide it."""
    with looking() as view:
        found = queries.case(view.session, ref)
    takes = {CaseKind.PLEDGE: pledges.take_referral, CaseKind.CHANGE: changes.take}
    return _do(takes.get(CaseKind(found.kind), actions.take_case), ref)


@blueprint.post("/cases/<ref>/put-back")
@allow(Permission.REVIEW)
def put_back(ref: str) -> ResponseReturnValue:
    """Give a case back to the queue."""
    return _do(actions.put_back, ref)


def _do(action: Callable[[Transaction, str], object], ref: str) -> ResponseReturnValue:
    try:
        with acting() as tx:
            action(tx, ref)
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
    return redirect(url_for("compliance.case", ref=ref), 303)


@blueprint.post("/cases/<ref>")
@allow(Permission.REVIEW)
def decide(ref: str) -> ResponseReturnValue:
    """Take the officer's decision, with everything that follows from it."""
    with looking() as view:
        found = queries.case(view.session, ref)
    form = _form(found)
    if form.validate():
        outcome = CaseOutcome(form.outcome.data)
        try:
            with acting() as tx:
                _resolve(tx, found, outcome, form.reasons.data or [], form.note.data or "")
            is_alert = found.kind == CaseKind.ALERT
            flash(N_("Decided. Nobody is told.") if is_alert else N_("Decided. The person is told by mail."), "ok")
            return redirect(url_for("compliance.queue"), 303)
        except Refused as refused:
            form.refuse(refused)
    elif not form.outcome.data:
        form.outcome.errors = [labels.refusal(Refused("choice_unknown"), reader())]
    with looking() as view:
        return _case_page(view, queries.case(view.session, ref), form)


def _resolve(tx: Transaction, found: ReviewCase, outcome: CaseOutcome, reasons: list[str], note: str) -> None:
    """One action for each kind of case: it resolves the case and does what follows."""
    kind = CaseKind(found.kind)
    if kind is CaseKind.OFFERING:
        actions.resolve_offering(tx, found.ref, outcome, reasons, note)
    elif kind is CaseKind.INVESTOR:
        actions.resolve_claim(tx, found.ref, outcome, reasons, note)
    elif kind is CaseKind.ALERT:
        alerts.resolve(tx, found.ref, outcome, reasons, note)
    elif kind is CaseKind.CHANGE:
        changes.resolve(tx, found, outcome, reasons, note)
    else:
        pledges.resolve_referral(tx, found.ref, outcome, reasons, note, platform().payment_window)


@blueprint.get("/cases/<ref>/documents/<int:document_id>")
@allow(Permission.REVIEW)
def document(ref: str, document_id: int) -> ResponseReturnValue:
    """A document of the offering under review."""
    with looking() as view:
        found = queries.case(view.session, ref)
        if found.kind != CaseKind.OFFERING:
            raise NotFound
        return as_download(offerings.document(view.session, found.subject_id, document_id))
