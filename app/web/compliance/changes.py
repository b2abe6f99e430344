"""What an officer sees of a change, and what they say: whether it is material, and whether it is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access import Permission
from app.changes import actions, queries
from app.changes.lifecycle import OPEN
from app.compliance import queries as compliance
from app.compliance.models import CaseKind, CaseOutcome, ReviewCase
from app.database import Snapshot, Transaction
from app.errors import NotFound
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.regimes import platform_policy
from app.web.compliance import blueprint
from app.web.guard import allow
from app.web.public.offerings import as_download
from app.web.session import looking, platform

TEMPLATE = "compliance/case_change.html"
take: Callable[[Transaction, str], object] = actions.take_case


def titles(session: Session, change_ids: Collection[int]) -> Mapping[int, str]:
    """subject id -> what its case is called."""
    found = queries.changes(session, change_ids)
    names = offerings.names(session, [change.offering_id for change in found])
    return {change.id: f"{change.ref} · {names[change.offering_id]}" for change in found}


def company(session: Session, change_id: int) -> int:
    """The company whose people may not decide it."""
    return offerings.offering(session, queries.change(session, change_id).offering_id).issuer_id


def facts(view: Snapshot, case: ReviewCase) -> dict[str, Any]:
    """The redline beside its consequences, and the hash of both that a decision is bound to."""
    change = queries.change(view.session, case.subject_id)
    offering = offerings.offering(view.session, change.offering_id)
    law = platform().regime(offering.regime)
    always = platform_policy.always_material(law.pack.day_of(view.now)) & set(change.new)
    return {
        "change": change,
        "offering": offering,
        "issuer": issuers.issuer(view.session, offering.issuer_id),
        "law": law,
        "redline": queries.redline_of(view.session, change),
        "documents": queries.documents(view.session, change.id),
        "touched": queries.consequences(view, offering, change, law) if change.status in OPEN else None,
        "answers": queries.answers_to(view.session, change.id),
        "always_material": sorted(always),
        "seen_sha256": queries.seen_hash(view.session, change),
    }


def resolve(tx: Transaction, case: ReviewCase, outcome: CaseOutcome, reasons: list[str], note: str) -> None:
    """Take the decision with the class that was chosen beside it, about what the page showed."""
    material = {"material": True, "not_material": False}.get(request.form.get("materiality", ""))
    seen = request.form.get("seen", "")[:64]
    actions.decide(tx, case.ref, outcome, reasons, note, material=material, seen_sha256=seen, law=platform().law)


@blueprint.get("/cases/<ref>/change-documents/<int:document_id>")
@allow(Permission.REVIEW)
def change_document(ref: str, document_id: int) -> ResponseReturnValue:
    """A file that comes with a change under review."""
    with looking() as view:
        found = compliance.case(view.session, ref)
        if found.kind != CaseKind.CHANGE:
            raise NotFound
        return as_download(queries.document(view.session, found.subject_id, document_id))
