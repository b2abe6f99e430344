"""One's own pledges: paying, seeing where the money is, cancelling."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.audit import queries as audit
from app.changes import actions as change_actions
from app.changes import queries as changes
from app.changes.models import Answer, Change
from app.changes.redline import FieldChange
from app.compliance import queries as compliance
from app.compliance.models import CaseKind
from app.database import Snapshot
from app.decisions import queries as decisions
from app.decisions import receipts
from app.distributions import queries as distributions
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.investors import queries as investors
from app.offerings import queries as offerings
from app.offerings.lifecycle import CLOSING, LIVE
from app.offerings.models import Offering
from app.payments import queries as payments
from app.payments.lifecycle import ACTION_REQUIRED, QUEUED, REVIEW
from app.payments.models import Instruction
from app.payments.port import Method
from app.payments.ways import PaymentWay
from app.pledges import actions, paying_for, queries, refund_choice, saved, whereabouts
from app.pledges.lifecycle import (
    AUTHORISED,
    CANCELLED,
    CANCELLING,
    HELD,
    IN_REVIEW,
    PROCESSING,
    REFUND_DUE,
    RESERVED,
)
from app.pledges.models import Pledge
from app.share_register import queries as register
from app.web.account.forms import EmptyForm
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.investor.paying import MethodForm, key_of, misfits
from app.web.session import acting, looking, platform, reader, telling
from app.web.whom import of_mine


def _mine(view: Snapshot, ref: str) -> Pledge:
    """One's own pledge; somebody else's answers like one that does not exist. Raises NotFound."""
    pledge = queries.by_ref(view.session, ref)
    of_mine(view, pledge.investor_id)
    return pledge


def _may_cancel(pledge: Pledge, offering_status: str, view: Snapshot) -> bool:
    if pledge.status in (IN_REVIEW, RESERVED) or pledge.cancel_until is None:
        return offering_status == LIVE and pledge.status in (IN_REVIEW, RESERVED, AUTHORISED, PROCESSING, HELD)
    in_time = view.now <= pledge.cancel_until  # a law may give days after the deadline
    return offering_status in (LIVE, CLOSING) and pledge.status in (AUTHORISED, PROCESSING, HELD) and in_time


@blueprint.get("/me/pledges/<ref>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def pledge(ref: str) -> ResponseReturnValue:
    """Where the pledge stands, where the money is, what happens next."""
    with looking() as view:
        found = _mine(view, ref)
        offering = offerings.offering(view.session, found.offering_id)
        return render_template(
            "investor/pledge.html",
            pledge=found,
            buyer=investors.investor(view.session, found.investor_id),
            offering=offering,
            collection=payments.collection(view.session, found.id),
            declined=found.status == AUTHORISED and payments.tries(view.session, found.id) > 0,
            returned_on=saved.returned_on(found, offering, view.now),
            receipt=receipts.of_decision(view.session, decisions.decision(view.session, found.decision_id)),
            timeline_events=[event for event in audit.timeline(view.session, "pledges", found.id) if event.to_status],
            entry=register.of_pledge(view.session, found.id),
            distributions=distributions.of_investor(view.session, offering.id, found.investor_id),
            case=next(iter(compliance.cases_about(view.session, CaseKind.PLEDGE, found.id)), None),
            money=whereabouts.of_pledge(view.session, found, offering, platform().regime(offering.regime)),
            may_cancel=_may_cancel(found, offering.status, view),
            asked=_asked(view, found),
            law=platform().regime(offering.regime),
            now=view.now,
            refund=_refund_to_choose(view, found, offering),
            into_cash=refund_choice.goes_into_cash(view.session, found),
        )


def _asked(view: Snapshot, pledge: Pledge) -> tuple[Answer, Change, list[FieldChange]] | None:
    """The material change that waits for the investor's word, with its redline."""
    found = changes.awaited_from(view.session, [pledge.id]).get(pledge.id)
    return None if found is None else (*found, changes.redline_of(view.session, found[1]))


def _refund_to_choose(view: Snapshot, pledge: Pledge, offering: Offering) -> Instruction | None:
    """The refund whose way its investor may still choose; None: there is no choice."""
    offered = platform().settings.cash_accounts and pledge.status == REFUND_DUE
    return refund_choice.may_choose(view.session, pledge, offering) if offered else None


@blueprint.post("/me/pledges/<ref>/refund")
@allow(Permission.INVEST)
def choose_refund(ref: str) -> ResponseReturnValue:
    """Say where this refund goes, while nobody has sent it."""
    with looking() as view:
        found = _mine(view, ref)
    with telling(N_("Saved.")) as tx:
        if not platform().settings.cash_accounts:
            raise Refused("refund_to_source")
        refund_choice.choose(tx, found.id, to_cash=request.form.get("to") == "cash")
    return redirect(url_for("investor.pledge", ref=ref), 303)


@blueprint.post("/me/pledges/<ref>/confirm/<change_ref>")
@allow(Permission.SEE_OWN_INVESTMENTS)
def confirm_pledge(ref: str, change_ref: str) -> ResponseReturnValue:
    """Go on under the offering's new text."""
    with looking() as view:
        found = _mine(view, ref)
        change = changes.by_ref(view.session, change_ref)
    with telling(N_("Your pledge is confirmed.")) as tx:
        change_actions.confirm(tx, found.id, change.id, locale=reader().code, law=platform().law)
    return redirect(url_for("investor.pledge", ref=ref), 303)


def _begun(view: Snapshot, pledge: Pledge) -> Instruction | None:
    """What the payment page is about: the collection; or the way to pay that is about to be kept."""
    collection = payments.collection(view.session, pledge.id)
    return payments.keeping(view.session, pledge.id) if pledge.status == RESERVED and not collection else collection


@blueprint.get("/me/pledges/<ref>/pay")
@allow(Permission.SEE_OWN_INVESTMENTS)
def pay(ref: str) -> ResponseReturnValue:
    """Choose how to pay, then the way to the gateway's page, as soon as it is ready; the page looks again by itself."""
    return _pay_page(ref, MethodForm())


def _pay_page(ref: str, form: MethodForm) -> ResponseReturnValue:
    with looking() as view:
        found = _mine(view, ref)
        offering = offerings.offering(view.session, found.offering_id)
        begun = _begun(view, found)
        if found.status != RESERVED and not (found.status == AUTHORISED and begun is not None):
            return redirect(url_for("investor.pledge", ref=ref))
        asked = paying_for.needs(offering, platform().regime(offering.regime), view.now, found.cancel_until)
        planned = paying_for.plans(found, _ways(view, found), asked)
    form.offer([way for way, plan in planned if plan.why is None])
    ready = begun is not None and begun.status == ACTION_REQUIRED and begun.url is not None
    waits = 1 if begun is not None and not ready and begun.status != REVIEW else None
    return render_template(
        "investor/pay.html", pledge=found, begun=begun, ready=ready, offering=offering, waits=waits,
        form=form, plans={key_of(way): plan for way, plan in planned}, misfits=misfits(planned),
        cash=any(way.method is Method.CASH_ACCOUNT for way, _ in planned),
    ), form.status  # fmt: skip


def _ways(view: Snapshot, found: Pledge) -> list[PaymentWay]:
    """Every way to pay a pledge, from the cash account too where that has enough."""
    offering = offerings.offering(view.session, found.offering_id)
    others = platform().ways_to_pay(found.currency)
    return paying_for.with_cash(view.session, found, offering, others, platform().cash_way, view.now)


@blueprint.post("/me/pledges/<ref>/pay")
@allow(Permission.INVEST)
def choose_way(ref: str) -> ResponseReturnValue:
    """Pay this way. The same way again is the same payment."""
    form = MethodForm()
    with looking() as view:
        found = _mine(view, ref)
        ways = _ways(view, found)
    chosen = next((way for way in ways if key_of(way) == form.method.data), None)
    try:
        if chosen is None:
            raise Refused("choice_unknown", field="method")
        with acting() as tx:
            actions.choose_way(tx, found.id, platform().law, chosen)
    except Refused as refused:
        form.refuse(refused)
        return _pay_page(ref, form)
    return redirect(url_for("investor.pay", ref=ref), 303)


@blueprint.get("/me/pledges/<ref>/returned")
@allow(Permission.SEE_OWN_INVESTMENTS)
def returned(ref: str) -> ResponseReturnValue:
    """Back from the gateway's page. What the address says is not believed: the page waits for the gateway's own word."""
    with looking() as view:
        found = _mine(view, ref)
        begun = _begun(view, found)
        is_charged = found.status == AUTHORISED and begun is not None
        if found.status not in (RESERVED, PROCESSING) and not is_charged:
            return redirect(url_for("investor.pledge", ref=ref))
        return render_template(
            "investor/returned.html", pledge=found, begun=begun,
            offering=offerings.offering(view.session, found.offering_id),
            waits=1 if found.status != PROCESSING and (begun is None or begun.status != REVIEW) else None,
        )  # fmt: skip


#: What cancelling came to, by where the pledge stands then: whether money moved is said every time.
_CANCELLED = {
    CANCELLED: N_("Your pledge is cancelled. Nothing was charged."),
    REFUND_DUE: N_("Your pledge is cancelled. We are returning your money."),
    CANCELLING: N_("We are stopping the payment. If it went through in the same moment, you get everything back."),
}


@blueprint.get("/me/pledges/<ref>/cancel")
@allow(Permission.SEE_OWN_INVESTMENTS)
def ask_to_cancel(ref: str) -> ResponseReturnValue:
    """What cancelling would do, and one button."""
    with looking() as view:
        found = _mine(view, ref)
        offering = offerings.offering(view.session, found.offering_id)
        if not _may_cancel(found, offering.status, view):
            return redirect(url_for("investor.pledge", ref=ref))
        begun = payments.collection(view.session, found.id)
        return render_template(
            "investor/cancel.html", pledge=found, offering=offering, form=EmptyForm(),
            may_be_paid=begun is not None and begun.status != QUEUED,
            into_cash=refund_choice.would_go_into_cash(view.session, found, offering, view.now),
            not_before=payments.given_back_from(begun, view.now),
        )  # fmt: skip


@blueprint.post("/me/pledges/<ref>/cancel")
@allow(Permission.SEE_OWN_INVESTMENTS)
def cancel_pledge(ref: str) -> ResponseReturnValue:
    """Cancel for any reason, until the last permitted instant."""
    with looking() as view:
        pledge_id = _mine(view, ref).id
    try:
        with acting() as tx:
            found = actions.cancel(tx, pledge_id)
            ended = found.status
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
        return redirect(url_for("investor.pledge", ref=ref), 303)
    flash(_CANCELLED[ended], "ok")
    return redirect(url_for("investor.pledge", ref=ref), 303)
