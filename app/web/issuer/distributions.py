"""What a company pays its holders: proposing it, and how it stands."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.distributions import actions, queries
from app.distributions.lifecycle import APPROVED
from app.distributions.models import Distribution
from app.i18n.words import N_
from app.offerings.lifecycle import SETTLED
from app.offerings.models import Offering
from app.payments.port import DepositDetails
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
    """What was distributed, where to pay in what was agreed to, and the form for more."""
    with looking() as view:
        today = platform_policy.PACK.day_of(view.now)
    return _page(ref, opened(DistributionForm, record_day=today.isoformat()))


def _page(ref: str, form: DistributionForm) -> ResponseReturnValue:
    with looking() as view:
        found = mine(view, ref)
        waits = queries.unfinished(view.session, found.id)
    pay_to = _where(found, waits) if waits is not None and waits.status == APPROVED else None
    with looking() as view:
        return render_template(
            "issuer/distributions.html",
            offering=found,
            distributions=queries.of_offering(view.session, found.id),
            waits=waits,
            pay_to=pay_to,
            shares=register.shares_issued(view.session, found.id),
            may_pay=found.status == SETTLED and platform().settings.cash_accounts,
            form=form,
        ), form.status


def _where(offering: Offering, agreed: Distribution) -> DepositDetails:
    """The custodian is asked, so never within a transaction."""
    assert offering.gateway is not None  # it is settled
    return platform().gateway_named(offering.gateway).deposit_details(f"offering-{offering.id}", agreed.ref)


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
    return _page(ref, form)
