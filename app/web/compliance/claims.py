"""The evidence of a claim, for the officer who holds its case."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.compliance import queries
from app.compliance.models import CaseKind, ReviewCase
from app.database import Snapshot
from app.errors import NotFound
from app.evidence import actions as evidence
from app.evidence import queries as evidence_queries
from app.evidence.models import EvidenceFile
from app.investors import queries as investors
from app.investors.models import Claim
from app.regimes import standing
from app.regimes.standing import PACK
from app.web.compliance import blueprint
from app.web.files import attachment
from app.web.guard import allow
from app.web.investor.status import told
from app.web.session import acting, looking, my_id, platform, reader


def facts(view: Snapshot, case: ReviewCase, claim: Claim) -> dict[str, Any]:
    """What the page of a case shows of a claim beside the declared figures."""
    row = standing.BY_ID[claim.kind].row(standing.BY_ID[claim.kind].day_of(claim.claimed_at))
    return {
        "files": investors.evidence_of(view.session, claim.id),
        "may_read": _may_read(case),
        "claim_figures": told(claim),
        "needs": row,
        "statement": PACK.words[row["statement"]].text(reader().code) if row else "",
    }


def _may_read(case: ReviewCase) -> bool:
    """Evidence is for the one officer who holds (or decided) the case, and for nobody whom it is about."""
    return case.claimed_by == my_id() and my_id() not in case.involves


def _file(view: Snapshot, ref: str, file_id: int) -> EvidenceFile:
    """A file of the case. Raises NotFound, also for a case that somebody else holds."""
    case = queries.case(view.session, ref)
    if case.kind != CaseKind.INVESTOR or not _may_read(case):
        raise NotFound
    for one in investors.evidence_of(view.session, case.subject_id):
        if one.id == file_id:
            return one
    raise NotFound


@blueprint.get("/cases/<ref>/evidence/<int:file_id>")
@allow(Permission.REVIEW)
def evidence_file(ref: str, file_id: int) -> ResponseReturnValue:
    """What the file is, and whether a scanner saw it, before it is downloaded."""
    with looking() as view:
        return render_template("compliance/evidence.html", file=_file(view, ref, file_id), ref=ref)


@blueprint.post("/cases/<ref>/evidence/<int:file_id>")
@allow(Permission.REVIEW)
def download_evidence(ref: str, file_id: int) -> ResponseReturnValue:
    """The file, as a download and never shown by the site itself. That it was read stands in the trail."""
    with looking() as view:
        found = _file(view, ref, file_id)
        content = evidence_queries.content(found, platform().vault)
    with acting() as tx:
        evidence.record_reading(tx, found, case=ref)
    return attachment(found.filename, found.media_type, content)
