"""The queue: everything that waits for an officer in one list, what is due first at the top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.alerts import queries as alert_queries
from app.approvals import queries as proposals
from app.approvals.models import Proposal
from app.audit import queries as audit
from app.closings import queries as closings
from app.closings.queries import APPROVALS_NEEDED
from app.compliance import desk, queries
from app.compliance.lifecycle import WAITING
from app.compliance.models import CaseKind, ReviewCase
from app.compliance.queries import Filters
from app.database import Snapshot
from app.errors import Refused
from app.i18n import labels
from app.i18n.book_words import PURPOSES
from app.i18n.words import N_
from app.identity import queries as identity
from app.issuers import queries as issuers
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.regimes import platform_policy
from app.web.addresses import GREATEST_ID
from app.web.compliance import alerts, blueprint
from app.web.compliance.kinds import KINDS
from app.web.components import say
from app.web.forms import Form, text
from app.web.guard import allow
from app.web.session import acting, looking, my_id, platform, reader

PAGE = 30
#: The cookie of a browser whose owner switched the keys off.
SHORTCUTS = "shortcuts"
#: So many decided cases are shown.
DECIDED = 200
#: Tried one after the other until one can be taken.
TRIED = 20
#: What a filter of the queue may be made of.
ASKABLE = ("kind", "why", "owner", "overdue", "q")
#: What may be proposed about something without a name, and is not a rule pack.
NAMELESS = {
    "receipt": N_("Money that lies apart"), "switch": N_("What is switched off"), "distribution": N_("Distribution"),
}  # fmt: skip


class FilterForm(Form):
    name = text(N_("Name of this view"), 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that waits. `left` is office time until it is due, below zero when that is past, None while it stands."""

    due_at: datetime
    #: Cases before what is no case, where both are due at the same instant.
    rank: int
    id: int
    work: str
    title: str
    ref: str
    href: str | None
    why: str
    since: datetime
    left: timedelta | None
    status: tuple[str, str]
    owner: str = ""
    eyes: str = ""
    is_own: bool = False

    @property
    def key(self) -> tuple[datetime, int, int]:
        return self.due_at, self.rank, self.id


@blueprint.get("")
@allow(Permission.REVIEW)
def queue() -> ResponseReturnValue:
    """What waits, with its filters in the address; nothing is favoured but what is due first."""
    asked = {name: value for name in ASKABLE if (value := request.args.get(name, "").strip()[:100])}
    with looking() as view:
        if request.args.get("status") == "resolved":
            return _decided_page(view, asked.get("kind", ""))
        others = list(_others(view))
        counts = queries.counts(view.session, view.now)
        rows = _page(view, asked, others)
        more = len(rows) > PAGE
        return render_template(
            "compliance/queue.html",
            rows=rows[:PAGE],
            asked=asked,
            address=urlencode(asked),
            next_key=_written(rows[PAGE - 1].key) if more else None,
            open_count=counts.open + len(others),
            overdue_count=counts.overdue + sum(row.due_at < view.now for row in others),
            oldest=min([row.since for row in others] + ([counts.oldest] if counts.oldest else []), default=None),
            mine_to_see=sum(row.work in ("closing", "proposal") and not row.is_own for row in others),
            saved=queries.saved_filters(view.session, my_id()),
            form=FilterForm(),
            works=labels.WORK,
            reasons_to_come=labels.CASE_WHY,
            now=view.now,
        )


def _decided_page(view: Snapshot, kind: str) -> ResponseReturnValue:
    cases = queries.decided(view.session, kind if kind in set(CaseKind) else "", DECIDED)
    return render_template("compliance/decided.html", rows=list(zip(cases, _titles(view, cases), strict=True)))


def _page(view: Snapshot, asked: dict[str, str], others: Sequence[Row]) -> list[Row]:
    """One row more than a page, of everything that the filters let through."""
    after = _read(request.args.get("after", ""))
    work, owner, words = asked.get("kind", ""), asked.get("owner", ""), asked.get("q", "")
    found = [
        row
        for row in others
        if (not work or row.work == work)
        and not asked.get("why")
        and owner != "mine"
        and (not asked.get("overdue") or row.due_at < view.now)
        and words.casefold() in f"{row.title} {row.ref}".casefold()
        and (after is None or row.key > after)
    ]
    if not work or work in set(CaseKind):
        filters = Filters(
            kind=work,
            why=asked.get("why", ""),
            owner={"mine": my_id(), "nobody": 0}.get(owner),
            overdue_at=view.now if asked.get("overdue") else None,
            ref=words,
            matching={kind.value: one.matching(words) for kind, one in KINDS.items() if one.matching} if words else {},
            after=None if after is None else (after[0], after[2] if after[1] == 0 else GREATEST_ID),
        )
        found += _cases(view, queries.waiting(view.session, filters, PAGE + 1))
    return sorted(found, key=lambda row: row.key)[: PAGE + 1]


def _cases(view: Snapshot, cases: Sequence[ReviewCase]) -> Iterator[Row]:
    names = identity.names(view.session, {case.claimed_by for case in cases if case.claimed_by})
    rules = _rules(view, cases)
    for case, title in zip(cases, _titles(view, cases), strict=True):
        yield Row(
            due_at=case.due_at, rank=0, id=case.id, work=case.kind, title=title, ref=case.ref,
            href=url_for("compliance.case", ref=case.ref), why=rules.get(case.id) or say(labels.CASE_WHY[case.why]), since=case.opened_at,
            left=None if case.status == WAITING else _left(view, case.due_at), status=("review_case", case.status),
            owner=names.get(case.claimed_by or 0, ""), is_own=my_id() in case.involves,
            eyes=say(N_("Two officers")) if case.officers_needed > 1 else "",
        )  # fmt: skip


def _rules(view: Snapshot, cases: Sequence[ReviewCase]) -> dict[int, str]:
    """What the rule of each alert says: it is why the alert is here."""
    of_alerts = {case.subject_id: case.id for case in cases if case.kind == CaseKind.ALERT}
    found = alert_queries.alerts(view.session, of_alerts)
    return {of_alerts[one.id]: labels.rule(one.rule, reader()) for one in found}


def _titles(view: Snapshot, cases: Sequence[ReviewCase]) -> list[str]:
    """What each case is called: one query for each kind, however many cases."""
    found = {
        kind: KINDS[kind].titles(view.session, [case.subject_id for case in cases if case.kind == kind])
        for kind in {CaseKind(case.kind) for case in cases}
    }
    return [found[CaseKind(case.kind)][case.subject_id] for case in cases]


def _others(view: Snapshot) -> Iterator[Row]:
    """What waits and is no case; there are never many of these."""
    approved = closings.approved_by(view.session, my_id())
    found = closings.waiting_for_officers(view.session)
    reached = audit.reached_by(view.session, "closings", [closing.id for closing, _, _ in found])
    for closing, name, approvals in found:
        since = reached.get(closing.id, closing.begun_at)
        due = platform_policy.due("closing", since)
        yield Row(
            due_at=due, rank=1, id=closing.id, work="closing", title=name, ref=closing.ref,
            href=url_for("compliance.closing", ref=closing.ref), why=say(N_("Two officers release the money.")),
            since=since, left=_left(view, due), status=("closing", closing.status), is_own=closing.id in approved,
            eyes=f"{approvals} / {APPROVALS_NEEDED}",
        )  # fmt: skip
    for closing, name, since in closings.holdbacks_due(view.session, view.now):
        due = platform_policy.due("closing", since)
        yield Row(
            due_at=due, rank=1, id=closing.id, work="closing", title=name, ref=closing.ref,
            href=url_for("compliance.closing", ref=closing.ref), why=say(N_("What was held back may be paid out.")),
            since=since, left=_left(view, due), status=("closing", closing.status), owner=say(N_("Waits to be proposed")),
        )  # fmt: skip
    stopped = payments.waiting_for_a_person(view.session)
    reached = audit.reached_by(view.session, "instructions", [one.id for one in stopped])
    for one in stopped:
        since = reached.get(one.id, one.created_at)
        due = platform_policy.due("payment", since)
        yield Row(
            due_at=due, rank=2, id=one.id, work="payment", title=say(PURPOSES[one.purpose]),
            ref=one.reference, href=None, why=say(N_("The gateway could not do it; an operator looks at it.")),
            since=since, left=_left(view, due), status=("instruction", one.status),
        )  # fmt: skip
    yield from _proposals(view)


def _proposals(view: Snapshot) -> Iterator[Row]:
    agreed, found = proposals.counts(view.session, my_id()), proposals.waiting(view.session)
    named: dict[str, Mapping[int, str]] = {
        noun: names(view.session, [one.subject_id for one in found if one.subject.startswith(f"{noun}:")])
        for noun, names in (
            ("offering", offerings.names),
            ("issuer", issuers.names),
            ("user", identity.names),
            ("alert", alerts.titles),
        )
    }
    for proposal in found:
        due = platform_policy.due("proposal", proposal.made_at)
        approvals, by_me = agreed.get(proposal.id, (0, False))
        yield Row(
            due_at=due, rank=3, id=proposal.id, work="proposal", title=_name(proposal, named),
            ref=proposal.ref, href=url_for("compliance.proposal", ref=proposal.ref),
            why=say(labels.PROPOSALS[proposal.kind]), since=proposal.made_at, left=_left(view, due),
            status=("proposal", proposal.status), eyes=f"{approvals} / {proposal.approvals_needed}",
            is_own=by_me or my_id() == proposal.made_by or my_id() in proposal.involves,
        )  # fmt: skip


def _name(proposal: Proposal, named: Mapping[str, Mapping[int, str]]) -> str:
    """Whom or what it is about; what has no name is called by what it is."""
    noun, _, number = proposal.subject.partition(":")
    if noun in named:
        return named[noun][proposal.subject_id]
    return say(NAMELESS[noun]) if noun in NAMELESS else number


def _left(view: Snapshot, due_at: datetime) -> timedelta:
    office = platform_policy.office(view.now)
    if due_at < view.now:
        return -max(office.open_between(due_at, view.now), timedelta(minutes=1))
    return office.open_between(view.now, due_at)


def _written(key: tuple[datetime, int, int]) -> str:
    return f"{key[0].isoformat()} {key[1]} {key[2]}"


def _read(written: str) -> tuple[datetime, int, int] | None:
    """A key from the address; what is none begins at the top."""
    try:
        at, rank, id_ = written.split(" ")
        key = datetime.fromisoformat(at), int(rank), int(id_)
    except ValueError:
        return None
    return key if key[0].tzinfo is not None and 0 <= key[2] <= GREATEST_ID else None


@blueprint.post("/next")
@allow(Permission.REVIEW)
def take_next() -> ResponseReturnValue:
    """Take the case that is due first and not about oneself; what somebody else takes meanwhile is passed over."""
    with looking() as view:
        cases = queries.offered(view.session, my_id(), TRIED)
    for case in cases:
        try:
            with acting() as tx:
                KINDS[CaseKind(case.kind)].take(tx, case.ref)
            return redirect(url_for("compliance.case", ref=case.ref), 303)
        except Refused:
            continue
    flash(N_("Nothing waits that you may decide."), "info")
    return redirect(url_for("compliance.queue"), 303)


@blueprint.post("/filters")
@allow(Permission.REVIEW)
def save_filter() -> ResponseReturnValue:
    """Keep the present view of the queue by a name."""
    form = FilterForm()
    address = urlencode({name: value for name in ASKABLE if (value := request.form.get(name, "").strip()[:100])})
    if form.validate():
        with acting() as tx:
            desk.save_filter(tx, form.name.data or "", address)
        flash(N_("Saved."), "ok")
    else:
        flash(labels.REFUSALS["field_missing"], "danger")
    return redirect(f"{url_for('compliance.queue')}?{address}", 303)


@blueprint.post("/filters/drop")
@allow(Permission.REVIEW)
def drop_filter() -> ResponseReturnValue:
    """Forget a saved view."""
    with acting() as tx:
        desk.drop_filter(tx, request.form.get("name", "")[:60])
    return redirect(url_for("compliance.queue"), 303)


@blueprint.post("/shortcuts")
@allow(Permission.REVIEW)
def switch_shortcuts() -> ResponseReturnValue:
    """Switch keys that act by themselves off in this browser, or on again. Source: WCAG 2.2, 2.1.4."""
    answer = redirect(url_for("compliance.queue"), 303)
    if shortcuts():
        answer.set_cookie(
            SHORTCUTS,
            "off",
            max_age=31_536_000,
            samesite="Lax",
            httponly=True,
            secure=platform().settings.is_production,
        )
    else:
        answer.delete_cookie(SHORTCUTS)
    return answer


@blueprint.app_template_global()
def shortcuts() -> bool:
    """Whether single keys act on the pages of officers."""
    return request.cookies.get(SHORTCUTS) != "off"
