"""What an issuer writes into a change, before an officer has decided: nothing of it is public.

The sections of a draft are saved here by the same four acts as in `offerings/actions.py`; `version` is the revision of
the change that the form was shown with, and zero where there was none yet.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from app.audit import actions as audit
from app.changes import queries, texts
from app.changes.lifecycle import DRAFTING
from app.changes.models import Change, ChangeDocument
from app.compliance import actions as compliance
from app.compliance.models import CaseKind, ReviewCase
from app.database import Transaction, new_reference
from app.errors import NotFound, Refused
from app.issuers import queries as issuers
from app.money import Money
from app.offerings import actions as offerings
from app.offerings import queries as offering_queries
from app.offerings.deadlines import instant_of
from app.offerings.disclosures import checklist, open_tasks
from app.offerings.lifecycle import LIVE
from app.offerings.models import SCALED, Offering
from app.offerings.room import limits
from app.offerings.terms import Terms, problems
from app.pledges import queries as pledges
from app.pledges import refunds
from app.regimes.regime import Regime


def save_terms(tx: Transaction, offering_id: int, version: int, terms: Terms) -> Change:
    """Propose other terms.

    Raises Refused: see `_begin_edit`, `texts.terms_text`, `terms.problems`; "maximum_below_taken".
    Locks: offering. Writes: change, audit.
    """
    offering, change = _begin_edit(tx, offering_id, version)
    said = texts.terms_text(offering, terms)
    for problem in problems(terms):
        raise problem
    _require_above_taken(offering, texts.as_changed(offering, said), tx.now)
    return _put(tx, offering, change, said)


def _require_above_taken(offering: Offering, changed: Offering, at: datetime) -> None:
    """What is promised stays promised: nobody's place is taken away by a lower maximum, or a rule with less room."""
    assert offering.progress is not None and offering.price is not None  # a live offering has both
    promised = offering.progress.taken_shares + offering.progress.kept_shares
    room = limits(changed, at)
    if room["book_shares"] < promised or room["book_minor"] < offering.progress.taken_minor:
        taken = max(offering.price.times(promised).minor, offering.progress.taken_minor)
        raise Refused("maximum_below_taken", field="maximum", taken=Money(taken, offering.currency))


def save_deadline(
    tx: Transaction, offering_id: int, version: int, local: datetime, zone: str, regime: Regime
) -> Change:
    """Propose a later deadline, as a local time in its zone.

    Raises Refused: see `_begin_edit`, `deadlines.instant_of`; "close_early_instead". Locks: offering. Writes: change, audit.
    """
    offering, change = _begin_edit(tx, offering_id, version)
    deadline_at = instant_of(local, zone)
    assert offering.deadline_at is not None  # a live offering has one
    present = offering.deadline_at.replace(second=0, microsecond=0)  # as the form shows it
    if deadline_at < present:
        raise Refused("close_early_instead", field="deadline_date")
    said = texts.deadline_text(offering.deadline_at if deadline_at == present else deadline_at, zone)
    return _put(tx, offering, change, {"deadline": said})


def save_disclosure(
    tx: Transaction, offering_id: int, version: int, *, name: str | None = None, tagline: str | None = None, **told: Any
) -> Change:
    """Propose other words for parts of what the offering tells. Raises: see `_begin_edit`. Writes: change, audit."""
    offering, change = _begin_edit(tx, offering_id, version)
    named = {field: value.strip() for field, value in (("name", name), ("tagline", tagline)) if value is not None}
    return _put(tx, offering, change, named | told)


def add_document(
    tx: Transaction, offering_id: int, version: int, *, title: str, filename: str, content: bytes
) -> ChangeDocument:
    """Propose a document, or a new version of the one with this title.

    Raises Refused: see `_begin_edit`, `offerings.actions.media_type`. Locks: offering. Writes: change, file, audit.
    """
    offering, change = _begin_edit(tx, offering_id, version)
    document = ChangeDocument(
        change_id=change.id,
        title=title.strip(),
        filename=filename[-200:],
        media_type=offerings.media_type(content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_at=tx.now,
        content=content,
    )
    tx.session.add(document)
    present = queries.text_now(tx.session, offering)["documents"].get(document.title, {"version": 0})
    proposed = {"version": present["version"] + 1, "sha256": document.sha256}
    _put(tx, offering, change, {"documents": {**change.new.get("documents", {}), document.title: proposed}})
    return document


def _begin_edit(tx: Transaction, offering_id: int, version: int) -> tuple[Offering, Change]:
    """The offering and its open change, or a new one.

    Raises Refused: "not_changeable" (it is not open), "edited_elsewhere". Locks: offering.
    """
    offering = _live(tx, offering_id)
    change = queries.open_of(tx.session, offering.id)
    if version != (change.revision if change else 0):
        raise Refused("edited_elsewhere")
    if change is None:
        assert tx.actor.user_id is not None  # the pages of a company are for people
        change = Change(
            ref=new_reference("M"), offering_id=offering.id, status=DRAFTING, begun_by=tx.actor.user_id,
            begun_at=tx.now, revision=0, reason="", old={}, new={},
        )  # fmt: skip
        tx.session.add(change)
        tx.session.flush()  # its id is the subject of the trail
        audit.begin(tx, change, "begin", offering_id=offering.id)
    change.revision += 1
    return offering, change


def _live(tx: Transaction, offering_id: int) -> Offering:
    offering = offerings.lock(tx, offering_id)
    if offering.status != LIVE or offering.deadline_at is None or offering.deadline_at <= tx.now:
        raise Refused("not_changeable", status=offering.status)
    return offering


def _put(tx: Transaction, offering: Offering, change: Change, said: dict[str, Any]) -> Change:
    """Keep what differs from what the offering says; what was put back is no change any more."""
    now = queries.text_now(tx.session, offering)
    new = {field: value for field, value in change.new.items() if field not in said}
    new |= {field: value for field, value in said.items() if not _same(value, now[field])}
    change.new = new
    audit.record(tx, "edit", "changes", change.id, fields=sorted(said), revision=change.revision)
    return change


def _same(one: Any, other: Any) -> bool:
    """A browser sends other line breaks than a filing, and nothing where nothing was."""
    if isinstance(one, str) and isinstance(other, str):
        return one.splitlines() == other.splitlines()
    return (one or None) == (other or None)


def propose(tx: Transaction, offering_id: int, version: int, reason: str, regime: Regime) -> ReviewCase:
    """Hand the change in: an officer classes it.

    Raises Refused: "not_changeable", "edited_elsewhere", "nothing_changed", "tasks_open" (with their codes),
    "over_offering_cap". Locks: issuer, offering. Writes: change, case, audit.
    """
    change, offering = _opened(tx, offering_id, version)
    require_possible(tx, offering, change, regime)
    change.reason = reason.strip()
    change.revision += 1
    audit.transition(tx, change, "propose", fields=sorted(change.new))
    return compliance.refer(
        tx,
        CaseKind.CHANGE,
        change.id,
        why="change_proposed",
        involves=[change.begun_by, *issuers.members(tx.session, offering.issuer_id)],
    )


def require_possible(tx: Transaction, offering: Offering, change: Change, regime: Regime) -> None:
    """That the offering would still be whole and lawful with this change in it; who asks holds issuer and offering.

    Raises Refused: "nothing_changed", "tasks_open", "close_early_instead", "closed_in_part" (the target was met and used,
    and who bought, or was told so, knew the rule), "paid_whole" (somebody paid in a way that gives no part back), "maximum_below_taken", "over_offering_cap", and see `terms.problems`.
    """
    if not change.new:
        raise Refused("nothing_changed")
    changed = texts.as_changed(offering, change.new)
    issuer = issuers.issuer(tx.session, offering.issuer_id)
    documents = len(offering_queries.documents(tx.session, offering.id))
    # Its deadline was far enough ahead when it opened.
    waiting = [
        task.code
        for task in open_tasks(checklist(changed, issuer, documents, regime, tx.now))
        if task.code != "deadline_ahead"
    ]
    if waiting:
        raise Refused("tasks_open", tasks=waiting)
    for problem in problems(Terms.of(changed)):
        raise problem
    assert offering.deadline_at is not None and changed.deadline_at is not None
    if changed.deadline_at < offering.deadline_at:
        raise Refused("close_early_instead", field="deadline_date")
    if {"target", "oversubscription_rule"} & set(change.new) and pledges.is_sold_in_part(tx.session, offering.id):
        raise Refused("closed_in_part")
    if changed.oversubscription_rule in SCALED and refunds.is_paid_whole(tx.session, offering.id):
        raise Refused("paid_whole")
    if {"maximum", "oversubscription_rule"} & set(change.new):
        _require_above_taken(offering, changed, tx.now)
    if "maximum" in change.new:
        compliance.require_within_cap(tx, changed, regime)


def withdraw(tx: Transaction, offering_id: int, version: int) -> None:
    """The issuer gives the change up. Raises Refused: "edited_elsewhere", "not_changeable".

    Locks: issuer, offering, case. Writes: change, case, audit.
    """
    change, _ = _opened(tx, offering_id, version)
    drop(tx, change)


def drop(tx: Transaction, change: Change) -> None:
    """End an open change of a locked offering. Locks: case. Writes: change, case, audit."""
    audit.transition(tx, change, "withdraw")
    compliance.withdraw_case(tx, CaseKind.CHANGE, change.id)


def _opened(tx: Transaction, offering_id: int, version: int) -> tuple[Change, Offering]:
    compliance.lock_with_issuer(tx, offering_id)
    offering = _live(tx, offering_id)
    change = queries.open_of(tx.session, offering.id)
    if change is None:
        raise NotFound
    if change.revision != version:
        raise Refused("edited_elsewhere")
    return change, offering
