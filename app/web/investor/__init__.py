"""Pages for investors: what they have, what they may, and the way from an amount to a pledge."""

from flask import Blueprint

from app.web.whom import keep_whom

blueprint = Blueprint("investor", __name__)
blueprint.url_defaults(keep_whom)

from app.web.investor import (
    cash,
    dashboard,
    entities,
    figures,
    invest,
    pledges,
    questions,
    spouse,
    statements,
    status,
    understanding,
    waitlist,
)
