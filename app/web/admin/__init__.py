"""Pages for the operator: jobs, books, offerings to close, books and gateways compared."""

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/ops")

from app.web.admin import cash, events, ledger, operations, receipts, reconciliation, switches
