"""An alert on the page of its case: the rule, whom it is about, what the rule saw; and lifting a hold."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.alerts import actions, queries
from app.alerts.models import Alert, SubjectType
from app.compliance.models import ReviewCase
from app.database import Snapshot
from app.errors import Refused
from app.i18n import labels
from app.i18n.words import N_
from app.identity import queries as identity
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.pledges import queries as pledges
from app.regimes.platform_policy import PACK
from app.web.compliance import blueprint
from app.web.guard import allow
from app.web.session import acting, reader


def title(view: Snapshot, case: ReviewCase) -> str:
    return _name(view, queries.alert(view.session, case.subject_id))


def _name(view: Snapshot, alert: Alert) -> str:
    """Of whom it is about, as they are called now."""
    match SubjectType(alert.subject_type):
        case SubjectType.INVESTOR:
            return investors.investor(view.session, alert.subject_id).legal_name
        case SubjectType.MEMBER:
            return identity.user(view.session, alert.subject_id).name
        case SubjectType.COMPANY:
            return issuers.issuer(view.session, alert.subject_id).legal_name
        case SubjectType.RELATED:
            return issuers.related_party(view.session, alert.subject_id).name
        case SubjectType.OFFERING:
            return offerings.offering(view.session, alert.subject_id).name


def facts(view: Snapshot, case: ReviewCase) -> dict[str, Any]:
    """What the template of an alert shows."""
    alert = queries.alert(view.session, case.subject_id)
    about = [pledges.by_ref(view.session, ref) for ref in alert.inputs.get("pledges", [])]
    shown = {one.offering_id: offerings.offering(view.session, one.offering_id) for one in about}
    others = queries.of_subject(view.session, SubjectType(alert.subject_type), alert.subject_id)
    return {
        "alert": alert,
        "rule_words": labels.rule(alert.rule, reader()),
        "citation": labels.citation(alert.rule),
        "policy": [
            (PACK.word(name).text(reader().code), value) for name, value in alert.inputs.get("policy", {}).items()
        ],
        "about": [(one, shown[one.offering_id]) for one in about],
        "other_alerts": [(one, labels.rule(one.rule, reader())) for one in others if one.id != alert.id],
    }


@blueprint.post("/cases/<ref>/lift")
@allow(Permission.REVIEW)
def lift(ref: str) -> ResponseReturnValue:
    """End the hold of a confirmed alert."""
    try:
        with acting() as tx:
            actions.lift(tx, ref)
        flash(N_("The hold is lifted."), "ok")
    except Refused as refused:
        flash(labels.refusal(refused, reader()), "danger")
    return redirect(url_for("compliance.case", ref=ref), 303)
