"""Closing a part while the offering goes on: what it takes, what will happen, and calling it off."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.closings import queries, rolling
from app.database import Snapshot
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.offerings.deadlines import same_hour_on
from app.pledges import queries as pledges
from app.web.account.forms import EmptyForm
from app.web.forms import Form, opened, text
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.offerings import mine
from app.web.session import acting, looking, platform, reader


class ClosePartForm(Form):
    date = text(N_("Day of the closing"), 10, render_kw={"type": "date"})


@blueprint.get("/offerings/<ref>/close-part")
@allow(Permission.RAISE)
def ask_to_close_part(ref: str) -> ResponseReturnValue:
    """What closing a part takes, and the earliest day for it."""
    with looking() as view:
        mine(view, ref)
    form = opened(ClosePartForm)
    with looking() as view:
        return _page(view, ref, form)


def _page(view: Snapshot, ref: str, form: ClosePartForm) -> ResponseReturnValue:
    found = mine(view, ref)
    law = platform().regime(found.regime)
    refused = rolling.refusal(found, law, view.now)
    return render_template(
        "issuer/close_part.html",
        offering=found,
        law=law,
        refused=None if refused is None else labels.refusal(refused, reader()),
        announced=queries.announced(view.session, found.id),
        closed=queries.closed(view.session, found),
        held=sum(one.amount_minor for one in pledges.held(view.session, found.id)),
        earliest=None if refused is not None else rolling.earliest(found, law, view.now),
        form=form,
        call_off=EmptyForm(),
    ), form.status


@blueprint.post("/offerings/<ref>/close-part")
@allow(Permission.RAISE)
def close_part(ref: str) -> ResponseReturnValue:
    """Announce a closing of what is held now, at the hour of the deadline; its investors are told."""
    with looking() as view:
        found = mine(view, ref)
    form = ClosePartForm()
    day = form.day("date") if form.validate() and found.deadline_at is not None else None
    if day is not None and found.deadline_at is not None:
        try:
            closes_at = same_hour_on(found.deadline_at, found.deadline_zone, day)
            with acting() as tx:
                rolling.announce(tx, found.id, closes_at, platform().law)
            flash(N_("The closing is announced. Every investor whose money is held is told."), "ok")
            return redirect(url_for("issuer.offering", ref=ref), 303)
        except Refused as refused:
            form.refuse(refused)
    with looking() as view:
        return _page(view, ref, form)


@blueprint.post("/offerings/<ref>/close-part/call-off")
@allow(Permission.RAISE)
def call_off_part(ref: str) -> ResponseReturnValue:
    """Call an announced closing off; the offering goes on, and its investors are told."""
    with looking() as view:
        found = mine(view, ref)
    with acting() as tx:
        rolling.give_up(tx, found.id, platform().law)
    flash(N_("The closing is called off. The offering goes on."), "ok")
    return redirect(url_for("issuer.offering", ref=ref), 303)
