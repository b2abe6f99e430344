"""What an investor tells us about their means. Statuses are `status.py`."""

from __future__ import annotations

import re

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.decisions import receipts
from app.decisions.receipts import Asked
from app.errors import NotFound, Refused
from app.i18n import amounts
from app.i18n.words import N_
from app.investors import actions as investors
from app.investors import queries
from app.investors.models import Figures, Investor
from app.limit_statements import document
from app.limit_statements import queries as limit_statements
from app.money import Money
from app.pledges import queries as pledges
from app.regimes.regime import Regime
from app.screening import actions as screening
from app.web.forms import Form, opened
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.forms import EntityFiguresForm, FiguresForm, StatementForm
from app.web.session import acting, local_path, looking, me, my_id, platform
from app.web.whom import acted_for, is_entity

#: Zero is no amount to pay, but it is a figure to give.
_ZERO = re.compile(r"0+(\.0+)?", re.ASCII)
ENTITY_FIGURES = ("revenue", "net_assets", "total_assets", "other_platform_12m")
YEARS = ("income_1", "income_2", "income_3")


def _regime(regime_id: str) -> Regime:
    try:
        return platform().regime_in_use(regime_id)
    except Refused:
        raise NotFound from None


@blueprint.get("/me/limits")
@allow(Permission.SEE_OWN_INVESTMENTS)
def limits() -> ResponseReturnValue:
    """How much one may still invest under each set of rules, and why."""
    return limits_page(StatementForm())


def limits_page(form: StatementForm) -> ResponseReturnValue:
    """The page, with the form for a statement as it was sent."""
    with looking() as view:
        investor = acted_for(view)
        found, claims, stated = [], [], []
        for regime_id in platform().settings.regimes:
            regime = platform().regime(regime_id)
            figures, receipt = None, None
            if investor is not None:
                figures = queries.latest_figures(view.session, investor.id, regime.pack.currency)
                if figures is not None:
                    history = pledges.history(view.session, investor.id, regime, view.now)
                    on = regime.pack.day_of(view.now)
                    receipt = receipts.allowance(view.session, investor, Asked(regime, history), on)
            found.append((regime, figures, receipt))
        if investor is not None:
            claims = queries.claims(view.session, investor.id)
            stated = [
                (one, document.totals(Money(line.amount_minor, line.currency) for line in lines), len(lines))
                for one, lines in limit_statements.counting(view.session, investor.id)
            ]
    return render_template(
        "investor/limits.html", regimes=found, claims=claims, investor=investor, stated=stated, form=form,
        trusted=platform().settings.trusted_installations.values(),
    ), form.status  # fmt: skip


@blueprint.get("/me/figures/<regime_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def figures(regime_id: str) -> ResponseReturnValue:
    """The form for one's figures, as they were declared last."""
    regime = _regime(regime_id)
    with looking() as view:
        investor = acted_for(view)
        known = queries.latest_figures(view.session, investor.id, regime.pack.currency) if investor else None
    person = me()
    if is_entity(investor):
        entity_form = opened(EntityFiguresForm, **_stored(known))
        return render_template("investor/figures.html", form=entity_form, regime=regime, known=known, investor=investor)
    stored = {
        "legal_name": investor.legal_name if investor else (person.name if person else ""),
        "country": investor.country if investor else regime.pack.country,
        "born_on": investor.born_on.isoformat() if investor and investor.born_on else "",
        **_stored(known),
    }
    form = opened(FiguresForm, **stored)
    return render_template("investor/figures.html", form=form, regime=regime, known=known, investor=investor)


def _stored(known: Figures | None) -> dict[str, object]:
    if known is None:
        return {}
    years = [Money(minor, known.currency) for minor in known.income_3y_minor or []]
    plain = {
        name: amounts.plain(value)
        for name in ("annual_income", "net_worth", "financial_assets", *ENTITY_FIGURES)
        if (value := known.money(name)) is not None
    }
    return {
        **plain,
        **{name: amounts.plain(year) for name, year in zip(YEARS, years, strict=False)},
        "joint_with_spouse": known.joint_with_spouse,
    }


@blueprint.post("/me/figures/<regime_id>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def declare_figures(regime_id: str) -> ResponseReturnValue:
    """Take the figures; an amount that cannot be read is named, and nothing is stored."""
    regime = _regime(regime_id)
    with looking() as view:
        investor = acted_for(view)
    if investor is not None and is_entity(investor):
        return _declare_entity(regime, investor)
    form = FiguresForm()
    if form.validate():
        given, born_on = _given(form, regime), form.day("born_on", optional=True)
        if not form.is_refused:
            try:
                with acting() as tx:
                    investor = screening.register(
                        tx, my_id(), legal_name=form.legal_name.data or "", country=form.country.data, born_on=born_on
                    )
                    investors.declare_figures(tx, investor, regime.pack.currency, **given)  # type: ignore[arg-type]
                flash(N_("Your figures are saved."), "ok")
                return redirect(local_path(request.args.get("next"), url_for("investor.limits")), 303)
            except Refused as refused:
                form.refuse(refused)
    return render_template(
        "investor/figures.html", form=form, regime=regime, known=None, investor=investor
    ), form.status


def _declare_entity(regime: Regime, investor: Investor) -> ResponseReturnValue:
    """Take an entity's figures; its name and country stay as they were registered."""
    form = EntityFiguresForm()
    if form.validate():
        given = {
            name: figure(form, name, regime.pack.currency, negative=name == "net_assets") for name in ENTITY_FIGURES
        }
        if not form.is_refused:
            try:
                with acting() as tx:
                    investors.declare_figures(tx, investor, regime.pack.currency, **given)  # type: ignore[arg-type]
                flash(N_("Your figures are saved."), "ok")
                return redirect(local_path(request.args.get("next"), url_for("investor.limits")), 303)
            except Refused as refused:
                form.refuse(refused)
    return render_template(
        "investor/figures.html", form=form, regime=regime, known=None, investor=investor
    ), form.status


def _given(form: FiguresForm, regime: Regime) -> dict[str, object]:
    """The figures that this regime asks for. Zero is a figure; empty is not."""
    currency = regime.pack.currency
    given: dict[str, object] = {}
    for name in regime.figures:
        if name == "income_3y":
            years = [figure(form, year, currency) for year in YEARS]
            given[name] = [year for year in years if year is not None] or None
        else:
            given[name] = figure(form, name, currency, negative=name == "net_worth")
    if "annual_income" in regime.figures:
        given["joint_with_spouse"] = bool(form.joint_with_spouse.data)
    return given


def figure(form: Form, name: str, currency: str, *, negative: bool = False) -> Money | None:
    """Read a figure: empty is none, and zero is one."""
    text = str(form[name].data or "").strip()
    if not text:
        return None
    if _ZERO.fullmatch(text):
        return Money.zero(currency)
    return form.money(name, currency, negative=negative)
