"""The investor's own page: what to do first, then what they have."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.access import Permission
from app.cash import queries as cash
from app.changes import queries as changes
from app.compliance import queries as compliance
from app.investors import queries as investors
from app.payments import queries as payments
from app.pledges import queries as pledges
from app.pledges.lifecycle import AUTHORISED, OVER, RESERVED
from app.share_register import queries as register
from app.waitlist import queries as waitlist
from app.web.guard import allow
from app.web.investor import blueprint
from app.web.session import looking, my_id, platform
from app.web.whom import acted_for, is_entity


@blueprint.get("/me")
@allow(Permission.SEE_OWN_INVESTMENTS)
def dashboard() -> ResponseReturnValue:
    """To-do first: questions to answer, pledges to pay, figures to give; then pledges and holdings."""
    with looking() as view:
        investor = acted_for(view)
        mine = pledges.of_investor(view.session, investor.id) if investor else []
        asked_by_bank = payments.waiting_for_payers(
            view.session, [one.id for one, _ in mine if one.status == AUTHORISED]
        )
        asked = changes.awaited_from(view.session, [pledge.id for pledge, _ in mine])
        return render_template(
            "investor/dashboard.html",
            investor=investor,
            entities=[one for one in investors.acted_for(view.session, my_id()) if is_entity(one)],
            questions=compliance.asked_of(view.session, my_id()),
            to_pay=[(pledge, offering) for pledge, offering in mine if pledge.status == RESERVED],
            to_approve=[(pledge, offering) for pledge, offering in mine if pledge.id in asked_by_bank],
            to_confirm=[(pledge, offering, asked[pledge.id][0]) for pledge, offering in mine if pledge.id in asked],
            going=[(pledge, offering) for pledge, offering in mine if pledge.status not in OVER],
            ended=[(pledge, offering) for pledge, offering in mine if pledge.status in OVER],
            in_line=[
                (entry, offering, waitlist.place(view.session, entry))
                for entry, offering in (waitlist.of_investor(view.session, investor.id) if investor else [])
            ],
            holdings=register.holdings(view.session, investor.id) if investor else [],
            regimes=[platform().regime(one).pack for one in platform().settings.regimes],
            cash=[one for one in cash.balances(view.session, investor.id) if one.total] if investor else [],
            now=view.now,
        )


@blueprint.get("/me/holdings")
@allow(Permission.SEE_OWN_INVESTMENTS)
def holdings() -> ResponseReturnValue:
    """The shares one owns, as the register has them."""
    with looking() as view:
        investor = acted_for(view)
        rows = register.holdings(view.session, investor.id) if investor else []
        return render_template("investor/holdings.html", rows=rows, investor=investor)
