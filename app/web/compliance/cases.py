"""The case: what was claimed, which rule brought it here, and the officer's word."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from app.access import Permission
from app.audit import queries as audit
from app.compliance import actions, desk, queries
from app.compliance.actions import Reason
from app.compliance.lifecycle import RESOLVED
from app.compliance.models import CaseKind, CaseOutcome, ReviewCase
from app.database import Snapshot, Transaction
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.words import N_
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.offerings.disclosures import ASKABLE
from app.web.account.forms import EmptyForm
from app.web.compliance import blueprint, deciding
from app.web.compliance.kinds import KINDS, Draft, title
from app.web.components import say
from app.web.forms import Form, long_text, opened
from app.web.guard import allow
from app.web.public.offerings import as_download
from app.web.session import acting, looking, my_id, reader, telling

#: So many other cases of the same people are shown.
SHOWN = 10
#: They are made anew for each page.
NOT_SENT_AGAIN = ("csrf_token", "facts", "checked")
VERBS = {"approve": N_("Approve"), "request_changes": N_("Ask for changes"), "refuse": N_("Refuse")}


class DecisionForm(Form):
    """Nothing is chosen beforehand. `facts` stands for what the page showed, `checked` for what the check of it showed."""

    outcome = RadioField(N_("Decision"), choices=[])
    reasons = SelectMultipleField(
        N_("Reasons"), choices=[], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    sections = SelectMultipleField(
        N_("Sections to be changed"), choices=[], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    note = long_text(N_("What the person is told"), 2000, needed=False)
    facts = HiddenField()
    checked = HiddenField()

    def verb(self) -> str:
        """What was chosen, in the words of its choice."""
        return next(str(option.label.text) for option in self.outcome if option.checked)

    def draft(self) -> Draft:
        return Draft(
            CaseOutcome(self.outcome.data), self.reasons.data or [], self.note.data or "", self.sections.data or []
        )


def _form(case: ReviewCase) -> DecisionForm:
    form, kind = opened(DecisionForm), KINDS[CaseKind(case.kind)]
    verbs = {**VERBS, **({"request_changes": N_("Ask for more")} if kind.person else {}), **kind.verbs}
    form.outcome.choices = [(one.value, say(verbs[one.value])) for one in kind.outcomes]
    form.reasons.choices = [(one.value, say(labels.REASONS[one.value])) for one in Reason]
    if not kind.tells:
        form.note.label.text = N_("What you found; only officers read it")
    askable = ASKABLE if case.kind == CaseKind.OFFERING else ()
    form.sections.choices = [(one, say(labels.SECTIONS[one])) for one in askable]
    return form


@blueprint.get("/cases/<ref>")
@allow(Permission.REVIEW)
def case(ref: str) -> ResponseReturnValue:
    """One case: the facts, the rule, the history, and the decision."""
    with looking() as view:
        found = queries.case(view.session, ref)
        fades = found.claimed_by == my_id() and desk.fades(found, view.now, view.wall_now)
    if fades:
        with acting() as tx:
            desk.keep(tx, ref)
    form = _form(found)
    with looking() as view:
        return _case_page(view, found, form)


def _case_page(view: Snapshot, found: ReviewCase, form: DecisionForm) -> ResponseReturnValue:
    kind = KINDS[CaseKind(found.kind)]
    # Whoever looks at this page has seen it as it is now.
    form.facts.data, form.checked.data = deciding.facts_sha256(view.session, found), ""
    opinions = queries.opinions(view.session, found.id)
    questions = queries.questions(view.session, found.id)
    people = {one.user_id for one in opinions} | {one.asked_by for one in questions}
    return render_template(
        "compliance/case.html",
        case=found,
        title=title(view.session, found),
        facts_template=kind.template,
        claimer=identity.user(view.session, found.claimed_by).name if found.claimed_by else "",
        is_mine=found.claimed_by == my_id(),
        is_own=_is_own(view, found),
        earlier=[
            one
            for one in queries.cases_about(view.session, CaseKind(found.kind), found.subject_id)
            if one.id != found.id
        ],
        compared=list(kind.compared(view.session, found.subject_id)),
        inputs=list(kind.inputs(view.session, found.subject_id)),
        near=list(kind.near(view.session, found.subject_id)),
        of_same_people=queries.other_cases_of(view.session, found, SHOWN),
        timeline_events=audit.timeline(view.session, "review_cases", found.id),
        # Who has not said what they think does not learn what others do.
        opinions=opinions if found.status == RESOLVED else [one for one in opinions if one.user_id == my_id()],
        has_opinion=queries.has_opinion(view.session, found, my_id()),
        questions=questions,
        names=identity.names(view.session, people),
        form=form,
        button=EmptyForm(),
        now=view.now,
        **kind.facts(view, found),
    ), form.status


def _is_own(view: Snapshot, case: ReviewCase) -> bool:
    """Whether the reader is in it, also as somebody who joined the company after it was opened."""
    company = KINDS[CaseKind(case.kind)].company(view.session, case.subject_id)
    return my_id() in case.involves or (company is not None and issuers.is_member(view.session, company, my_id()))


@blueprint.post("/cases/<ref>/take")
@allow(Permission.REVIEW)
def take(ref: str) -> ResponseReturnValue:
    """Take a case to decide it."""
    with looking() as view:
        found = queries.case(view.session, ref)
    return _do(KINDS[CaseKind(found.kind)].take, ref)


@blueprint.post("/cases/<ref>/put-back")
@allow(Permission.REVIEW)
def put_back(ref: str) -> ResponseReturnValue:
    """Give a case back to the queue."""
    return _do(actions.put_back, ref)


def _do(action: Callable[[Transaction, str], object], ref: str) -> ResponseReturnValue:
    with telling() as tx:
        action(tx, ref)
    return redirect(url_for("compliance.case", ref=ref), 303)


@blueprint.post("/cases/<ref>")
@allow(Permission.REVIEW)
def decide(ref: str) -> ResponseReturnValue:
    """First show what would follow from the decision; when that was seen, take it, with everything that follows."""
    with looking() as view:
        found = queries.case(view.session, ref)
    form = _form(found)
    if form.validate():
        try:
            if form.checked.data:
                return _record(found, form)
            checked = deciding.check(found, form.draft(), form.facts.data or "")
            return render_template(
                "compliance/confirm.html", case=found, form=form, checked=checked, verb=form.verb(), sent=_sent()
            )
        except Refused as refused:
            form.refuse(refused)
    elif not form.outcome.data:
        form.outcome.errors = [labels.refusal(Refused("choice_unknown"), reader())]
    with looking() as view:
        return _case_page(view, queries.case(view.session, ref), form)


def _sent() -> list[tuple[str, str]]:
    """Everything that the form of the case holds, also what only one kind of case asks for, to be sent once more."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_SENT_AGAIN]


def _record(found: ReviewCase, form: DecisionForm) -> ResponseReturnValue:
    draft = form.draft()
    if not deciding.record(found, draft, form.checked.data or ""):
        flash(N_("Your opinion is kept. Another officer decides next, without knowing it."), "ok")
    elif draft.outcome is CaseOutcome.REQUEST_CHANGES and KINDS[CaseKind(found.kind)].person:
        flash(N_("Asked. The case waits for the answer and then comes back to you."), "ok")
    elif not KINDS[CaseKind(found.kind)].tells:
        flash(N_("Decided. Nobody is told."), "ok")
    else:
        flash(N_("Decided. The person is told by mail."), "ok")
    return redirect(url_for("compliance.queue"), 303)


@blueprint.get("/cases/<ref>/documents/<int:document_id>")
@allow(Permission.REVIEW)
def document(ref: str, document_id: int) -> ResponseReturnValue:
    """A document of the offering under review."""
    with looking() as view:
        found = queries.case(view.session, ref)
        if found.kind != CaseKind.OFFERING:
            raise NotFound
        return as_download(offerings.document(view.session, found.subject_id, document_id))
