"""A place in line for a full offering: join, see it, take what is kept, leave."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Snapshot
from app.errors import NotFound, Refused
from app.i18n.words import N_
from app.investors.models import Investor
from app.offerings import queries as offerings
from app.offerings.models import Offering
from app.waitlist import actions, queries
from app.waitlist.lifecycle import WAITING
from app.web.forms import Form, opened, text
from app.web.gates import closed_gate
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.promotions import promoted
from app.web.session import acting, looking
from app.web.whom import buyer, this_address, to_choose


class WaitlistForm(Form):
    shares = text(N_("How many shares do you want?"), 12, render_kw={"inputmode": "numeric", "autocomplete": "off"})


def _at_the_door(view: Snapshot, offering: Offering) -> Investor | ResponseReturnValue:
    """Who stands here; or where to go first: for whom, the offering's gate, one's figures."""
    promoted(view, (offering.regime,))
    if to_choose(view):
        return redirect(url_for("investor.choose_amount", slug=offering.slug))
    if closed_gate(view, offering) is not None:
        return redirect(url_for("public.offering", slug=offering.slug, _anchor="gate"))
    investor = buyer(view)
    if investor is None:
        return redirect(url_for("investor.figures", regime_id=offering.regime, next=this_address()))
    return investor


def _page(slug: str, form: WaitlistForm) -> ResponseReturnValue:
    with looking() as view:
        offering = offerings.by_slug(view.session, slug)
        investor = _at_the_door(view, offering)
        if not isinstance(investor, Investor):
            return investor
        entry = queries.latest_of(view.session, investor.id, offering.id)
        return render_template(
            "investor/waitlist.html",
            offering=offering,
            progress=offerings.progress(view.session, offering.id),
            investor=investor,
            entry=entry,
            place=queries.place(view.session, entry) if entry is not None and entry.status == WAITING else None,
            form=form,
            now=view.now,
        ), form.status


@blueprint.get("/offerings/<slug>/waitlist")
@allow(Permission.INVEST)
def waitlist(slug: str) -> ResponseReturnValue:
    """One's place in line, and until when room is kept; or the form to join."""
    return _page(slug, opened(WaitlistForm, shares=request.args.get("shares", "")[:12]))


@blueprint.post("/offerings/<slug>/waitlist")
@allow(Permission.INVEST)
def join_waitlist(slug: str) -> ResponseReturnValue:
    """Join; the same form sent twice is one place."""
    form = WaitlistForm()
    with looking() as view:
        offering = offerings.by_slug(view.session, slug)
        investor = _at_the_door(view, offering)
    if not isinstance(investor, Investor):
        return investor
    shares = form.whole("shares") if form.validate() else None
    if shares is None:
        return _page(slug, form)
    try:
        with acting() as tx:
            actions.join(tx, investor_id=investor.id, offering_id=offering.id, shares=shares)
        flash(N_("You are in line."), "ok")
    except Refused as refused:
        form.refuse(refused)
        return _page(slug, form)
    return redirect(url_for(".waitlist", slug=slug), 303)


@blueprint.post("/offerings/<slug>/waitlist/leave")
@allow(Permission.SEE_OWN_INVESTMENTS)
def leave_waitlist(slug: str) -> ResponseReturnValue:
    """Give one's place up, and what is kept."""
    with looking() as view:
        offering, investor = offerings.by_slug(view.session, slug), buyer(view)
    if investor is None:
        raise NotFound
    with acting() as tx:
        actions.leave(tx, investor_id=investor.id, offering_id=offering.id)
    flash(N_("You have left the line. Nothing was charged."), "ok")
    return redirect(url_for("public.offering", slug=slug), 303)
