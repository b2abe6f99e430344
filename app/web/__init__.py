"""The site: pages by audience. A page translates: it reads a form, opens the one transaction, calls one action, and
shows what came of it. `session.py` has the helpers that every page uses; open it first, then the audience you look for.
"""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect

from app.web import (
    addresses,
    components,
    dev,
    errors,
    guard,
    headers,
    health,
    law,
    sandbox,
    session,
    static_files,
    theme,
    webhooks,
)
from app.web.account import blueprint as account
from app.web.admin import blueprint as admin
from app.web.compliance import blueprint as compliance
from app.web.investor import blueprint as investor
from app.web.issuer import blueprint as issuer
from app.web.public import blueprint as public


def init_app(app: Flask) -> None:
    """Register every page and what surrounds them, in the order in which a request meets it."""
    static_files.init_app(app)
    headers.init_app(app)
    session.init_app(app)
    theme.init_app(app)
    addresses.init_app(app)
    health.init_app(app)
    law.init_app(app)
    csrf = CSRFProtect(app)
    guard.init_app(app)
    components.init_app(app)
    errors.init_app(app)
    # Signed by the gateway instead of by a form's token.
    csrf.exempt(webhooks.blueprint)
    for blueprint in (public, account, investor, issuer, compliance, admin, webhooks.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    platform = session.platform_of(app)
    if platform.sandbox is not None:
        app.register_blueprint(sandbox.blueprint)
    if not platform.settings.is_production:
        app.register_blueprint(dev.blueprint)
