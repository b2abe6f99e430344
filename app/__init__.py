"""OpenRaise 众启: an equity-crowdfunding platform. `create_app` is the table of contents of the site."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Settings

ROOT = Path(__file__).parents[1]


def create_app(settings: Settings | None = None) -> Flask:
    """Put the site together.

    Raises config.ConfigurationError naming every setting that is missing or unsafe.
    """
    from app import cli, logs, web, wiring
    from app.jobs import queue

    settings = settings or Settings.from_environment(os.environ, ROOT)
    logs.configure(readable=settings.environment == "development" and os.isatty(2))
    platform = wiring.build(settings)
    platform.database.on_wake = queue.waker(platform.database)

    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-openraise" if settings.is_production else "openraise",
        SESSION_COOKIE_SECURE=settings.is_production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=12_000_000,
        MAX_FORM_MEMORY_SIZE=500_000,
    )
    if settings.trusted_proxies:
        # Without it every visitor has the proxy's address, and one who guesses passwords locks all the others out.
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    app.extensions["platform"] = platform
    web.init_app(app)
    cli.init_app(app)
    return app
