"""The books, looked into: what an account held at any instant, which entries moved it, and what caused each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.access import Permission
from app.audit import queries as trail
from app.errors import NotFound
from app.ledger import queries
from app.ledger.chart import Code
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.payments.models import Instruction
from app.pledges import queries as pledges
from app.web.admin import blueprint
from app.web.guard import allow
from app.web.session import looking


@blueprint.get("/ledger")
@allow(Permission.OPERATE)
def ledger() -> ResponseReturnValue:
    """Accounts and entries by code, offering or pledge, as the books were at an instant (UTC); now if none is given."""
    asked = {name: request.args.get(name, "").strip()[:40] for name in ("code", "offering", "pledge", "at")}
    with looking() as view:
        problem, found = None, None
        try:
            at = _instant(asked["at"]) or view.wall_now
            found = _named(view.session, asked)
        except (ValueError, NotFound):
            problem, at = True, view.wall_now
        return render_template(
            "admin/ledger.html",
            asked=asked,
            codes=list(Code),
            at=at,
            problem=problem,
            accounts=[] if found is None else queries.accounts_as_of(view.session, at, **found),
            entries=[] if found is None else queries.entries_as_of(view.session, at, **found),
        ), 422 if problem else 200


def _instant(written: str) -> datetime | None:
    """ISO 8601; without a zone it is UTC. Raises ValueError."""
    if not written:
        return None
    at = datetime.fromisoformat(written)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _named(session: Session, asked: dict[str, str]) -> dict[str, Any]:
    """What the form names, as the books know it. Raises NotFound, ValueError."""
    found: dict[str, Any] = {}
    if asked["code"]:
        found["code"] = Code(asked["code"]).value
    if asked["offering"]:
        found["offering_id"] = offerings.by_ref(session, asked["offering"]).id
    if asked["pledge"]:
        found["pledge_id"] = pledges.by_ref(session, asked["pledge"]).id
    return found


@blueprint.get("/ledger/entries/<int:entry_id>")
@allow(Permission.OPERATE)
def journal_entry(entry_id: int) -> ResponseReturnValue:
    """One entry: its sides, the line that proves it, the instruction and the acts behind it, what it takes back."""
    with looking() as view:
        entry = queries.entry(view.session, entry_id)
        if entry is None:
            abort(404)
        instruction = payments.instruction(view.session, entry.instruction_id) if entry.instruction_id else None
        return render_template(
            "admin/entry.html",
            entry=entry,
            postings=queries.postings(view.session, entry.id),
            reverses=queries.entry(view.session, entry.reverses) if entry.reverses else None,
            reversed_by=queries.reversed_by(view.session, entry.id),
            line=payments.line(view.session, entry.evidence) if entry.evidence else None,
            instruction=instruction,
            acts=trail.timeline(view.session, Instruction.__tablename__, instruction.id) if instruction else [],
        )
