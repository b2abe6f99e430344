"""Who waits for room in one's full offering: how many shares, since when; never who."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.waitlist import queries
from app.web.guard import allow
from app.web.issuer import blueprint
from app.web.issuer.offerings import mine
from app.web.session import looking

SHOWN = 200


@blueprint.get("/offerings/<ref>/waitlist")
@allow(Permission.RAISE)
def waitlist(ref: str) -> ResponseReturnValue:
    """The line in its order, who was offered room first."""
    with looking() as view:
        found = mine(view, ref)
        return render_template(
            "issuer/waitlist.html",
            offering=found,
            line=queries.line(view.session, found.id, SHOWN),
            wished=queries.wished(view.session, found.id),
            shown=SHOWN,
        )
