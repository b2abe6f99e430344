"""One's own status: what can be claimed or signed, what it needs, how long it lasts, and the evidence for it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.compliance import actions as compliance
from app.database import Snapshot
from app.errors import NotFound, Refused
from app.evidence import queries as evidence
from app.i18n import amounts
from app.i18n.words import N_
from app.investors import claims, queries
from app.investors.lifecycle import CLAIMED, VERIFIED
from app.investors.models import Claim, ClaimKind, Investor
from app.money import Money
from app.regimes import standing
from app.regimes.parameters import Row
from app.regimes.standing import PACK, Category
from app.web import uploads
from app.web.files import attachment
from app.web.forms import Form, opened
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.figures import figure
from app.web.investor.forms import EvidenceForm, claim_form
from app.web.session import acting, looking, my_id, platform, reader, telling
from app.web.whom import acted_for, is_entity, this_address

#: Amounts, and numbers.
Asked = tuple[list[str], list[str]]


@blueprint.get("/me/status")
@allow(Permission.SEE_OWN_INVESTMENTS)
def status() -> ResponseReturnValue:
    """Every status that the rules here know, with what one has of it."""
    here = platform().settings.regimes
    with looking() as view:
        investor = acted_for(view)
        mine = queries.claims(view.session, investor.id) if investor else []
        had = {one.kind for one in mine}
        shown = [
            (category, row, [one for one in mine if one.kind == category.id])
            for category in standing.BY_ID.values()
            if (set(category.regimes) & set(here) or category.id in had)
            and category.is_for(is_entity=is_entity(investor))
            and (row := category.row(category.day_of(view.now)))
        ]
        names, told_of = PACK.settings, {one for category, _, _ in shown for one in category.regimes}
        return render_template(
            "investor/status.html", shown=shown, investor=investor, may_claim=_may_claim(view),
            tests=[(one, PACK.words[one].text(reader().code)) for regime, one in names["tests"].items() if regime in told_of],
            simulations=[
                (regime, PACK.words[one].text(reader().code))
                for regime, one in names["simulations"].items() if regime in told_of
            ],
        )  # fmt: skip


def _may_claim(view: Snapshot) -> dict[str, bool]:
    """kind -> whether it can be claimed or signed now: nothing waits, and what counts ends soon or can be signed anew."""
    investor = acted_for(view)
    found = {}
    for category in standing.BY_ID.values():
        today = category.day_of(view.now)
        row = category.row(today)
        live = [
            one
            for one in (queries.claims(view.session, investor.id) if investor else [])
            if one.kind == category.id and one.status in (CLAIMED, VERIFIED)
        ]
        found[category.id] = row is not None and all(
            one.status == VERIFIED
            and (
                not row["officer"]
                or (one.valid_until is not None and (one.valid_until - today).days <= row["remind_days"])
            )
            for one in live
        )
    return found


def _category(kind: str, view: Snapshot) -> tuple[Category, Row]:
    category = standing.BY_ID.get(kind)
    row = category.row(category.day_of(view.now)) if category else None
    if category is None or row is None:
        raise NotFound
    return category, row


@blueprint.get("/me/status/new/<kind>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def new_claim(kind: str) -> ResponseReturnValue:
    """The form for a status. Nothing is ticked."""
    with looking() as view:
        category, row = _category(kind, view)
        investor = acted_for(view)
        if investor is None:
            return redirect(url_for("investor.figures", regime_id=platform().settings.regimes[0], next=this_address()))
    asked = _asked(category, row, investor)
    return _claim_page(category, row, asked, opened(claim_form(row, *asked)))


def _asked(category: Category, row: Row, investor: Investor | None) -> Asked:
    """The figures that the form asks for. Raises NotFound for a status that nobody of this kind can have."""
    if not category.is_for(is_entity=is_entity(investor)):
        raise NotFound
    return category.asked(row, is_entity=is_entity(investor))


def _claim_page(category: Category, row: Row, asked: Asked, form: Form) -> ResponseReturnValue:
    with looking() as view:
        signed = claims.statement_hash(category.id, category.day_of(view.now), reader().code)
    return render_template(
        "investor/claim_form.html", category=category, row=row, asked=asked, form=form, signed=signed,
        statement=PACK.words[row["statement"]].text(reader().code),
    ), form.status  # fmt: skip


@blueprint.post("/me/status/new/<kind>")
@allow(Permission.INVEST)
def claim(kind: str) -> ResponseReturnValue:
    """Claim a status with its first evidence, or sign the statement of one that needs no officer."""
    with looking() as view:
        category, row = _category(kind, view)
        investor = acted_for(view)
        signed = claims.statement_hash(kind, category.day_of(view.now), reader().code)
    asked = _asked(category, row, investor)
    form = claim_form(row, *asked)()
    if form.validate():
        figures = _figures(form, category, asked)
        if request.form.get("statement_signed") != signed:
            form.refuse(Refused("statement_missing"))
        if not form.is_refused:
            try:
                found = _take(investor, category, row, form, figures, signed)
                flash(
                    N_("An officer will look at this. We write to you when it is decided.")
                    if row["officer"]
                    else N_("Signed. It counts from today."),
                    "ok",
                )
                return redirect(url_for("investor.my_claim", claim_id=found.id), 303)
            except Refused as refused:
                form.refuse(refused)
    return _claim_page(category, row, asked, form)


def _take(
    investor: Investor | None, category: Category, row: Row, form: Form, figures: dict[str, str | int], signed: str
) -> Claim:
    if investor is None:
        raise Refused("figures_missing")
    kind, upload = ClaimKind(category.id), uploads.uploaded()
    with acting() as tx:
        if not row["officer"]:
            return claims.sign(tx, investor, kind, figures, ticked=signed, locale=reader().code)
        if row["evidence"] and upload is None:
            raise Refused("file_missing", field="file")
        case = compliance.claim_status(
            tx, investor, kind, str(form["basis"].data), figures=figures, ticked=signed, locale=reader().code
        )
        if upload is not None:
            claims.add_evidence(tx, case.subject_id, filename=upload[0], content=upload[1], vault=platform().vault)
        return queries.claim(tx.session, case.subject_id)


def _figures(form: Form, category: Category, asked: Asked) -> dict[str, str | int]:
    """The figures that were given, as a case writes them."""
    found: dict[str, str | int] = {}
    amounts_asked, counts_asked = asked
    for name in amounts_asked:
        amount = figure(form, name, category.currency)
        if amount is not None:
            found[name] = str(amount.amount)
    for name in counts_asked:
        count = form.whole(name, optional=True)
        if count is not None:
            found[name] = count
    return found


def _mine(view: Snapshot, claim_id: int) -> Claim:
    """One's own claim; somebody else's answers like one that does not exist. Raises NotFound."""
    return queries.claim_of(view.session, claim_id, [one.id for one in queries.acted_for(view.session, my_id())])


@blueprint.get("/me/status/claims/<int:claim_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def my_claim(claim_id: int) -> ResponseReturnValue:
    """Where a claim stands, what was handed in for it, and what can still be done."""
    return _my_claim_page(claim_id, EvidenceForm())


def _my_claim_page(claim_id: int, form: EvidenceForm) -> ResponseReturnValue:
    with looking() as view:
        found = _mine(view, claim_id)
        category = standing.BY_ID[found.kind]
        return render_template(
            "investor/claim.html", claim=found, category=category, form=form,
            files=queries.evidence_of(view.session, found.id), figures=told(found),
        ), form.status  # fmt: skip


def told(found: Claim) -> list[tuple[str, str]]:
    """The figures of a claim in words: what, and how much."""
    currency = standing.BY_ID[found.kind].currency
    return [
        (
            PACK.words[name].text(reader().code),
            amounts.number(value, reader())
            if isinstance(value, int)
            else amounts.written(Money.of(value, currency), reader()),
        )
        for name, value in found.figures.items()
    ]


@blueprint.post("/me/status/claims/<int:claim_id>/evidence")
@allow(Permission.INVEST)
def add_evidence(claim_id: int) -> ResponseReturnValue:
    """Hand in one more file for a claim that waits."""
    with looking() as view:
        _mine(view, claim_id)
    form = EvidenceForm()
    if form.validate():
        try:
            filename, content = uploads.needed()
            with acting() as tx:
                claims.add_evidence(tx, claim_id, filename=filename, content=content, vault=platform().vault)
            flash(N_("The file is handed in."), "ok")
            return redirect(url_for("investor.my_claim", claim_id=claim_id), 303)
        except Refused as refused:
            form.refuse(refused)
    return _my_claim_page(claim_id, form)


@blueprint.get("/me/status/claims/<int:claim_id>/evidence/<int:file_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def my_evidence(claim_id: int, file_id: int) -> ResponseReturnValue:
    """One's own file, as a download."""
    with looking() as view:
        found = _mine(view, claim_id)
        for one in queries.evidence_of(view.session, found.id):
            if one.id == file_id:
                return attachment(one.filename, one.media_type, evidence.content(one, platform().vault))
    raise NotFound


@blueprint.post("/me/status/claims/<int:claim_id>/withdraw")
@allow(Permission.SEE_OWN_INVESTMENTS)
def withdraw_claim(claim_id: int) -> ResponseReturnValue:
    """Give a status up, waiting or verified."""
    with looking() as view:
        _mine(view, claim_id)
    with telling(N_("Withdrawn. It counts no longer.")) as tx:
        compliance.withdraw_claim(tx, claim_id)
    return redirect(url_for("investor.status"), 303)
