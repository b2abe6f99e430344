"""The books, looked into: what an account held at any instant, which entries moved it, and what caused each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app.access import Permission
from app.audit import queries as trail
from app.errors import NotFound
from app.i18n.words import N_
from app.ledger import queries
from app.ledger.chart import Code
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.payments.models import Instruction
from app.pledges import queries as pledges
from app.web.addresses import GREATEST_ID
from app.web.admin import blueprint
from app.web.guard import allow
from app.web.session import looking


@blueprint.get("/ledger")
@allow(Permission.OPERATE)
def ledger() -> ResponseReturnValue:
    """Accounts and entries by code, offering or pledge, as the books were at an instant (UTC); now if none is given."""
    asked = {name: request.args.get(name, "").strip()[:40] for name in FIELDS}
    with looking() as view:
        found, problems = _named(view.session, asked)
        at = found.pop("at", view.wall_now)
        return render_template(
            "admin/ledger.html",
            asked=asked,
            codes=list(Code),
            at=at,
            problems=problems,
            accounts=[] if problems else queries.accounts_as_of(view.session, at, **found),
            entries=[] if problems else queries.entries_as_of(view.session, at, **found),
        ), 422 if problems else 200


def _named(session: Session, asked: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the form names, as the books know it, and which of its fields name nothing."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, (known_as, read, problem) in FIELDS.items():
        if asked[name]:
            try:
                found[known_as] = read(session, asked[name])
            except (ValueError, NotFound, NoResultFound):
                problems[name] = problem
    return found, problems


def _instant(session: Session, written: str) -> datetime:
    """ISO 8601; without a zone it is UTC. Raises ValueError, too, where another zone's clock has no such year."""
    at = datetime.fromisoformat(written)
    if not MINYEAR < at.year < MAXYEAR:
        raise ValueError(written)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _offering(session: Session, written: str) -> int:
    """By its number, as the books name it, or its reference. Raises NotFound, NoResultFound."""
    number = _number(written)
    return (offerings.by_ref(session, written.upper()) if number is None else offerings.offering(session, number)).id


def _pledge(session: Session, written: str) -> int:
    """As `_offering`."""
    number = _number(written)
    return (pledges.by_ref(session, written.upper()) if number is None else pledges.pledge(session, number)).id


def _number(written: str) -> int | None:
    """The number of a row; a reference is none. Raises NotFound: no row can have it."""
    if not (written.isascii() and written.isdecimal()):
        return None
    if int(written) > GREATEST_ID:
        raise NotFound
    return int(written)


#: Each field of the form: what the books call it, how it is read, and what is said when it names nothing.
FIELDS: Mapping[str, tuple[str, Callable[[Session, str], Any], str]] = {
    "code": ("code", lambda session, written: Code(written).value, N_("There is no such account.")),
    "offering": ("offering_id", _offering, N_("There is no offering with this number or reference.")),
    "pledge": ("pledge_id", _pledge, N_("There is no pledge with this number or reference.")),
    "at": ("at", _instant, N_("This is no day and time. Write it as 2026-03-03 15:00.")),
}


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
