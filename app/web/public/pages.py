"""Pages that explain."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.web.guard import allow
from app.web.public import blueprint
from app.web.session import looking, platform


@blueprint.get("/how-it-works")
@allow(Permission.READ_PUBLIC)
def how_it_works() -> ResponseReturnValue:
    """From a pledge to shares, or back to your account: every step and who holds the money."""
    return render_template("public/how_it_works.html", fee_bps=platform().settings.platform_fee_bps)


@blueprint.get("/rules")
@allow(Permission.READ_PUBLIC)
def rules() -> ResponseReturnValue:
    """The rules in force today, with their figures, dates and sources, straight from the packs that decide."""
    with looking() as view:
        now = view.now
    regimes = [platform().regime(one) for one in platform().settings.regimes]
    days = [(regime.pack, regime.pack.day_of(now)) for regime in regimes]
    return render_template("public/rules.html", packs=[(pack, pack.version(today), today) for pack, today in days])
