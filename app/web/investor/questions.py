"""What an officer asks an investor for, and the answer."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.compliance import desk, queries
from app.compliance.models import CaseQuestion
from app.errors import NotFound, Refused
from app.i18n.words import N_
from app.web.forms import Form, long_text, opened
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.session import acting, looking, my_id


class AnswerForm(Form):
    answer = long_text(N_("Your answer"), 4000)


def _mine(ref: str) -> CaseQuestion:
    """The latest question to this person in a case. Raises NotFound."""
    with looking() as view:
        asked = [
            one
            for one in queries.questions(view.session, queries.case(view.session, ref).id)
            if one.asked_of == my_id()
        ]
    if not asked:
        raise NotFound
    return asked[-1]


@blueprint.get("/me/questions/<ref>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def question(ref: str) -> ResponseReturnValue:
    """What is asked, or what was answered."""
    return _page(ref, _mine(ref), opened(AnswerForm))


def _page(ref: str, asked: CaseQuestion, form: AnswerForm) -> ResponseReturnValue:
    return render_template("investor/question.html", question=asked, ref=ref, form=form), form.status


@blueprint.post("/me/questions/<ref>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def answer(ref: str) -> ResponseReturnValue:
    """Give the answer; the officer who asked goes on with it."""
    asked, form = _mine(ref), AnswerForm()
    if form.validate():
        try:
            with acting() as tx:
                desk.answer(tx, ref, form.answer.data or "")
            flash(N_("Sent. The officer goes on with it; we tell you what is decided."), "ok")
            return redirect(url_for("investor.dashboard"), 303)
        except Refused as refused:
            form.refuse(refused)
    return _page(ref, asked, form)
