"""A closing to approve: every line, the totals, and where the money goes."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.closings import actions, holding_back, queries, rolling
from app.closings.actions import Approval
from app.closings.lifecycle import PROPOSED
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.offerings.models import SCALED
from app.payments import queries as payments
from app.pledges import queries as pledges
from app.web.account.forms import EmptyForm
from app.web.compliance import blueprint
from app.web.guard import allow
from app.web.session import acting, looking, my_id, platform, reader, telling

_SAID = {
    Approval.COUNTED: N_("Your approval is counted. A second officer must approve the same."),
    Approval.EXECUTED: N_("Approved by two officers. The company is being paid."),
    Approval.CHANGED: N_("The closing changed after you opened it. Read the new version before you decide."),
}


#: Of the lines of a closing so many stand on one page; the snapshot has all of them, and their totals are on each page.
LINES = 100


@blueprint.get("/closings/<ref>")
@allow(Permission.REVIEW)
def closing(ref: str) -> ResponseReturnValue:
    """What two officers must see alike before money leaves escrow."""
    with looking() as view:
        found = queries.by_ref(view.session, ref)
        offering = offerings.offering(view.session, found.offering_id)
        together = queries.sum_of_lines(view.session, found.id)
        page = _page(together.lines)
        is_scaled = found.status == PROPOSED and offering.oversubscription_rule in SCALED
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
            lines=queries.page_of_lines(view.session, found.id, page * LINES, LINES),
            together=together,
            reversible=queries.reversible(view.session, found.id, view.now),
            page=page,
            pages=max(1, -(-together.lines // LINES)),
            unfilled=len(pledges.held(view.session, offering.id)) - together.lines if is_scaled else 0,
            held_back_until=queries.held_back_until(offering, found),
            holdback_left=queries.holdback_left(view.session, found),
            approvals=approvals,
            needed=queries.APPROVALS_NEEDED,
            approved_by_me=any(approval.user_id == my_id() for approval, _ in approvals),
            instructions=payments.of_closing(view.session, found.id),
            form=EmptyForm(),
            now=view.now,
        )


def _page(lines: int) -> int:
    """Which page of the lines is asked for, from zero; what is none is the first."""
    asked = request.args.get("page", "1")[:9]
    page = int(asked) - 1 if asked.isascii() and asked.isdigit() else 0
    return page if 0 <= page * LINES < lines else 0


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


@blueprint.post("/closings/<ref>/call-off")
@allow(Permission.REVIEW)
def call_off(ref: str) -> ResponseReturnValue:
    """Call a rolling closing off before its release; the offering goes on, and its investors are told."""
    with acting() as tx:
        rolling.give_up(tx, queries.by_ref(tx.session, ref).offering_id, platform().law)
    flash(N_("The closing is called off. The offering goes on."), "ok")
    return redirect(url_for("compliance.closing", ref=ref), 303)


@blueprint.post("/closings/<ref>/propose-holdback")
@allow(Permission.REVIEW)
def propose_holdback(ref: str) -> ResponseReturnValue:
    """Propose that what is left of a holdback is paid out; two others approve it."""
    with telling(N_("Two other officers must now approve that it is paid out.")) as tx:
        holding_back.propose(tx, ref)
    return redirect(url_for("compliance.closing", ref=ref), 303)
