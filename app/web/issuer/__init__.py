"""Pages for companies: the company, its offerings section by section, pledges and money as they come in."""

from flask import Blueprint

blueprint = Blueprint("issuer", __name__, url_prefix="/issuer")

from app.web.issuer import allotment, changes, companies, distributions, offerings, related, rolling, sections, waitlist
