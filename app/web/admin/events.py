"""Events of the gateways that could not be handled: tried once more, or set aside as nothing of ours."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.i18n.words import N_
from app.payments import inbox
from app.payments import queries as payments
from app.web.admin import blueprint
from app.web.forms import Form, long_text
from app.web.guard import allow
from app.web.session import acting, looking

EVENTS_SHOWN = 100
#: Of what an event says, so much is shown.
LETTERS_SHOWN = 2_000


class AsideForm(Form):
    note = long_text(N_("Why it is nothing of ours"), 2000, needed=False)


@blueprint.get("/events")
@allow(Permission.OPERATE)
def events() -> ResponseReturnValue:
    """What could not be handled, the oldest first: what it says, how often it was tried, why not, whether money moved."""
    return _page(None)


def _form(event_id: int) -> AsideForm:
    return AsideForm(prefix=f"event-{event_id}")


def _page(sent: tuple[int, AsideForm] | None) -> ResponseReturnValue:
    with looking() as view:
        found = payments.events_not_handled(view.session, EVENTS_SHOWN)
        return render_template(
            "admin/events.html",
            found=[
                (one, one.event.body.decode(errors="replace")[:LETTERS_SHOWN], _form_of(one.event.id, sent))
                for one in found
            ],
            count=payments.count_not_handled(view.session),
            now=view.now,
        ), sent[1].status if sent else 200


def _form_of(event_id: int, sent: tuple[int, AsideForm] | None) -> AsideForm:
    return sent[1] if sent and sent[0] == event_id else _form(event_id)


@blueprint.post("/events/<int:event_id>/again")
@allow(Permission.OPERATE)
def replay_event(event_id: int) -> ResponseReturnValue:
    """Have it handled once more, as if it had just come."""
    with acting() as tx:
        inbox.replay(tx, event_id)
    flash(N_("It is handled once more, at once."), "ok")
    return redirect(url_for("admin.events"), 303)


@blueprint.post("/events/<int:event_id>/set-aside")
@allow(Permission.OPERATE)
def set_event_aside(event_id: int) -> ResponseReturnValue:
    """A person says that it is about nothing of ours."""
    form = _form(event_id)
    if form.do(lambda tx: inbox.set_aside(tx, event_id, form.note.data or "")):
        flash(N_("It is set aside. The trail keeps the reason with your name."), "ok")
        return redirect(url_for("admin.events"), 303)
    return _page((event_id, form))
