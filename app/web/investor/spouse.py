"""Linking two spouses: one asks and hands over a code, the other confirms."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Transaction
from app.errors import Refused
from app.i18n.words import N_
from app.investors import queries, spouses
from app.web.forms import Form, text
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.session import acting, looking, my_id, platform, telling


class CodeForm(Form):
    code = text(N_("Your spouse's code"), 20)


@blueprint.get("/me/spouse")
@allow(Permission.SEE_OWN_INVESTMENTS)
def spouse() -> ResponseReturnValue:
    """Where the link stands, what it does, and how to end it."""
    return _page(CodeForm())


def _page(form: CodeForm, code: str = "") -> ResponseReturnValue:
    with looking() as view:
        investor = queries.of_user(view.session, my_id())
        if investor is None:
            return redirect(
                url_for("investor.figures", regime_id=platform().settings.regimes[0], next=url_for("investor.spouse"))
            )
        link = queries.spouse_link(view.session, investor.id)
        other = queries.investor(view.session, queries.spouse_of(link, investor.id)) if link else None
        return render_template(
            "investor/spouse.html", form=form, code=code, link=link, other=other,
            links=queries.spouse_links(view.session, investor.id),
        ), form.status  # fmt: skip


@blueprint.post("/me/spouse/ask")
@allow(Permission.INVEST)
def ask_spouse() -> ResponseReturnValue:
    """Make a code. It is shown once."""
    form = CodeForm(formdata=None)
    try:
        with acting() as tx:
            investor = queries.of_user(tx.session, my_id())
            if investor is None:
                raise Refused("figures_missing")
            code = spouses.ask(tx, investor)
    except Refused as refused:
        form.refuse(refused)
        return _page(form)
    return _page(form, code)


@blueprint.post("/me/spouse/confirm")
@allow(Permission.INVEST)
def confirm_spouse() -> ResponseReturnValue:
    """Confirm with the code that the spouse handed over."""
    form = CodeForm()

    def confirm(tx: Transaction) -> None:
        investor = queries.of_user(tx.session, my_id())
        if investor is None:
            raise Refused("figures_missing")
        spouses.confirm(tx, investor, form.code.data or "")

    if form.do(confirm):
        flash(N_("Linked. What both of you buy counts together where figures are joint."), "ok")
        return redirect(url_for("investor.spouse"), 303)
    return _page(form)


@blueprint.post("/me/spouse/end")
@allow(Permission.SEE_OWN_INVESTMENTS)
def end_spouse() -> ResponseReturnValue:
    """End the link."""
    with telling(N_("The link is ended. What was bought jointly goes on counting for both.")) as tx:
        investor = queries.of_user(tx.session, my_id())
        if investor is None:
            raise Refused("not_linked")
        spouses.end(tx, investor)
    return redirect(url_for("investor.spouse"), 303)
