"""Pages for the operator: jobs, books, offerings to close."""

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/ops")

from app.web.admin import cash, operations
