"""The front door: what this is, where the money lies meanwhile, what can be lost, and what is open."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.offerings import queries
from app.offerings.queries import Filters
from app.web.gates import hidden_regimes
from app.web.guard import allow
from app.web.promotions import promoted
from app.web.public import blueprint
from app.web.public.pages import last_check
from app.web.session import looking, platform

#: The offerings that end first; all others are one step away.
SHOWN = 3


@blueprint.get("/")
@allow(Permission.READ_PUBLIC)
def home() -> ResponseReturnValue:
    """What somebody who never was here needs to know before they look at an offering."""
    with looking() as view:
        rows = queries.listed(view.session, Filters(), limit=SHOWN, stories_hidden=hidden_regimes(view))
        promoted(view, {one.regime for one, *_ in rows})
        return render_template(
            "public/home.html", rows=rows, now=view.now, sums=queries.sums(view.session),
            checked=last_check(view), fee_bps=platform().settings.platform_fee_bps,
        )  # fmt: skip
