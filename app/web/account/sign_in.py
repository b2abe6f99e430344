"""Signing up, in and out; proving an address; setting a forgotten password."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.identity import actions as identity
from app.web.account import blueprint
from app.web.account.forms import EmailForm, EmptyForm, NewPasswordForm, SignInForm, SignUpForm
from app.web.guard import allow
from app.web.session import acting, begin_session, load_person, local_path, me, my_id, platform, reader, reader_zone


def _next() -> str:
    return local_path(request.args.get("next"), "/")


@blueprint.get("/sign-up")
@allow(Permission.SIGN_UP_OR_IN)
def sign_up() -> ResponseReturnValue:
    """The form to open an account."""
    return render_template("account/sign_up.html", form=SignUpForm())


@blueprint.post("/sign-up")
@allow(Permission.SIGN_UP_OR_IN)
def create_account() -> ResponseReturnValue:
    """Open an account. Whether the address was known is told by mail only."""
    form = SignUpForm()
    if form.validate():
        try:
            with acting() as tx:
                identity.sign_up(
                    tx, email=form.email.data or "", name=form.name.data or "", password=form.password.data or "",
                    locale=reader().code, timezone=reader_zone(),
                )  # fmt: skip
            return redirect(url_for("account.check_mail", email=form.email.data), 303)
        except Refused as refused:
            form.refuse(refused)
    return render_template("account/sign_up.html", form=form), form.status


@blueprint.get("/check-mail")
@allow(Permission.SIGN_UP_OR_IN)
def check_mail() -> ResponseReturnValue:
    """What to do next: open the link that we sent."""
    return render_template("account/check_mail.html", email=request.args.get("email", "")[:254])


@blueprint.get("/verify-email/<token>")
@allow(Permission.SIGN_UP_OR_IN)
def verify_email(token: str) -> ResponseReturnValue:
    """Ask for one more press: a mail program that opens links must not use them up."""
    return render_template("account/verify_email.html", form=EmptyForm(), token=token)


@blueprint.post("/verify-email/<token>")
@allow(Permission.SIGN_UP_OR_IN)
def confirm_email(token: str) -> ResponseReturnValue:
    """Take the proof that the mail arrived."""
    found = platform().mail_tokens.read("verify_email", token)
    try:
        if found is None:
            raise Refused("link_used")
        with acting() as tx:
            identity.verify_email(tx, *found)
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
        return redirect(url_for("account.sign_in"), 303)
    flash(N_("Your address is confirmed."), "ok")
    return redirect("/" if me() else url_for("account.sign_in"), 303)


@blueprint.get("/verify-first")
@allow(Permission.KEEP_OWN_ACCOUNT)
def verify_first() -> ResponseReturnValue:
    """Why the address must be proven before investing or raising."""
    return render_template("account/verify_first.html", form=EmptyForm())


@blueprint.post("/verify-first")
@allow(Permission.KEEP_OWN_ACCOUNT)
def send_verification_again() -> ResponseReturnValue:
    with acting() as tx:
        identity.ask_to_verify_again(tx, my_id())
    person = me()
    return redirect(url_for("account.check_mail", email=person.email if person else ""), 303)


@blueprint.get("/sign-in")
@allow(Permission.SIGN_UP_OR_IN)
def sign_in() -> ResponseReturnValue:
    """The form to sign in; somebody who is signed in goes on."""
    person = me()
    if person is not None and person.actor.is_signed_in:
        return redirect(_next())
    return render_template("account/sign_in.html", form=SignInForm())


@blueprint.post("/sign-in")
@allow(Permission.SIGN_UP_OR_IN)
def open_session() -> ResponseReturnValue:
    """Check the password; with a second factor, the code comes next."""
    form = SignInForm()
    if form.validate():
        try:
            with acting() as tx:
                token = identity.sign_in(
                    tx, email=form.email.data or "", password=form.password.data or "",
                    address=request.remote_addr or "-", browser=request.user_agent.string,
                    key=platform().settings.secret_key,
                )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
            body = render_template("account/sign_in.html", form=form)
            return body, 429, {"Retry-After": str(refused.facts["retry_after_s"])}
        if token is not None:
            begin_session(token)
            person = load_person(token)
            if person is not None and person.actor.awaits_second_factor:
                return redirect(url_for("account.second_factor", next=_next()), 303)
            return redirect(_next(), 303)
        form.refuse(Refused("sign_in_wrong"))
        return render_template("account/sign_in.html", form=form), 401
    return render_template("account/sign_in.html", form=form), form.status


@blueprint.post("/sign-out")
@allow(Permission.SIGN_OUT)
def sign_out() -> ResponseReturnValue:
    """End this session, here and in the database."""
    person = me()
    if person is not None:
        with acting() as tx:
            identity.sign_out(tx, person.token)
    cookie.clear()
    flash(N_("You are signed out."), "info")
    return redirect("/", 303)


@blueprint.get("/forgot-password")
@allow(Permission.SIGN_UP_OR_IN)
def forgot_password() -> ResponseReturnValue:
    return render_template("account/forgot_password.html", form=EmailForm())


@blueprint.post("/forgot-password")
@allow(Permission.SIGN_UP_OR_IN)
def send_reset_link() -> ResponseReturnValue:
    """Send a link, if there is such an account; the page says the same either way."""
    form = EmailForm()
    if form.validate():
        with acting() as tx:
            identity.ask_to_reset_password(tx, form.email.data or "")
        return redirect(url_for("account.check_mail", email=form.email.data), 303)
    return render_template("account/forgot_password.html", form=form), form.status


@blueprint.get("/reset-password/<token>")
@allow(Permission.SIGN_UP_OR_IN)
def reset_password(token: str) -> ResponseReturnValue:
    return render_template("account/reset_password.html", form=NewPasswordForm(), token=token)


@blueprint.post("/reset-password/<token>")
@allow(Permission.SIGN_UP_OR_IN)
def set_new_password(token: str) -> ResponseReturnValue:
    """Set a new password by a mailed link; every session ends."""
    form = NewPasswordForm()
    if form.validate():
        found = platform().mail_tokens.read("reset_password", token)
        try:
            if found is None:
                raise Refused("link_used")
            with acting() as tx:
                identity.reset_password(tx, *found, form.password.data or "")
            flash(N_("Your new password is set. Sign in with it."), "ok")
            return redirect(url_for("account.sign_in"), 303)
        except Refused as refused:
            form.refuse(refused)
    return render_template("account/reset_password.html", form=form, token=token), form.status
