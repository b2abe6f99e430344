"""One's own profile, password and sessions."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Transaction
from app.i18n.words import N_
from app.identity import actions as identity
from app.identity import queries
from app.web.account import blueprint
from app.web.account.forms import ChangePasswordForm, EmptyForm, ProfileForm
from app.web.forms import opened
from app.web.guard import allow
from app.web.session import acting, keep_language, looking, me, my_id


@blueprint.get("/account")
@allow(Permission.KEEP_OWN_ACCOUNT)
def profile() -> ResponseReturnValue:
    """Name, language and time zone."""
    person = me()
    assert person is not None  # the permission asks for a session
    form = opened(ProfileForm, name=person.name, locale=person.locale, timezone=person.timezone)
    return render_template("account/profile.html", form=form)


@blueprint.post("/account")
@allow(Permission.KEEP_OWN_ACCOUNT)
def save_profile() -> ResponseReturnValue:
    form = ProfileForm()
    if form.validate():
        with acting() as tx:
            identity.change_profile(
                tx, my_id(), name=form.name.data or "", locale=form.locale.data, timezone=form.timezone.data
            )
        flash(N_("Saved."), "ok")
        answer = redirect(url_for("account.profile"), 303)
        keep_language(answer, form.locale.data)
        return answer
    return render_template("account/profile.html", form=form), form.status


@blueprint.get("/account/security")
@allow(Permission.KEEP_OWN_ACCOUNT)
def security() -> ResponseReturnValue:
    """Password, second factor, and where one is signed in."""
    return _security_page(ChangePasswordForm())


def _security_page(form: ChangePasswordForm) -> ResponseReturnValue:
    with looking() as view:
        sessions = queries.sessions_of(view.session, my_id(), view.wall_now)
    return render_template("account/security.html", form=form, button=EmptyForm(), sessions=sessions), form.status


@blueprint.post("/account/security")
@allow(Permission.KEEP_OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    """Set a new password; every other browser is signed out."""
    form, person = ChangePasswordForm(), me()
    assert person is not None  # the permission asks for a session

    def change(tx: Transaction) -> None:
        old, new = form.old_password.data or "", form.password.data or ""
        identity.change_password(tx, person.user_id, old=old, new=new, token=person.token)

    if form.do(change):
        flash(N_("Your new password is set. Your other browsers are signed out."), "ok")
        return redirect(url_for("account.security"), 303)
    return _security_page(form)


@blueprint.post("/account/sessions/<int:session_id>/end")
@allow(Permission.KEEP_OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign out one of one's own browsers; somebody else's id ends nothing."""
    with acting() as tx:
        identity.end_sessions(tx, my_id(), only_id=session_id)
    flash(N_("That browser is signed out."), "ok")
    return redirect(url_for("account.security"), 303)


@blueprint.post("/account/sessions/end-others")
@allow(Permission.KEEP_OWN_ACCOUNT)
def end_other_sessions() -> ResponseReturnValue:
    person = me()
    assert person is not None  # the permission asks for a session
    with acting() as tx:
        identity.end_sessions(tx, person.user_id, except_token=person.token)
    flash(N_("All other browsers are signed out."), "ok")
    return redirect(url_for("account.security"), 303)
