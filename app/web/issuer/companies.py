"""The companies one acts for."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import four_eyes
from app.access import Permission
from app.approvals import queries as proposals
from app.approvals.actions import Answer
from app.approvals.models import ProposalKind
from app.compliance import actions as compliance
from app.database import Snapshot, Transaction
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.words import N_, said
from app.issuers import actions, queries
from app.issuers.models import Issuer
from app.offerings import queries as offerings
from app.payments import ways
from app.web.forms import opened, sent_key
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.forms import CompanyForm, PayoutForm
from app.web.session import acting, local_path, looking, my_id, platform, reader


def mine(view: Snapshot, ref: str) -> Issuer:
    """A company that one acts for. Raises NotFound."""
    issuer = queries.by_ref(view.session, ref)
    if not queries.is_member(view.session, issuer.id, my_id()):
        raise NotFound
    return issuer


@blueprint.get("")
@allow(Permission.RAISE)
def overview() -> ResponseReturnValue:
    """One's companies and their offerings."""
    with looking() as view:
        return render_template(
            "issuer/overview.html",
            companies=queries.of_member(view.session, my_id()),
            offerings=offerings.of_member(view.session, my_id()),
        )


@blueprint.get("/companies/new")
@allow(Permission.RAISE)
def new_company() -> ResponseReturnValue:
    return render_template("issuer/company.html", form=opened(CompanyForm), company=None)


@blueprint.post("/companies/new")
@allow(Permission.RAISE)
def create_company() -> ResponseReturnValue:
    """Enter a company; who enters it acts for it. The same form sent twice is one company."""
    form = CompanyForm()
    if form.validate():
        details = _details(form)
        if details is not None:
            try:
                with acting() as tx:
                    actions.enter(tx, form_key=sent_key(), member_id=my_id(), **details)
                flash(N_("Saved."), "ok")
                return redirect(url_for("issuer.overview"), 303)
            except Refused as refused:
                form.refuse(refused)
    return render_template("issuer/company.html", form=form, company=None), form.status


def _details(form: CompanyForm) -> dict[str, object] | None:
    """The columns of a company; None when something could not be read."""
    incorporated_on = form.day("incorporated_on", optional=True)
    employees = form.whole("employees", optional=True)
    if form.is_refused:
        return None
    parts = ("street1", "street2", "city", "region", "postcode")
    return {
        "legal_name": form.legal_name.data,
        "country": form.country.data,
        "legal_form": form.legal_form.data or None,
        "jurisdiction": form.jurisdiction.data or None,
        "incorporated_on": incorporated_on,
        "address": {name: form[name].data for name in parts if form[name].data},
        "website": form.website.data or None,
        "employees": employees,
    }


@blueprint.get("/companies/<ref>")
@allow(Permission.RAISE)
def company(ref: str) -> ResponseReturnValue:
    with looking() as view:
        found = mine(view, ref)
    form = opened(
        CompanyForm, legal_name=found.legal_name, country=found.country, legal_form=found.legal_form,
        jurisdiction=found.jurisdiction, website=found.website, employees=found.employees,
        incorporated_on=found.incorporated_on.isoformat() if found.incorporated_on else "", **found.address,
    )  # fmt: skip
    return render_template("issuer/company.html", form=form, company=found)


@blueprint.post("/companies/<ref>")
@allow(Permission.RAISE)
def save_company(ref: str) -> ResponseReturnValue:
    with looking() as view:
        found = mine(view, ref)
    form = CompanyForm()
    if form.validate():
        details = _details(form)
        if details is not None:
            try:
                with acting() as tx:
                    compliance.change_issuer(tx, found.id, **details)
                flash(N_("Saved."), "ok")
                return redirect(local_path(request.args.get("next"), url_for("issuer.overview")), 303)
            except Refused as refused:
                form.refuse(refused)
    return render_template("issuer/company.html", form=form, company=found), form.status


@blueprint.get("/companies/<ref>/payout")
@allow(Permission.RAISE)
def payout(ref: str) -> ResponseReturnValue:
    """Where the company is paid; the number itself is never shown again."""
    with looking() as view:
        found = mine(view, ref)
    return _payout_page(found, opened(PayoutForm, holder=found.payout_holder))


def _payout_page(found: Issuer, form: PayoutForm) -> ResponseReturnValue:
    with looking() as view:
        proposal = proposals.unfinished(view.session, ProposalKind.PAYEE, f"issuer:{found.id}")
        return render_template(
            "issuer/payout.html",
            form=form,
            company=found,
            proposal=proposal,
            frozen_until=found.frozen_until(view.now),
            paid_by=platform().custodian,
            proposed_by_me=proposal is not None and proposal.made_by == my_id(),
        ), form.status


@blueprint.post("/companies/<ref>/payout")
@allow(Permission.RAISE)
def save_payout(ref: str) -> ResponseReturnValue:
    """Set the first account, or propose another one to a second person."""
    with looking() as view:
        found = mine(view, ref)
    form = PayoutForm()
    if form.validate():
        try:
            ways.require_payee(platform().custodian, form.account.data or "")
            with acting() as tx:
                proposal = actions.set_payout_account(
                    tx, queries.issuer(tx.session, found.id), holder=form.holder.data or "",
                    account=form.account.data or "", vault=platform().vault,
                )  # fmt: skip
            if proposal is not None:
                flash(N_("Proposed. Somebody else must agree; until then nothing changes."), "ok")
                return redirect(url_for("issuer.payout", ref=ref), 303)
            flash(N_("Saved."), "ok")
            return redirect(local_path(request.args.get("next"), url_for("issuer.overview")), 303)
        except Refused as refused:
            form.refuse(refused)
    return _payout_page(found, form)


@blueprint.post("/companies/<ref>/payout/agree")
@allow(Permission.RAISE)
def agree_to_payout(ref: str) -> ResponseReturnValue:
    """Agree, as a second person of the company, to the account that somebody else named."""
    return _answer(ref, lambda tx, proposal: four_eyes.approve(tx, proposal, request.form.get("seen", "")[:64]))


@blueprint.post("/companies/<ref>/payout/stop")
@allow(Permission.RAISE)
def stop_payout(ref: str) -> ResponseReturnValue:
    """Stop a change of the account before it takes effect."""
    note = said(reader(), N_("Somebody of the company stopped it on the company's page."))
    return _answer(ref, lambda tx, proposal: four_eyes.reject(tx, proposal, note))


def _answer(ref: str, action: Callable[[Transaction, str], object]) -> ResponseReturnValue:
    with looking() as view:
        found = mine(view, ref)
        proposal = proposals.unfinished(view.session, ProposalKind.PAYEE, f"issuer:{found.id}")
    try:
        if proposal is None:
            raise NotFound
        with acting() as tx:
            answer = action(tx, proposal.ref)
        changed = answer is Answer.CHANGED
        flash(N_("This changed after you opened it. Look again before you decide.") if changed else N_("Saved."),
              "caution" if changed else "ok")  # fmt: skip
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
    return redirect(url_for("issuer.payout", ref=ref), 303)
