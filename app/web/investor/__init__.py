"""Pages for investors: what they have, what they may, and the way from an amount to a pledge."""

from flask import Blueprint

blueprint = Blueprint("investor", __name__)

from app.web.investor import dashboard, figures, invest, pledges, questions, spouse, statements, status, understanding
