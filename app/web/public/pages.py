"""Pages that explain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.database import Snapshot
from app.errors import NotFound
from app.fees.terms import FeeTerms
from app.invariants import INVARIANTS
from app.job_runs import queries as job_runs
from app.money import Money
from app.pledges import papers
from app.regimes.registry import BUILT
from app.web.guard import allow
from app.web.public import blueprint
from app.web.session import acting, actor, looking, me, platform, reader

#: Raised in examples of fees, in whole units of a currency.
FEE_EXAMPLES = ("100000", "1000000")


@dataclass(frozen=True, slots=True)
class Check:
    at: datetime
    holds: bool


@blueprint.get("/how-it-works")
@allow(Permission.READ_PUBLIC)
def how_it_works() -> ResponseReturnValue:
    """From a pledge to shares, or back to your account: every step and who holds the money."""
    return render_template("public/how_it_works.html", fee_bps=platform().settings.platform_fee_bps)


@blueprint.get("/fees")
@allow(Permission.READ_PUBLIC)
def fees() -> ResponseReturnValue:
    """What it costs whom, reckoned by the very function that takes it, for each currency that is used here."""
    terms = FeeTerms(success_bps=platform().settings.platform_fee_bps)
    currencies = dict.fromkeys(platform().regime(one).pack.currency for one in platform().settings.regimes)
    raised = [Money.of(sum_, currency) for currency in currencies for sum_ in FEE_EXAMPLES]
    examples = [(one, terms.success_fee(one, one - one)) for one in raised]
    return render_template("public/fees.html", terms=terms, examples=examples)


@blueprint.get("/how-we-test")
@allow(Permission.READ_PUBLIC)
def how_we_test() -> ResponseReturnValue:
    """Every promise that the books must keep, and when it was last looked at whether they do."""
    with looking() as view:
        return render_template("public/how_we_test.html", promises=list(INVARIANTS), checked=last_check(view))


@blueprint.get("/accessibility")
@allow(Permission.READ_PUBLIC)
def accessibility() -> ResponseReturnValue:
    """Who can use this site, what was tried, what is known to be lacking, and where to write."""
    return render_template("public/accessibility.html", contact=platform().settings.contact)


def last_check(view: Snapshot) -> Check | None:
    """When all promises were last checked; None where that never happened yet."""
    at = job_runs.last_ran(view.session).get("check_books")
    run = job_runs.latest(view.session).get("check_books")
    return None if at is None else Check(at, run is None or run.error is None)


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
