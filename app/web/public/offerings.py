"""Finding an offering and reading everything about it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.changes import queries as changes
from app.changes.models import ChangeDocument
from app.closings import queries as closings
from app.errors import NotFound
from app.i18n import labels
from app.issuers import queries as issuers
from app.offerings import actions, queries
from app.offerings.lifecycle import LIVE
from app.offerings.models import OfferingDocument
from app.offerings.queries import Filters
from app.pledges import queries as pledges
from app.regimes import platform_policy
from app.web.addresses import GREATEST_ID
from app.web.files import attachment
from app.web.gates import closed_gate, hidden_regimes
from app.web.guard import allow
from app.web.promotions import promoted
from app.web.public import blueprint
from app.web.session import acting, actor, looking, me, platform

PAGE = 24
LONGEST_SEARCH = 100


@blueprint.get("/offerings")
@allow(Permission.READ_PUBLIC)
def offerings() -> ResponseReturnValue:
    """Public offerings; the filters are in the address, the order is by deadline and nothing else."""
    filters = Filters(
        words=request.args.get("q", "").strip()[:LONGEST_SEARCH],
        regime=_known(request.args.get("rules", ""), platform().settings.regimes),
        security_type=_known(request.args.get("security", ""), labels.SECURITY_TYPES),
        status=_known(request.args.get("status", ""), ("open", "past")) or "open",
    )
    with looking() as view:
        rows = queries.listed(
            view.session, filters, limit=PAGE + 1, after=_after(), stories_hidden=hidden_regimes(view)
        )
        promoted(view, {one.regime for one, *_ in rows})
        now = view.now
    following = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1][0]
        assert last.deadline_at is not None
        kept = {name: value for name, value in request.args.items() if name != "after"}
        seen = {"after": f"{last.deadline_at.isoformat()}/{last.id}"}
        following = f"{url_for('.offerings')}?{urlencode(kept | seen)}"
    return render_template(
        "public/offerings.html", rows=rows[:PAGE], filters=filters, now=now, following=following,
        regimes=[platform().regime(one).pack for one in platform().settings.regimes],
    )  # fmt: skip


def _known(value: str, allowed: object) -> str:
    return value if value in allowed else ""  # type: ignore[operator]


def _after() -> tuple[datetime, int] | None:
    at, _, number = request.args.get("after", "").partition("/")
    try:
        instant = datetime.fromisoformat(at)
        return (instant, int(number)) if instant.tzinfo is not None and 0 <= int(number) <= GREATEST_ID else None
    except ValueError:
        return None


@blueprint.get("/offerings/<slug>")
@allow(Permission.READ_PUBLIC)
def offering(slug: str) -> ResponseReturnValue:
    """Everything about one offering: terms, progress, risks at the same size as the story, documents.

    Where the rules show the basics only, the rest is not in the page at all.
    """
    with looking() as view:
        found = queries.by_slug(view.session, slug)
        assert found.deadline_at is not None and found.opened_at is not None
        gate = closed_gate(view, found)
        promoted(view, (found.regime,))
        return render_template(
            "public/offering.html",
            offering=found,
            issuer=issuers.issuer(view.session, found.issuer_id),
            progress=queries.progress(view.session, found.id),
            from_related=pledges.from_related(view.session, found.id),
            related_counts=platform_policy.related_money_counts(platform().regime(found.regime).pack.day_of(view.now)),
            investors=pledges.investors_in(view.session, found.id),
            seats_taken=pledges.people_in(view.session, found.id),
            gate=gate,
            documents=[] if gate else queries.documents(view.session, found.id),
            filing=None if gate else queries.filing_of(view.session, found.id),
            change_proposed=changes.is_proposed(view.session, found.id),
            changes=[]
            if gate
            else [(one, changes.redline_of(view.session, one)) for one in changes.published(view.session, found.id)],
            deadline_moves=[] if gate else changes.deadline_moves(view.session, found.id),
            cancel_until=platform().regime(found.regime).cancel_until(found.deadline_at, view.now),
            rolling=closings.announced(view.session, found.id),
            now=view.now,
            is_open=found.status == LIVE and view.now < found.deadline_at,
        )


@blueprint.get("/offerings/<slug>/documents/<int:document_id>")
@allow(Permission.READ_PUBLIC)
def document(slug: str, document_id: int) -> ResponseReturnValue:
    """A document of a public offering, as a download. That it was opened is kept: only then can it be acknowledged."""
    with looking() as view:
        found = queries.by_slug(view.session, slug)
        if closed_gate(view, found) is not None:
            raise NotFound
        document = queries.document(view.session, found.id, document_id)
        answer = as_download(document)
    person = me()
    if person is not None and actor().is_signed_in and request.method == "GET":
        with acting() as tx:
            actions.record_opening(tx, person.user_id, document.id)
    return answer


def as_download(document: OfferingDocument | ChangeDocument) -> Response:
    """A document that the browser saves and never runs."""
    return attachment(document.filename, document.media_type, document.content)
