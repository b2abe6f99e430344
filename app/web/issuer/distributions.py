"""What a company pays its holders: proposing it, and how it stands."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Snapshot
from app.distributions import actions, queries
from app.i18n.words import N_
from app.offerings.lifecycle import SETTLED
from app.regimes import platform_policy
from app.share_register import queries as register
from app.web.forms import Form, amount, opened, text
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.offerings import mine
from app.web.session import looking, platform


class DistributionForm(Form):
    why = text(N_("What it is"), actions.LONGEST_WHY)
    total = amount(N_("Amount for all holders together"))
    record_day = text(N_("To the holders at the end of"), 10, render_kw={"type": "date"})
    tax = text(N_("Tax to keep, in percent"), 3, needed=False, render_kw={"inputmode": "numeric"})


@blueprint.get("/offerings/<ref>/distributions")
@allow(Permission.RAISE)
def distributions(ref: str) -> ResponseReturnValue:
    """What was distributed, and the form for more."""
    with looking() as view:
        mine(view, ref)
        today = platform_policy.PACK.day_of(view.now)
    form = opened(DistributionForm, record_day=today.isoformat())
    with looking() as view:
        return _page(view, ref, form)


def _page(view: Snapshot, ref: str, form: DistributionForm) -> ResponseReturnValue:
    found = mine(view, ref)
    return render_template(
        "issuer/distributions.html",
        offering=found,
        distributions=queries.of_offering(view.session, found.id),
        waits=queries.unfinished(view.session, found.id),
        shares=register.shares_issued(view.session, found.id),
        may_pay=found.status == SETTLED and platform().settings.cash_accounts,
        form=form,
    ), form.status


@blueprint.post("/offerings/<ref>/distributions")
@allow(Permission.RAISE)
def distribute(ref: str) -> ResponseReturnValue:
    """Put a distribution to an officer."""
    with looking() as view:
        found = mine(view, ref)
    form = DistributionForm()
    if form.validate() and platform().settings.cash_accounts:
        total, day = form.money("total", found.currency), form.day("record_day")
        tax = form.whole("tax", optional=True)
        if total is not None and day is not None and not form.is_refused and form.do(
            lambda tx: actions.begin(
                tx, found.id, total=total, record_day=day, tax_bps=100 * (tax or 0), why=form.why.data or "",
                custodian=platform().custodian.name,
            )
        ):  # fmt: skip
            flash(N_("Proposed. An officer looks at it; then we tell you how to pay in."), "ok")
            return redirect(url_for("issuer.distributions", ref=ref), 303)
    with looking() as view:
        return _page(view, ref, form)
