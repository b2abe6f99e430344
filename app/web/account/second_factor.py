"""The second factor: giving a code, and setting one up."""

from __future__ import annotations

import segno
from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.errors import Refused
from app.identity import actions as identity
from app.identity.second_factor import provisioning_uri
from app.web.account import blueprint
from app.web.account.forms import CodeForm
from app.web.guard import allow
from app.web.session import Person, acting, begin_session, local_path, me, platform


def _half() -> Person:
    person = me()
    assert person is not None  # the permission asks for a half or whole session
    return person


@blueprint.get("/second-factor")
@allow(Permission.PASS_SECOND_FACTOR)
def second_factor() -> ResponseReturnValue:
    """Ask for the code; staff without a second factor set one up first."""
    person = _half()
    if not person.has_second_factor:
        return _offer(CodeForm())
    return render_template("account/second_factor.html", form=CodeForm())


@blueprint.post("/second-factor")
@allow(Permission.PASS_SECOND_FACTOR)
def give_code() -> ResponseReturnValue:
    """Take the code: the half session ends and a whole one begins."""
    person, form = _half(), CodeForm()
    if not person.has_second_factor:
        return _confirm(form)
    if form.validate():
        try:
            with acting() as tx:
                token = identity.pass_second_factor(tx, person.token, form.code.data or "", platform().vault)
            begin_session(token)
            return redirect(local_path(request.args.get("next"), "/"), 303)
        except Refused as refused:
            found = _counted(refused, person)
            form.refuse(found)
            if found.code == "too_many_tries":
                body = render_template("account/second_factor.html", form=form)
                return body, 429, {"Retry-After": str(found.facts["retry_after_s"])}
    return render_template("account/second_factor.html", form=form), form.status


def _counted(refused: Refused, person: Person) -> Refused:
    """Count a wrong code; too many of them are refused for a while."""
    if refused.code != "code_wrong":
        return refused
    try:
        with acting() as tx:
            identity.count_failed_code(tx, person.user_id, request.remote_addr or "-", platform().settings.secret_key)
    except Refused as too_many:
        return too_many
    return refused


@blueprint.get("/account/second-factor")
@allow(Permission.KEEP_OWN_ACCOUNT)
def set_up_second_factor() -> ResponseReturnValue:
    """Offer a second factor to anybody who wants one."""
    return _offer(CodeForm())


@blueprint.post("/account/second-factor")
@allow(Permission.KEEP_OWN_ACCOUNT)
def confirm_second_factor() -> ResponseReturnValue:
    return _confirm(CodeForm())


def _offer(form: CodeForm) -> ResponseReturnValue:
    person = _half()
    if person.has_second_factor:
        return redirect("/account/security")
    with acting() as tx:
        secret = identity.offer_second_factor(tx, person.user_id, platform().vault)
    qr = segno.make(provisioning_uri(secret, person.email)).svg_data_uri(scale=5, border=2, dark="#14202E")
    return render_template("account/set_up_second_factor.html", form=form, secret=secret, qr=qr), form.status


def _confirm(form: CodeForm) -> ResponseReturnValue:
    """Put the offered second factor in force, and show the recovery codes this once."""
    person = _half()
    if form.validate():
        try:
            with acting() as tx:
                codes = identity.confirm_second_factor(tx, person.user_id, form.code.data or "", platform().vault)
                token = identity.begin_full_session(tx, person.token)
            begin_session(token)
            return render_template("account/recovery_codes.html", codes=codes)
        except Refused as refused:
            form.refuse(refused)
    return _offer(form)
