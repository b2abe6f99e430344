"""Who is related to a company: what they pledge is counted apart."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.errors import Refused
from app.i18n.alert_words import RELATIONS
from app.i18n.words import N_
from app.issuers import queries
from app.issuers.models import Relation
from app.pledges import related
from app.web.components import say
from app.web.forms import opened
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.companies import mine
from app.web.issuer.forms import RelatedForm
from app.web.session import acting, looking


def _form() -> RelatedForm:
    form = opened(RelatedForm)
    form.relation.choices = [(code, say(words)) for code, words in RELATIONS.items() if code != Relation.MEMBER]
    return form


@blueprint.get("/companies/<ref>/related")
@allow(Permission.RAISE)
def related_parties(ref: str) -> ResponseReturnValue:
    """Those whom the company declared, and the form for one more."""
    return _page(ref, _form())


def _page(ref: str, form: RelatedForm) -> ResponseReturnValue:
    with looking() as view:
        found = mine(view, ref)
        parties = queries.related_parties(view.session, found.id)
    return render_template("issuer/related.html", form=form, company=found, parties=parties), form.status


@blueprint.post("/companies/<ref>/related")
@allow(Permission.RAISE)
def declare_related(ref: str) -> ResponseReturnValue:
    """Take one more. Whether somebody has an account here is never told."""
    with looking() as view:
        found = mine(view, ref)
    form = _form()
    if form.validate():
        try:
            with acting() as tx:
                related.declare(
                    tx, found.id, name=form.name.data or "", relation=Relation(form.relation.data),
                    email=(form.email.data or "").strip() or None,
                )  # fmt: skip
            flash(N_("Saved."), "ok")
            return redirect(url_for("issuer.related_parties", ref=ref), 303)
        except Refused as refused:
            form.refuse(refused)
    return _page(ref, form)


@blueprint.post("/companies/<ref>/related/<int:party_id>/end")
@allow(Permission.RAISE)
def end_relation(ref: str, party_id: int) -> ResponseReturnValue:
    """Say that somebody is related no longer."""
    with looking() as view:
        found = mine(view, ref)
    with acting() as tx:
        related.end(tx, found.id, party_id)
    flash(N_("Saved."), "ok")
    return redirect(url_for("issuer.related_parties", ref=ref), 303)
