"""The company that declared to choose says whose pledges are filled, when more was pledged than is sold."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.closings import allotting, choosing
from app.closings import queries as closings
from app.closings.models import Closing
from app.database import Snapshot
from app.errors import NotFound, Refused
from app.i18n import amounts
from app.i18n.words import N_
from app.offerings.models import Offering
from app.pledges import queries as pledges
from app.regimes import platform_policy
from app.web.account.forms import EmptyForm
from app.web.forms import Form
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.offerings import mine
from app.web.session import acting, looking


def _to_choose(view: Snapshot, ref: str) -> tuple[Offering, Closing]:
    """Raises NotFound where there is nothing to choose."""
    offering = mine(view, ref)
    closing = next(iter(closings.of_offering(view.session, offering.id)), None)
    if closing is None or not choosing.may_choose(view.session, offering, closing):
        raise NotFound
    return offering, closing


def _page(ref: str, form: Form) -> ResponseReturnValue:
    """Every held pledge with a number; at first what it would get if everybody got the same part."""
    with looking() as view:
        offering, closing = _to_choose(view, ref)
        held = pledges.held(view.session, offering.id)
        numbers = {one.id: request.form.get(f"shares_{one.id}", "") for one in held}
        if request.method == "GET":
            same_part = allotting.shares_of(view.session, offering, closing, held)
            numbers = {one.id: str(same_part.get(one.id, 0)) for one in held}
        return render_template(
            "issuer/allotment.html",
            offering=offering,
            closing=closing,
            held=[pledges.pledge(view.session, one.id) for one in held],
            numbers=numbers,
            room=closings.room(view.session, offering, closing),
            until=platform_policy.choose_until(closing.gather_until),
            form=form,
        ), form.status


@blueprint.get("/offerings/<ref>/allotment")
@allow(Permission.RAISE)
def allotment(ref: str) -> ResponseReturnValue:
    return _page(ref, EmptyForm())


@blueprint.post("/offerings/<ref>/allotment")
@allow(Permission.RAISE)
def choose_allotment(ref: str) -> ResponseReturnValue:
    """Take the numbers; they may be given anew until the closing goes to the officers."""
    form = EmptyForm()
    with looking() as view:
        offering, closing = _to_choose(view, ref)
        held = pledges.held(view.session, offering.id)
    try:
        chosen = {
            one.id: amounts.read_whole(request.form.get(f"shares_{one.id}", "")[:12], field="shares") for one in held
        }
        with acting() as tx:
            choosing.choose(tx, closing.id, chosen)
    except Refused as refused:
        form.refuse(refused)
        return _page(ref, form)
    flash(N_("Your choice is kept. The closing goes to the officers next."), "ok")
    return redirect(url_for("issuer.offering", ref=offering.ref), 303)
