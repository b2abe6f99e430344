"""A closing to approve: every line, the totals, and where the money goes."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.closings import actions, queries
from app.closings.actions import Approval
from app.closings.lifecycle import PROPOSED
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.pledges import queries as pledges
from app.web.account.forms import EmptyForm
from app.web.compliance import blueprint
from app.web.guard import allow
from app.web.session import acting, looking, my_id, reader

_SAID = {
    Approval.COUNTED: N_("Your approval is counted. A second officer must approve the same."),
    Approval.EXECUTED: N_("Approved by two officers. The company is being paid."),
    Approval.CHANGED: N_("The closing changed after you opened it. Read the new version before you decide."),
}


@blueprint.get("/closings/<ref>")
@allow(Permission.REVIEW)
def closing(ref: str) -> ResponseReturnValue:
    """What two officers must see alike before money leaves escrow."""
    with looking() as view:
        found = queries.by_ref(view.session, ref)
        offering = offerings.offering(view.session, found.offering_id)
        lines = [(line, pledges.pledge(view.session, line.pledge_id)) for line in queries.lines(view.session, found.id)]
        from_related = sum(line.amount_minor for line, pledge in lines if pledge.related_as)
        approvals = [
            (approval, identity.user(view.session, approval.user_id).name)
            for approval in queries.approvals(view.session, found)
        ]
        issuer = issuers.issuer(view.session, offering.issuer_id)
        return render_template(
            "compliance/closing.html",
            closing=found,
            offering=offering,
            issuer=issuer,
            frozen_until=issuer.frozen_until(view.now),
            lines=lines,
            from_related=from_related,
            unfilled=len(pledges.held(view.session, offering.id)) - len(lines) if found.status == PROPOSED else 0,
            approvals=approvals,
            needed=queries.APPROVALS_NEEDED,
            approved_by_me=any(approval.user_id == my_id() for approval, _ in approvals),
            instructions=payments.of_closing(view.session, found.id),
            form=EmptyForm(),
            now=view.now,
        )


@blueprint.post("/closings/<ref>/approve")
@allow(Permission.REVIEW)
def approve(ref: str) -> ResponseReturnValue:
    """Approve the snapshot that this officer saw."""
    try:
        with acting() as tx:
            result = actions.approve(tx, ref, request.form.get("snapshot", "")[:64])
        flash(_SAID[result], "caution" if result is Approval.CHANGED else "ok")
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
    return redirect(url_for("compliance.closing", ref=ref), 303)
