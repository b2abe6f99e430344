"""An alert on the page of its case: the rule, whom it is about, what the rule saw; and lifting a hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import four_eyes
from app.access import Permission
from app.alerts import queries
from app.alerts.models import SubjectType
from app.compliance.models import ReviewCase
from app.database import Snapshot
from app.i18n import labels
from app.i18n.words import N_
from app.identity import queries as identity
from app.investors import queries as investors
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.pledges import queries as pledges
from app.reconciliation import queries as reconciliation
from app.regimes.platform_policy import PACK
from app.web.compliance import blueprint
from app.web.guard import allow
from app.web.session import reader, telling

#: Whom an alert is about -> what they are called now, for all of them in one question.
NAMES: Mapping[SubjectType, Callable[[Session, Collection[int]], Mapping[int, str]]] = {
    SubjectType.INVESTOR: investors.names,
    SubjectType.MEMBER: identity.names,
    SubjectType.COMPANY: issuers.names,
    SubjectType.RELATED: issuers.names_of_related,
    SubjectType.OWNER: investors.names_of_owners,
    SubjectType.OFFERING: offerings.names,
}


def titles(session: Session, alert_ids: Collection[int]) -> Mapping[int, str]:
    """alert -> whom it is about."""
    found = queries.alerts(session, alert_ids)
    named = {
        kind: NAMES[kind](session, [one.subject_id for one in found if one.subject_type == kind])
        for kind in {SubjectType(one.subject_type) for one in found}
    }
    return {one.id: named[SubjectType(one.subject_type)][one.subject_id] for one in found}


def seen(session: Session, alert_id: int) -> Sequence[object]:
    """What a decision about an alert goes by."""
    alert = queries.alert(session, alert_id)
    return alert.status, alert.fingerprint, titles(session, [alert_id])[alert_id]


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
        # Whose, where several people are in it.
        "owners": investors.names(view.session, alert.inputs.get("people", [])),
        "apart": [
            one for one in reconciliation.receipts(view.session) if one.pledge_ref in [pledge.ref for pledge in about]
        ],
        "other_alerts": [(one, labels.rule(one.rule, reader())) for one in others if one.id != alert.id],
    }


@blueprint.post("/cases/<ref>/lift")
@allow(Permission.REVIEW)
def lift(ref: str) -> ResponseReturnValue:
    """Propose to a second officer that the hold of a confirmed alert ends."""
    with telling(N_("Proposed. A second officer must agree.")) as tx:
        four_eyes.propose_lift(tx, ref)
    return redirect(url_for("compliance.case", ref=ref), 303)
