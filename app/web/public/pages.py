"""Pages that explain."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.errors import NotFound
from app.pledges import papers
from app.regimes.registry import BUILT
from app.web.guard import allow
from app.web.public import blueprint
from app.web.session import acting, actor, looking, me, platform, reader


@blueprint.get("/how-it-works")
@allow(Permission.READ_PUBLIC)
def how_it_works() -> ResponseReturnValue:
    """From a pledge to shares, or back to your account: every step and who holds the money."""
    return render_template("public/how_it_works.html", fee_bps=platform().settings.platform_fee_bps)


@blueprint.get("/two-minutes")
@allow(Permission.READ_PUBLIC)
def risk_summary() -> ResponseReturnValue:
    """The risks in two minutes: where the warning over an offering leads to. Source: FCA COBS 4.12A.11R, COBS 4 Annex 1."""
    return render_template("public/risk_summary.html")


@blueprint.get("/rules")
@allow(Permission.READ_PUBLIC)
def rules() -> ResponseReturnValue:
    """The rules in force today, with their figures, dates and sources, straight from the packs that decide."""
    with looking() as view:
        now = view.now
    regimes = [platform().regime(one) for one in platform().settings.regimes]
    days = [(regime.pack, regime.pack.day_of(now)) for regime in regimes]
    return render_template("public/rules.html", packs=[(pack, pack.version(today), today) for pack, today in days])


@blueprint.get("/rules/<regime_id>/papers/<statement_id>")
@allow(Permission.READ_PUBLIC)
def paper(regime_id: str, statement_id: str) -> ResponseReturnValue:
    """A paper of the rules, whole. That it was opened is kept: only then can it be acknowledged."""
    if regime_id not in BUILT:
        raise NotFound
    pack = platform().regime(regime_id).pack
    with looking() as view:
        today = pack.day_of(view.now)
    found = next((one for one in pack.statements_on(today) if one.id == statement_id), None)
    if found is None or found.paper is None:
        raise NotFound
    locale, person = reader().code, me()
    if person is not None and actor().is_signed_in and request.method == "GET":
        with acting() as tx:
            papers.record_opening(tx, person.user_id, found, locale)
    return render_template(
        "public/paper.html", pack=pack, statement=found, paper=found.paper, sha256=papers.version(found, locale)
    )
