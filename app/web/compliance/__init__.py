"""Pages for compliance officers: what waits, one case with its facts and its rule, closings to approve, the rules."""

from flask import Blueprint

blueprint = Blueprint("compliance", __name__, url_prefix="/review")

from app.web.compliance import (
    alerts,
    bundles,
    cases,
    changes,
    claims,
    closings,
    proposals,
    queue,
    rules,
    what_if,
)  # fmt: skip
