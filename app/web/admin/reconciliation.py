"""Books, gateways and banks compared: the grid of days, one day's report, a break, and money that nobody touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.errors import NotFound
from app.i18n.words import N_
from app.ledger import queries as ledger
from app.offerings import queries as offerings
from app.payments import queries as payments
from app.pledges import queries as pledges
from app.reconciliation import actions, queries, tables
from app.reconciliation.classes import RULES, Kind
from app.reconciliation.dormant import dormant as find_dormant
from app.reconciliation.models import Break, ComparedDay
from app.switches import queries as switches
from app.web.admin import blueprint
from app.web.files import csv_file
from app.web.forms import Form, long_text
from app.web.guard import allow
from app.web.session import looking

#: Days side by side in the grid.
DAYS_SHOWN = 14


class NoteForm(Form):
    note = long_text(N_("What it was, or how it was made good"), 2000, needed=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """One gateway, currency and day: what is unexplained of all accounts, and how old the oldest open break of it is."""

    unexplained_minor: int
    is_whole: bool
    oldest: int | None


@blueprint.get("/reconciliation")
@allow(Permission.OPERATE)
def reconciliation() -> ResponseReturnValue:
    """The last days of every gateway and currency, every break that is open, and money that nobody is known to own."""
    with looking() as view:
        until = queries.last_compared(view.session)
        days = [until - timedelta(days=back) for back in range(DAYS_SHOWN)] if until else []
        open_breaks = queries.open_breaks(view.session)
        receipts = queries.receipts(view.session)
        return render_template(
            "admin/reconciliation.html",
            days=days,
            rows=_grid(queries.grid(view.session, until, DAYS_SHOWN), open_breaks) if until else {},
            breaks=open_breaks,
            receipts=receipts,
            names=offerings.names(view.session, [one.offering_id for one in receipts]),
            rules=RULES,
            kinds=Kind,
            frozen=switches.freeze(view.session),
            now=view.now,
        )


def _grid(found: list[ComparedDay], open_breaks: list[Break]) -> Mapping[tuple[str, str], Mapping[date, Cell]]:
    rows: dict[tuple[str, str], dict[date, Cell]] = {}
    for one in found:
        row = rows.setdefault((one.gateway, one.currency), {})
        before = row.get(one.day, Cell(0, True, None))
        ages = [
            (one.day - broken.day).days
            for broken in open_breaks
            if (broken.gateway, broken.currency) == (one.gateway, one.currency) and broken.day <= one.day
        ]
        row[one.day] = Cell(
            before.unexplained_minor + abs(one.unexplained_minor),
            before.is_whole and one.is_whole,
            max(ages, default=None),
        )
    return rows


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise NotFound from None


@blueprint.get("/reconciliation/<day>")
@allow(Permission.OPERATE)
def reconciled_day(day: str) -> ResponseReturnValue:
    """Every account of a day, both sides, and the breaks that stood at its end."""
    asked = _day(day)
    with looking() as view:
        found = queries.compared(view.session, asked)
        return render_template(
            "admin/reconciled_day.html", day=asked, accounts=found, breaks=queries.breaks_of(view.session, asked)
        )


@blueprint.get("/reconciliation/<day>.csv")
@allow(Permission.OPERATE)
def reconciled_day_csv(day: str) -> ResponseReturnValue:
    """The same as a file."""
    asked = _day(day)
    with looking() as view:
        accounts, breaks = queries.compared(view.session, asked), queries.breaks_of(view.session, asked)
        written = tables.as_csv((tables.DAY, tables.days(accounts)), (tables.BREAKS, tables.breaks(breaks)))
    return csv_file(f"reconciliation-{asked}.csv", written)


@blueprint.get("/breaks/<ref>")
@allow(Permission.OPERATE)
def broken(ref: str) -> ResponseReturnValue:
    """One break: what differs, what was done by itself, what made it whole."""
    return _break_page(ref, NoteForm())


def _break_page(ref: str, form: NoteForm) -> ResponseReturnValue:
    with looking() as view:
        one = queries.by_ref(view.session, ref)
        return render_template(
            "admin/break.html",
            one=one,
            rule=RULES[Kind(one.kind)],
            offering=one.offering_id and offerings.offering(view.session, one.offering_id),
            pledge=one.pledge_id and pledges.pledge(view.session, one.pledge_id),
            instruction=one.instruction_id and payments.instruction(view.session, one.instruction_id),
            booked=ledger.booked_by(view.session, one.instruction_id) if one.instruction_id else (),
            form=form,
            now=view.now,
        ), form.status


@blueprint.post("/breaks/<ref>")
@allow(Permission.OPERATE)
def explain_break(ref: str) -> ResponseReturnValue:
    """A person says what it was."""
    form = NoteForm()
    if form.do(lambda tx: actions.explain(tx, ref, form.note.data or "")):
        flash(N_("Noted. It comes back if the difference changes."), "ok")
        return redirect(url_for("admin.reconciliation"), 303)
    return _break_page(ref, form)


@blueprint.get("/dormant")
@allow(Permission.OPERATE)
def dormant() -> ResponseReturnValue:
    """Clients' money that nobody touches, with the reason."""
    with looking() as view:
        return render_template("admin/dormant.html", found=find_dormant(view), now=view.now)


@blueprint.get("/dormant.csv")
@allow(Permission.OPERATE)
def dormant_csv() -> ResponseReturnValue:
    """The same as a file."""
    with looking() as view:
        written = tables.as_csv((tables.DORMANT, tables.dormant(find_dormant(view))))
        return csv_file(f"dormant-{view.now:%Y-%m-%d}.csv", written)
