"""An offering as its company sees it: the checklist, the officer's words, pledges and money as they come in."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.approvals import queries as proposals
from app.approvals.lifecycle import APPROVED
from app.approvals.models import ProposalKind
from app.closings import actions as closings
from app.closings import choosing
from app.closings import queries as closing_queries
from app.compliance import queries as compliance_queries
from app.compliance.models import CaseKind
from app.database import Snapshot
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.words import N_
from app.issuers import queries as issuers
from app.offerings import actions, filings, form_c, queries
from app.offerings.disclosures import SECTIONS, checklist
from app.offerings.filings import Outcome
from app.offerings.models import Offering
from app.pledges import queries as pledges
from app.screening import actions as screening
from app.web.account.forms import EmptyForm
from app.web.components import say
from app.web.forms import choices, opened, sent_key
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.forms import FilingForm, NewOfferingForm
from app.web.public.offerings import as_download
from app.web.session import acting, looking, my_id, platform, reader, telling

SHOWN = 50


def mine(view: Snapshot, ref: str) -> Offering:
    """An offering of a company that one acts for. Raises NotFound."""
    offering = queries.by_ref(view.session, ref)
    if not issuers.is_member(view.session, offering.issuer_id, my_id()):
        raise NotFound
    return offering


def _new_form() -> NewOfferingForm:
    form = opened(NewOfferingForm)
    with looking() as view:
        companies = issuers.of_member(view.session, my_id())
    form.company.choices = choices({company.ref: company.legal_name for company in companies})
    packs = [platform().regime(one).pack for one in platform().settings.regimes]
    form.rules.choices = choices({pack.id: pack.name.text(reader().code) for pack in packs})
    return form


@blueprint.get("/offerings/new")
@allow(Permission.RAISE)
def new_offering() -> ResponseReturnValue:
    """Begin an offering: by hand, or from a Form C that was filed."""
    return render_template("issuer/new_offering.html", form=_new_form(), filing=FilingForm())


@blueprint.post("/offerings/new")
@allow(Permission.RAISE)
def create_offering() -> ResponseReturnValue:
    """Begin a draft. The same form sent twice is one draft."""
    form = _new_form()
    if form.validate():
        try:
            with acting() as tx:
                company = issuers.by_ref(tx.session, form.company.data)
                if not issuers.is_member(tx.session, company.id, my_id()):
                    raise NotFound
                offering = actions.create_draft(
                    tx, company, platform().regime_in_use(form.rules.data), name=form.name.data or "",
                    fee_bps=platform().settings.platform_fee_bps, form_key=sent_key(),
                )  # fmt: skip
            return redirect(url_for("issuer.offering", ref=offering.ref), 303)
        except Refused as refused:
            form.refuse(refused)
    return render_template("issuer/new_offering.html", form=form, filing=FilingForm()), form.status


@blueprint.post("/offerings/import")
@allow(Permission.RAISE)
def import_filing() -> ResponseReturnValue:
    """Take in a file of the Form C family: a draft is made or amended, or the filing is kept."""
    filing, upload = FilingForm(), request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Refused("file_missing", field="file")
        parsed = form_c.read(upload.read())
        with acting() as tx:
            imported = filings.import_form_c(
                tx,
                parsed,
                platform().regime_in_use("US-CF"),
                fee_bps=platform().settings.platform_fee_bps,
                owner_id=my_id(),
            )
    except Refused as refused:
        filing.refuse(refused)
        return render_template("issuer/new_offering.html", form=_new_form(), filing=filing), 422
    tone = "ok" if imported.outcome in (Outcome.DRAFTED, Outcome.AMENDED) else "info"
    flash(labels.filing(imported, parsed, reader()), tone)
    if imported.offering is None:
        return redirect(url_for("issuer.overview"), 303)
    return redirect(url_for("issuer.offering", ref=imported.offering.ref), 303)


@blueprint.get("/offerings/<ref>")
@allow(Permission.RAISE)
def offering(ref: str) -> ResponseReturnValue:
    """Everything about one's offering on one page."""
    with looking() as view:
        found = mine(view, ref)
        issuer = issuers.issuer(view.session, found.issuer_id)
        documents = queries.documents(view.session, found.id)
        agreed = proposals.unfinished(view.session, ProposalKind.PUBLISH, f"offering:{found.id}")
        closings_of_it = closing_queries.of_offering(view.session, found.id)
        return render_template(
            "issuer/offering.html",
            offering=found,
            issuer=issuer,
            tasks=checklist(found, issuer, len(documents), platform().regime(found.regime), view.now),
            sections=SECTIONS,
            cases=compliance_queries.cases_about(view.session, CaseKind.OFFERING, found.id),
            progress=queries.progress(view.session, found.id) if found.opened_at else None,
            investors=pledges.investors_in(view.session, found.id),
            by_status=pledges.by_status(view.session, found.id),
            latest=pledges.of_offering(view.session, found.id, SHOWN),
            filings=queries.filings_of(view.session, found.id),
            documents=documents,
            closings=[(one, closing_queries.held_back_until(found, one)) for one in closings_of_it],
            frozen_until=issuer.frozen_until(view.now),
            may_choose=choosing.may_choose(view.session, found, next(iter(closings_of_it), None)),
            published_by_two=agreed is not None and agreed.status == APPROVED,
            form=EmptyForm(),
            now=view.now,
        )


@blueprint.post("/offerings/<ref>/submit")
@allow(Permission.RAISE)
def submit(ref: str) -> ResponseReturnValue:
    """Hand it in for review; from here on the terms are locked."""
    with looking() as view:
        found = mine(view, ref)
    try:
        with acting() as tx:
            screening.submit_offering(tx, found.id, platform().regime_in_use(found.regime))
        flash(N_("Submitted. An officer reads it next; until then the terms are locked."), "ok")
    except Refused as refused:
        _say_no(refused)
    return redirect(url_for("issuer.offering", ref=ref), 303)


def _say_no(refused: Refused) -> None:
    flash(labels.refusal(refused, reader()), "danger")
    for task in refused.facts.get("tasks", []):
        flash(say(labels.TASKS[task]), "danger")


@blueprint.post("/offerings/<ref>/revise")
@allow(Permission.RAISE)
def revise(ref: str) -> ResponseReturnValue:
    """Take an approved offering back, to change it and hand it in again."""
    with looking() as view:
        found = mine(view, ref)
    with telling(N_("You can change it again. Then submit it for another review.")) as tx:
        actions.revise(tx, found.id)
    return redirect(url_for("issuer.offering", ref=ref), 303)


@blueprint.post("/offerings/<ref>/open")
@allow(Permission.RAISE)
def open_offering(ref: str) -> ResponseReturnValue:
    """Make it public and let pledges in."""
    with looking() as view:
        found = mine(view, ref)
    custodian = platform().custodian
    try:
        with acting() as tx:
            screening.open_offering(
                tx, found.id, platform().regime_in_use(found.regime), gateway=custodian.name,
                custodian_is_qualified=custodian.caps.qualified_third_party,
                seats=platform().law.seats(found.regime, tx.now),
            )  # fmt: skip
        flash(N_("The offering is open."), "ok")
    except Refused as refused:
        _say_no(refused)
    return redirect(url_for("issuer.offering", ref=ref), 303)


@blueprint.get("/offerings/<ref>/withdraw")
@allow(Permission.RAISE)
def ask_to_withdraw(ref: str) -> ResponseReturnValue:
    """What withdrawing would do, with the numbers."""
    with looking() as view:
        found = mine(view, ref)
        progress = queries.progress(view.session, found.id) if found.opened_at else None
    return render_template("issuer/withdraw.html", offering=found, progress=progress, form=EmptyForm())


@blueprint.post("/offerings/<ref>/withdraw")
@allow(Permission.RAISE)
def withdraw(ref: str) -> ResponseReturnValue:
    """Give it up; investors of an open offering are refunded in full."""
    with looking() as view:
        found = mine(view, ref)
    try:
        with acting() as tx:
            closings.withdraw_offering(tx, found.id)
        flash(N_("The offering is withdrawn."), "ok")
    except Refused as refused:
        _say_no(refused)
    return redirect(url_for("issuer.offering", ref=ref), 303)


@blueprint.get("/offerings/<ref>/documents/<int:document_id>")
@allow(Permission.RAISE)
def document(ref: str, document_id: int) -> ResponseReturnValue:
    with looking() as view:
        found = mine(view, ref)
        return as_download(queries.document(view.session, found.id, document_id))
