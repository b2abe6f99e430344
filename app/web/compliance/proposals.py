"""What somebody proposed: what it says, what it would do, and the second person's word."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import four_eyes
from app.access import Permission
from app.approvals import queries
from app.approvals.actions import Answer, is_by
from app.approvals.lifecycle import PROPOSED, UNFINISHED
from app.approvals.models import Proposal, ProposalKind
from app.closings import giving_back
from app.database import Snapshot
from app.distributions import queries as distributions
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.pledges import queries as pledges
from app.pledges import unidentified
from app.web.compliance import alerts, blueprint
from app.web.compliance.previews import Preview, preview
from app.web.forms import Form, long_text
from app.web.guard import allow
from app.web.session import acting, looking, my_id, reader, rehearsing

ANSWERS = {
    Answer.COUNTED: (N_("Your agreement is counted. Somebody else must agree, too."), "ok"),
    Answer.APPROVED: (N_("Agreed. What was proposed takes its course."), "ok"),
    Answer.CHANGED: (N_("This changed after you opened it. Look again before you decide."), "caution"),
}


class RejectForm(Form):
    note = long_text(N_("Why not?"), 2000, needed=False)


class RefundForm(Form):
    note = long_text(N_("Why everybody gets their money back"), 2000, needed=False)


@blueprint.get("/proposals/<ref>")
@allow(Permission.REVIEW)
def proposal(ref: str) -> ResponseReturnValue:
    """What a second person must see before they agree."""
    return _page(ref, RejectForm())


def _page(ref: str, form: RejectForm) -> ResponseReturnValue:
    seen = _would_do(ref)
    with looking() as view:
        found = queries.by_ref(view.session, ref)
        approvals = queries.approvals(view.session, found.id)
        names = identity.names(view.session, {one.user_id for one in approvals} | {found.made_by or 0})
        state = four_eyes.ACTS[ProposalKind(found.kind)].state(view.session, found)
        return render_template(
            "compliance/proposal.html",
            proposal=found,
            maker=names.get(found.made_by or 0),
            approvals=[(one, names[one.user_id]) for one in approvals],
            is_own=four_eyes.is_own(view.session, found, my_id()),
            is_mine=is_by(found, my_id()),
            agreed_by_me=my_id() in {one.user_id for one in approvals},
            is_open=found.status == PROPOSED,
            can_be_stopped=found.status in UNFINISHED,
            has_changed=state != found.state,
            preview=seen,
            form=form,
            now=view.now,
            **_about(view, found),
        ), form.status


def _would_do(ref: str) -> Preview | None:
    """What agreeing would do, for who may agree."""
    with suppress(Refused), rehearsing() as tx:
        four_eyes.approve(tx, ref, queries.by_ref(tx.session, ref).sha256)
        return preview(tx)
    return None


def _about(view: Snapshot, found: Proposal) -> dict[str, Any]:
    """What the proposal is about, for its page."""
    if found.kind in (ProposalKind.PUBLISH, ProposalKind.REFUND_ALL):
        offering = offerings.offering(view.session, found.subject_id)
        return {"offering": offering, "by_status": pledges.by_status(view.session, offering.id)}
    if found.kind == ProposalKind.PAYEE:
        return {"issuer": issuers.issuer(view.session, found.subject_id)}
    if found.kind == ProposalKind.ROLE:
        return {"subject": identity.user(view.session, found.subject_id)}
    if found.kind == ProposalKind.HOLD:
        return {"held": alerts.titles(view.session, [found.subject_id])[found.subject_id]}
    if found.kind == ProposalKind.RECEIPT:
        receipt, pledge = unidentified.subject(view.session, found)
        offering = offerings.offering(view.session, receipt.offering_id)
        payer = None if pledge is None else pledge.investor.legal_name
        owner = unidentified.owner_of(view.session, receipt)
        return {"receipt": receipt, "pledge": pledge, "offering": offering, "payer": payer, "owner": owner}
    if found.kind == ProposalKind.DISTRIBUTION:
        paid = distributions.distribution(view.session, found.subject_id)
        parts = distributions.kept(view.session, paid.id)
        return {"paid": paid, "offering": offerings.offering(view.session, paid.offering_id), "parts": parts}
    return {}


@blueprint.post("/proposals/<ref>/approve")
@allow(Permission.REVIEW)
def agree(ref: str) -> ResponseReturnValue:
    """Agree to the proposal that this person saw."""
    try:
        with acting() as tx:
            answer = four_eyes.approve(tx, ref, request.form.get("seen", "")[:64])
        flash(*ANSWERS[answer])
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
    return redirect(url_for("compliance.proposal", ref=ref), 303)


@blueprint.post("/proposals/<ref>/reject")
@allow(Permission.REVIEW)
def reject(ref: str) -> ResponseReturnValue:
    """Say no, or take one's own proposal back."""
    form = RejectForm()
    if form.do(lambda tx: four_eyes.reject(tx, ref, form.note.data or "")):
        flash(N_("It does not happen."), "ok")
        return redirect(url_for("compliance.queue"), 303)
    return _page(ref, form)


@blueprint.get("/offerings/<ref>/give-back")
@allow(Permission.REVIEW)
def ask_to_give_back(ref: str) -> ResponseReturnValue:
    """What ending an offering would give back."""
    return _give_back_page(ref, RefundForm())


def _give_back_page(ref: str, form: RefundForm) -> ResponseReturnValue:
    with looking() as view:
        offering = offerings.by_ref(view.session, ref)
        return render_template(
            "compliance/give_back.html",
            offering=offering,
            is_possible=giving_back.can_refund_everybody(view.session, offering),
            by_status=pledges.by_status(view.session, offering.id),
            form=form,
        ), form.status


@blueprint.post("/offerings/<ref>/give-back")
@allow(Permission.REVIEW)
def propose_to_give_back(ref: str) -> ResponseReturnValue:
    """Propose to a second officer that everybody gets their money back."""
    form = RefundForm()
    if form.validate():
        try:
            with acting() as tx:
                made = four_eyes.propose_refund(tx, offerings.by_ref(tx.session, ref).id, form.note.data or "")
            flash(N_("Proposed. A second officer must agree."), "ok")
            return redirect(url_for("compliance.proposal", ref=made.ref), 303)
        except Refused as refused:
            form.refuse(refused)
    return _give_back_page(ref, form)
