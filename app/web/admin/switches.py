"""What is switched off, how each gateway does, and the two steps to let money move again."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField

from app import four_eyes
from app.access import Permission
from app.approvals import queries as proposals
from app.approvals.models import ProposalKind
from app.errors import NotFound, Refused
from app.i18n import labels
from app.i18n.reconciliation_words import DIRECTIONS
from app.i18n.words import N_
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.reconciliation import queries as reconciliation
from app.regimes import platform_policy
from app.switches import actions, queries
from app.switches.models import Direction
from app.web.admin import blueprint
from app.web.components import say
from app.web.forms import Form, long_text
from app.web.guard import allow
from app.web.session import acting, looking, my_id, platform, reader

HISTORY_SHOWN = 50


class SwitchForm(Form):
    gateway = SelectField(
        N_("Gateway"), choices=lambda: [("", say(N_("Every gateway"))), *((one, one) for one in platform().gateways)]
    )
    direction = SelectField(
        N_("Direction"),
        choices=lambda: [("", say(N_("In and out"))), *((one, say(DIRECTIONS[one])) for one in Direction)],
    )
    offering = StringField(N_("Offering, by its reference"))
    why = long_text(N_("Reason"), 500, needed=False)


class LiftForm(Form):
    why = long_text(N_("Reason"), 500, needed=False)


@blueprint.get("/gateways")
@allow(Permission.OPERATE)
def gateways() -> ResponseReturnValue:
    """Every gateway: when it was read last, what waits there, what is switched off; and the switches."""
    return _page(SwitchForm())


def _page(form: SwitchForm) -> ResponseReturnValue:
    with looking() as view:
        history = queries.history(view.session, HISTORY_SHOWN)
        readings = reconciliation.readings(view.session)
        law = platform_policy.reconciling(view.now)
        stale, patience = view.wall_now - law.stale_after, view.now - law.booked_before
        return render_template(
            "admin/gateways.html",
            gateways=[
                (name, readings.get(name), payments.health(view.session, name), gateway.caps.pushes_events)
                for name, gateway in platform().gateways.items()
            ],
            patience=patience,
            stale=stale,
            switches=queries.all_set(view.session),
            lifts={one.subject: one for one in proposals.waiting(view.session) if one.kind == ProposalKind.SWITCH},
            my_id=my_id(),
            history=history,
            names=offerings.names(view.session, [one.offering_id for one in history if one.offering_id]),
            form=form,
            now=view.now,
            wall_now=view.wall_now,
        ), form.status


@blueprint.post("/gateways")
@allow(Permission.OPERATE)
def switch_off() -> ResponseReturnValue:
    """Stop money at once: one person is enough for that."""
    form = SwitchForm()
    if form.validate():
        try:
            with acting() as tx:
                found = offerings.by_ref(tx.session, form.offering.data) if form.offering.data else None
                actions.set_off(
                    tx, form.why.data or "", gateway=form.gateway.data or None,
                    direction=Direction(form.direction.data) if form.direction.data else None,
                    offering_id=found.id if found else None,
                )  # fmt: skip
            flash(N_("It is switched off. What waits stays as it is."), "ok")
            return redirect(url_for("admin.gateways"), 303)
        except NotFound:
            form.refuse(Refused("offering_unknown", field="offering"))
        except Refused as refused:
            form.refuse(refused)
    return _page(form)


@blueprint.post("/switches/<ref>/lift")
@allow(Permission.OPERATE)
def lift_switch(ref: str) -> ResponseReturnValue:
    """Propose to let money move again; a second person agrees."""
    form = LiftForm(prefix="lift")
    try:
        with acting() as tx:
            proposal = four_eyes.lift_switch(tx, ref, form.why.data or "")
        flash(N_("A second person must agree now.") if proposal else N_("It is lifted. What waited goes on."), "ok")
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
    return redirect(url_for("admin.gateways"), 303)
