"""A proposed edition of a law, tried on the decisions of the past: who would be refused, by how much. Writes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms.fields import FileField

from app.access import Permission
from app.database import Database
from app.decisions import replay
from app.decisions.replay import Change, WhatIf
from app.errors import Refused
from app.i18n.words import N_
from app.pledges import queries as pledges
from app.regimes.parameters import PackError
from app.regimes.regime import Regime
from app.web.compliance import blueprint
from app.web.compliance.rules import law_named
from app.web.files import csv_file
from app.web.forms import Form, long_text, opened, text
from app.web.guard import allow
from app.web.session import looking, platform

LONGEST_EDITION = 200_000
LONGEST_LOOK_BACK = 36_500
COLUMNS = (
    "decision", "decided_at", "offering", "currency", "requested", "stored", "proposed", "rule", "largest", "short_by",
)  # fmt: skip


class WhatIfForm(Form):
    edition = long_text(
        N_("The proposed edition, in TOML"), LONGEST_EDITION, needed=False,
        render_kw={"rows": 18, "class": "code", "spellcheck": "false"},
    )  # fmt: skip
    file = FileField(N_("Or its file"))
    days = text(N_("Days looked back"), 5, render_kw={"inputmode": "numeric"})


@blueprint.get("/rules/<regime_id>/what-if")
@allow(Permission.REVIEW)
def what_if(regime_id: str) -> ResponseReturnValue:
    """A form with the edition that decides now, to be changed at will."""
    law = law_named(regime_id)
    return _page(law, opened(WhatIfForm, edition=law.pack.text, days="365"))


@blueprint.post("/rules/<regime_id>/what-if")
@allow(Permission.REVIEW)
def what_if_answer(regime_id: str) -> ResponseReturnValue:
    """What the proposed edition would have changed: a page with the first of it, or all of it as a file."""
    law, form = law_named(regime_id), WhatIfForm()
    _take_file(form)
    if not form.is_refused and form.validate():
        days = form.whole("days")
        if days is not None and not 1 <= days <= LONGEST_LOOK_BACK:
            form.refuse(Refused("days_out_of_range", field="days", most=LONGEST_LOOK_BACK))
        try:
            proposed = replay.proposed_edition(regime_id, form.edition.data or "")
        except PackError as error:
            where, _, fault = str(error).partition(": ")
            form.refuse(Refused("edition_unreadable", field="edition", where=where))
            return _page(law, form, fault=fault)
        if days is not None and not form.is_refused:
            if request.form.get("as") == "csv":
                return _download(proposed, timedelta(days))
            with looking() as view:
                found = replay.what_if(view.session, proposed, view.now - timedelta(days))
                refs = pledges.refs_of_decisions(view.session, [one.decision_id for one in found.changes])
            return _page(law, form, found=found, refs=refs, turned=_turned(found))
    return _page(law, form)


def _page(law: Regime, form: WhatIfForm, **more: object) -> ResponseReturnValue:
    return render_template("compliance/what_if.html", pack=law.pack, form=form, named=replay.NAMED, **more), form.status


def _take_file(form: WhatIfForm) -> None:
    """A file takes the place of what was typed."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return
    content = upload.read(LONGEST_EDITION + 1)
    if len(content) > LONGEST_EDITION:
        form.refuse(Refused("field_too_long", field="file", longest=LONGEST_EDITION))
        return
    try:
        form.edition.data = content.decode().strip()
    except UnicodeDecodeError:
        form.refuse(Refused("file_not_text", field="file"))


def _turned(found: WhatIf) -> list[tuple[str, str, int, dict[str, int]]]:
    """Stored answer, proposed answer, how often, and how much of the amounts would not pass by currency."""
    rows = []
    for turned, count in sorted(found.turned.items()):
        stored, _, proposed = turned.partition(" > ")
        rows.append((stored, proposed, count, found.short.get(turned, {})))
    return rows


def _download(proposed: Regime, back: timedelta) -> Response:
    """Every change, written as it is found: the answer needs no more memory however long it is."""
    return csv_file(f"what-if-{proposed.pack.id}.csv", _lines(platform().database, proposed, back))


def _lines(database: Database, proposed: Regime, back: timedelta) -> Iterator[str]:
    yield _line(COLUMNS)
    with database.snapshot() as view:
        for change in replay.changes(view.session, proposed, view.now - back):
            if change is not None:
                yield _line(_cells(change))


def _cells(change: Change) -> tuple[object, ...]:
    """Our own codes, numbers and amounts only: nothing in it was typed by anybody."""
    return (
        change.decision_id, change.decided_at.isoformat(), change.offering_id, change.requested.currency,
        change.requested.amount, change.stored, change.proposed, change.rule,
        "" if change.largest is None else change.largest.amount, "" if change.short_by is None else change.short_by.amount,
    )  # fmt: skip


def _line(cells: tuple[object, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
