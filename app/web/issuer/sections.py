"""The sections of a draft, each saved by itself. A draft may lack things; what contradicts itself is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Transaction
from app.errors import NotFound, Refused
from app.i18n import amounts, labels
from app.i18n.words import N_
from app.money import Money
from app.offerings import actions
from app.offerings.disclosures import FEWEST_RISKS, FINANCIALS, YEARS
from app.offerings.lifecycle import EDITABLE
from app.offerings.models import Offering
from app.offerings.terms import Terms
from app.regimes.regime import Regime
from app.web import uploads
from app.web.forms import Form, choices, opened
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.forms import (
    ROWS,
    DeadlineForm,
    DocumentForm,
    FinancialsForm,
    FundsForm,
    RisksForm,
    Section,
    StoryForm,
    TeamForm,
    TermsForm,
)
from app.web.issuer.offerings import mine
from app.web.session import acting, looking, platform

Stored = dict[str, object]


class Desk(Protocol):
    """Where sections are written: the draft itself (`offerings/actions.py`), or a change (`changes/proposals.py`)."""

    def save_terms(self, tx: Transaction, offering_id: int, version: int, terms: Terms) -> object: ...
    def save_deadline(
        self, tx: Transaction, offering_id: int, version: int, local: datetime, zone: str, regime: Regime
    ) -> object: ...
    def save_disclosure(
        self, tx: Transaction, offering_id: int, version: int, *, name: str | None = None, tagline: str | None = None,
        **told: Any,
    ) -> object: ...  # fmt: skip
    def add_document(
        self, tx: Transaction, offering_id: int, version: int, *, title: str, filename: str, content: bytes
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Page:
    """A section: its form, what the offering holds of it, and how it is saved."""

    form: type[Section]
    stored: Callable[[Offering], Stored]
    save: Callable[[Transaction, Offering, Section, Desk], None]


# Terms


def _stored_terms(offering: Offering) -> Stored:
    def plain(amount: Money | None) -> str:
        return amounts.plain(amount) if amount is not None else ""

    price = "" if offering.share_price is None else f"{offering.share_price.normalize():f}"
    return {
        "security_type": offering.security_type or "",
        "security_description": offering.security_description or "",
        "share_price": price,
        "minimum_pledge": plain(offering.minimum_pledge),
        "target": plain(offering.target),
        "maximum": plain(offering.maximum),
        "oversubscription_rule": offering.oversubscription_rule or "",
        "oversubscription_note": offering.oversubscription_note or "",
    }


def _save_terms(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    currency = offering.currency
    terms = Terms(
        security_type=form["security_type"].data or None,
        security_description=form["security_description"].data or None,
        share_price=_price(form),
        minimum_pledge=form.money("minimum_pledge", currency, optional=True),
        target=form.money("target", currency, optional=True),
        maximum=form.money("maximum", currency, optional=True),
        oversubscription_rule=form["oversubscription_rule"].data or None,
        oversubscription_note=form["oversubscription_note"].data or None,
    )
    if not form.is_refused:
        desk.save_terms(tx, offering.id, form.seen_version, terms)


def _price(form: Form) -> Decimal | None:
    """A price may have more digits than its currency."""
    text = str(form["share_price"].data or "")
    if not text.strip():
        return None
    try:
        return amounts.read_price(text, field="share_price")
    except Refused as refused:
        form.refuse(refused)
        return None


# Deadline


def _stored_deadline(offering: Offering) -> Stored:
    if offering.deadline_at is None:
        return {"deadline_zone": offering.deadline_zone, "deadline_time": "23:59"}
    local = offering.deadline_at.astimezone(ZoneInfo(offering.deadline_zone))
    return {
        "deadline_date": f"{local:%Y-%m-%d}", "deadline_time": f"{local:%H:%M}", "deadline_zone": offering.deadline_zone,
    }  # fmt: skip


def _save_deadline(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    on, at = form.day("deadline_date"), form.clock_time("deadline_time")
    if on is not None and at is not None:
        desk.save_deadline(
            tx,
            offering.id,
            form.seen_version,
            datetime.combine(on, at),
            str(form["deadline_zone"].data),
            platform().regime(offering.regime),
        )


# Story, risks, use of funds, team


def _stored_story(offering: Offering) -> Stored:
    return {"name": offering.name, "tagline": offering.tagline, "story": offering.disclosure.get("story", "")}


def _save_story(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    desk.save_disclosure(
        tx, offering.id, form.seen_version, name=form["name"].data, tagline=form["tagline"].data,
        story=form["story"].data,
    )  # fmt: skip


def _save_risks(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    risks = [line.strip(" -•\t") for line in str(form["risks"].data).splitlines() if line.strip(" -•\t")]
    if len(risks) < FEWEST_RISKS:
        raise Refused("risk_missing", field="risks", fewest=FEWEST_RISKS)
    desk.save_disclosure(tx, offering.id, form.seen_version, risks=risks)


def _rows(key: str, *columns: str) -> Callable[[Offering], Stored]:
    def stored(offering: Offering) -> Stored:
        rows = offering.disclosure.get(key, [])[:ROWS]
        fields = {"purpose": "purpose", "percent": "percent", "name": "name", "role": "role"}
        return {f"{column}_{i}": str(row.get(fields[column], "")) for i, row in enumerate(rows) for column in columns}

    return stored


def _save_funds(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    uses = []
    for row in range(ROWS):
        purpose = form[f"purpose_{row}"].data or ""
        percent = form.whole(f"percent_{row}", optional=not purpose)
        if percent and not purpose:
            form.refuse(Refused("purpose_missing", field=f"purpose_{row}"))
        if purpose and percent is not None:
            uses.append({"purpose": purpose, "percent": percent})
    if form.is_refused:
        return
    total = sum(int(use["percent"]) for use in uses)
    if total != 100:
        raise Refused("percent_not_hundred", field="percent_0", sum=total)
    desk.save_disclosure(tx, offering.id, form.seen_version, use_of_funds=uses)


def _save_team(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    team = [
        {"name": form[f"name_{row}"].data, "role": form[f"role_{row}"].data or ""}
        for row in range(ROWS)
        if form[f"name_{row}"].data
    ]
    if not team:
        raise Refused("field_missing", field="name_0")
    # A filing may name more people than there are rows: those that the page did not show stay.
    unseen = offering.disclosure.get("team", [])[ROWS:]
    desk.save_disclosure(tx, offering.id, form.seen_version, team=[*team, *unseen])


# Financials and documents


def _stored_financials(offering: Offering) -> Stored:
    told = offering.disclosure.get("financials", {})
    stored: Stored = {"statements_level": offering.disclosure.get("statements_level", "")}
    for year in YEARS:
        for name in FINANCIALS:
            minor = told.get(year, {}).get(name)
            stored[f"{year}_{name}"] = "" if minor is None else amounts.plain(Money(minor, offering.currency))
    return stored


def _save_financials(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    told: dict[str, dict[str, int | None]] = {year: {} for year in YEARS}
    for year in YEARS:
        for name in FINANCIALS:
            figure = form.money(f"{year}_{name}", offering.currency, optional=True, negative=True)
            told[year][name] = None if figure is None else figure.minor
    if not form.is_refused:
        desk.save_disclosure(
            tx, offering.id, form.seen_version, financials=told, statements_level=form["statements_level"].data or None
        )


def _save_document(tx: Transaction, offering: Offering, form: Section, desk: Desk) -> None:
    filename, content = uploads.needed()
    desk.add_document(
        tx, offering.id, form.seen_version, title=str(form["title"].data), filename=filename, content=content
    )


PAGES: dict[str, Page] = {
    "terms": Page(TermsForm, _stored_terms, _save_terms),
    "deadline": Page(DeadlineForm, _stored_deadline, _save_deadline),
    "story": Page(StoryForm, _stored_story, _save_story),
    "risks": Page(RisksForm, lambda found: {"risks": "\n".join(found.disclosure.get("risks", []))}, _save_risks),
    "funds": Page(FundsForm, _rows("use_of_funds", "purpose", "percent"), _save_funds),
    "team": Page(TeamForm, _rows("team", "name", "role"), _save_team),
    "financials": Page(FinancialsForm, _stored_financials, _save_financials),
    "documents": Page(DocumentForm, lambda found: {}, _save_document),
}


def page_of(section: str) -> Page:
    if section not in PAGES:
        raise NotFound
    return PAGES[section]


def with_choices(form: Section) -> Section:
    if isinstance(form, TermsForm):
        form.security_type.choices = choices(labels.SECURITY_TYPES, empty=N_("Choose"))
        form.oversubscription_rule.choices = choices(labels.OVERSUBSCRIPTION, empty=N_("Choose"))
    if isinstance(form, FinancialsForm):
        form.statements_level.choices = choices(labels.STATEMENT_LEVELS, empty=N_("Choose"))
    return form


@blueprint.get("/offerings/<ref>/edit/<section>")
@allow(Permission.RAISE)
def edit_section(ref: str, section: str) -> ResponseReturnValue:
    """A section as it is stored."""
    page = page_of(section)
    with looking() as view:
        found = mine(view, ref)
    if found.status not in EDITABLE:
        flash(N_("The terms are locked now."), "caution")
        return redirect(url_for("issuer.offering", ref=ref))
    if not found.may_edit(section):
        flash(N_("An officer asked for other sections to be changed; this one stays as it is."), "caution")
        return redirect(url_for("issuer.offering", ref=ref))
    stored = {**page.stored(found), "version": str(found.version)}
    form = with_choices(opened(page.form, **stored))
    return render_template("issuer/section.html", form=form, offering=found, section=section)


@blueprint.post("/offerings/<ref>/edit/<section>")
@allow(Permission.RAISE)
def save_section(ref: str, section: str) -> ResponseReturnValue:
    """Save one section; everything typed is kept on the page when something is refused."""
    page = page_of(section)
    with looking() as view:
        found = mine(view, ref)
    form = with_choices(page.form())
    if form.validate():
        try:
            with acting() as tx:
                page.save(tx, found, form, actions)
        except Refused as refused:
            form.refuse(refused)
            if refused.code == "edited_elsewhere":
                # They were told: the next save is meant, and goes by what is stored now.
                form.version.data = str(found.version)
        if not form.is_refused:
            flash(N_("Saved."), "ok")
            return redirect(url_for("issuer.offering", ref=ref), 303)
    return render_template("issuer/section.html", form=form, offering=found, section=section), form.status
