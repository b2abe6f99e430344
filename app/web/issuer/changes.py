"""Changing an open offering: section by section, with the redline and what will happen; and ending it early."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.changes import deadlines, proposals, queries, texts
from app.compliance import queries as compliance
from app.compliance.models import CaseKind
from app.database import Snapshot
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.offerings import queries as offerings
from app.offerings.deadlines import same_hour_on
from app.offerings.lifecycle import LIVE
from app.offerings.models import Offering
from app.web.components import say
from app.web.forms import Form, long_text, opened, text
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.forms import Section
from app.web.issuer.offerings import mine
from app.web.issuer.sections import PAGES, page_of, with_choices
from app.web.session import acting, looking, platform, telling


class ProposeForm(Section):
    reason = long_text(N_("Why do you change it?"), 1000)


class CloseEarlyForm(Form):
    date = text(N_("New deadline"), 10, render_kw={"type": "date"})


def _is_open(offering: Offering, now: datetime) -> bool:
    return offering.status == LIVE and offering.deadline_at is not None and now < offering.deadline_at


def _revision(view: Snapshot, offering: Offering) -> str:
    found = queries.open_of(view.session, offering.id)
    return str(found.revision if found else 0)


@blueprint.get("/offerings/<ref>/change")
@allow(Permission.RAISE)
def change(ref: str) -> ResponseReturnValue:
    """What is to change, word by word, and what will happen."""
    with looking() as view:
        found = mine(view, ref)
        revision = _revision(view, found)
    form = opened(ProposeForm, version=revision)
    form.version.data = revision
    with looking() as view:
        return _change_page(view, ref, form)


def _change_page(view: Snapshot, ref: str, form: ProposeForm) -> ResponseReturnValue:
    found = mine(view, ref)
    law = platform().regime(found.regime)
    writing = queries.open_of(view.session, found.id)
    earlier = [
        (
            one,
            queries.redline_of(view.session, one),
            queries.answers_to(view.session, one.id),
            next(iter(compliance.cases_about(view.session, CaseKind.CHANGE, one.id)), None),
        )
        for one in queries.decided(view.session, found.id)
    ]
    return render_template(
        "issuer/change.html",
        offering=found,
        change=writing,
        redline=queries.redline_of(view.session, writing) if writing else [],
        touched=queries.consequences(view, found, writing, law) if writing else None,
        law=law,
        earlier=earlier,
        sections=PAGES,
        is_open=_is_open(found, view.now),
        form=form,
    ), form.status


@blueprint.get("/offerings/<ref>/change/<section>")
@allow(Permission.RAISE)
def edit_change(ref: str, section: str) -> ResponseReturnValue:
    """A section as it is to be."""
    page = page_of(section)
    with looking() as view:
        found = mine(view, ref)
        writing = queries.open_of(view.session, found.id)
        if not _is_open(found, view.now):
            flash(N_("Only an open offering can be changed."), "caution")
            return redirect(url_for("issuer.offering", ref=ref))
    shown = texts.as_changed(found, writing.new) if writing else found
    stored = {**page.stored(shown), "version": str(writing.revision if writing else 0)}
    form = with_choices(opened(page.form, **stored))
    return render_template("issuer/section.html", form=form, offering=found, section=section, changing=True)


@blueprint.post("/offerings/<ref>/change/<section>")
@allow(Permission.RAISE)
def save_change(ref: str, section: str) -> ResponseReturnValue:
    """Save one section of the change; the offering itself stays as it is."""
    page = page_of(section)
    with looking() as view:
        found = mine(view, ref)
        revision = _revision(view, found)
        writing = queries.open_of(view.session, found.id)
    shown = texts.as_changed(found, writing.new) if writing else found
    form = with_choices(page.form())
    if form.validate():
        try:
            with acting() as tx:
                page.save(tx, shown, form, proposals)
        except Refused as refused:
            form.refuse(refused)
            if refused.code == "edited_elsewhere":
                form.version.data = revision
        if not form.is_refused:
            flash(N_("Saved. It is not public yet: read the change and hand it in."), "ok")
            return redirect(url_for("issuer.change", ref=ref), 303)
    return render_template(
        "issuer/section.html", form=form, offering=found, section=section, changing=True
    ), form.status


@blueprint.post("/offerings/<ref>/change/propose")
@allow(Permission.RAISE)
def propose_change(ref: str) -> ResponseReturnValue:
    """Hand the change in; an officer classes it."""
    with looking() as view:
        found = mine(view, ref)
    form = ProposeForm()
    if form.validate():
        try:
            with acting() as tx:
                proposals.propose(
                    tx, found.id, form.seen_version, form.reason.data or "", platform().regime(found.regime)
                )
            flash(N_("Handed in. An officer reads it next; the offering stays open as it is."), "ok")
            return redirect(url_for("issuer.change", ref=ref), 303)
        except Refused as refused:
            form.refuse(refused)
            for task in refused.facts.get("tasks", []):
                flash(say(labels.TASKS[task]), "danger")
    with looking() as view:
        form.version.data = _revision(view, found)
        return _change_page(view, ref, form)


@blueprint.post("/offerings/<ref>/change/withdraw")
@allow(Permission.RAISE)
def withdraw_change(ref: str) -> ResponseReturnValue:
    """Give the change up; the offering stays as it is."""
    with looking() as view:
        found = mine(view, ref)
    form = ProposeForm()
    with telling(N_("The change is given up. The offering stays as it is.")) as tx:
        proposals.withdraw(tx, found.id, form.seen_version)
    return redirect(url_for("issuer.change", ref=ref), 303)


# Ending it early


@blueprint.get("/offerings/<ref>/close-early")
@allow(Permission.RAISE)
def ask_to_close_early(ref: str) -> ResponseReturnValue:
    """What ending it early takes, and the earliest day on which it can end."""
    with looking() as view:
        mine(view, ref)
    form = opened(CloseEarlyForm)
    with looking() as view:
        return _early_page(view, ref, form)


def _early_page(view: Snapshot, ref: str, form: CloseEarlyForm) -> ResponseReturnValue:
    found = mine(view, ref)
    law, is_open = platform().regime(found.regime), _is_open(found, view.now)
    return render_template(
        "issuer/close_early.html",
        offering=found,
        law=law,
        is_open=is_open,
        early=queries.early_close(view.session, found.id),
        earliest=deadlines.early_deadline(found, law, view.now) if is_open else None,
        progress=offerings.progress(view.session, found.id) if is_open else None,
        form=form,
    ), form.status


@blueprint.post("/offerings/<ref>/close-early")
@allow(Permission.RAISE)
def close_early(ref: str) -> ResponseReturnValue:
    """Bring the deadline forward, at the same hour; every investor is told."""
    with looking() as view:
        found = mine(view, ref)
        is_open = _is_open(found, view.now)
    form = CloseEarlyForm()
    day = form.day("date") if form.validate() and is_open else None
    if day is not None and found.deadline_at is not None:
        try:
            new = same_hour_on(found.deadline_at, found.deadline_zone, day)
            with acting() as tx:
                deadlines.close_early(tx, found.id, new, platform().law)
            flash(N_("The new deadline is announced. Every investor is told."), "ok")
            return redirect(url_for("issuer.offering", ref=ref), 303)
        except Refused as refused:
            form.refuse(refused)
    with looking() as view:
        return _early_page(view, ref, form)
