"""Money that lies apart: one receipt, and what somebody proposes to become of it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField

from app.access import Permission
from app.approvals import queries as proposals
from app.approvals.models import ProposalKind
from app.i18n.words import N_
from app.offerings import queries as offerings
from app.pledges import unidentified
from app.reconciliation import queries
from app.web.admin import blueprint
from app.web.components import say
from app.web.forms import Form, long_text, text
from app.web.guard import allow
from app.web.session import looking, my_id

TO_PLEDGE, BACK = "pledge", "back"
WAYS = {TO_PLEDGE: N_("It is the payment of a pledge"), BACK: N_("Send it back to where it came from")}


class OwnedForm(Form):
    """What came back of a loss goes to who had borne it: only that is put to a second person."""

    why = long_text(N_("How you know"), 500, needed=False)


class ReceiptForm(OwnedForm):
    way = RadioField(
        N_("What becomes of it?"), choices=lambda: [(way, say(words)) for way, words in WAYS.items()], default=TO_PLEDGE
    )
    pledge = text(N_("Reference of the pledge"), 16, needed=False)


@blueprint.get("/receipts/<int:entry_id>")
@allow(Permission.OPERATE)
def receipt(entry_id: int) -> ResponseReturnValue:
    """One receipt, by the entry that booked it apart."""
    return _page(entry_id, _form(entry_id))


def _form(entry_id: int) -> OwnedForm:
    with looking() as view:
        return OwnedForm() if queries.receipt(view.session, entry_id).owner else ReceiptForm()


def _page(entry_id: int, form: OwnedForm) -> ResponseReturnValue:
    with looking() as view:
        found = queries.receipt(view.session, entry_id)
        return render_template(
            "admin/receipt.html",
            one=found,
            owner=unidentified.owner_of(view.session, found),
            offering=offerings.offering(view.session, found.offering_id),
            proposal=proposals.unfinished(view.session, ProposalKind.RECEIPT, f"receipt:{found.entry_id}"),
            my_id=my_id(),
            form=form,
            now=view.now,
        ), form.status


@blueprint.post("/receipts/<int:entry_id>")
@allow(Permission.OPERATE)
def propose_for_receipt(entry_id: int) -> ResponseReturnValue:
    """Propose to a second person what becomes of it."""
    form, pledge = _form(entry_id), None
    if isinstance(form, ReceiptForm) and form.way.data == TO_PLEDGE:
        pledge = (form.pledge.data or "").upper()
    if form.do(lambda tx: unidentified.propose(tx, entry_id, pledge, form.why.data or "")):
        flash(N_("A second person must agree now."), "ok")
        return redirect(url_for("admin.receipt", entry_id=entry_id), 303)
    return _page(entry_id, form)
