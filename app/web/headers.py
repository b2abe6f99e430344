"""What every answer carries: security headers, a request id, and one line in the log."""

from __future__ import annotations

import time

import structlog
from flask import Flask, Response, g, request

from app.web.session import carries_session, platform, request_id

log = structlog.get_logger("web")

#: Everything comes from this site, nothing inline; forms go nowhere else.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'; manifest-src 'self'"
)


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.began = time.perf_counter()
    g.carried_session = carries_session()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
    if platform().settings.is_production:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    is_static = request.endpoint == "static"
    if not is_static and (g.get("carried_session") or carries_session() or request.method != "GET"):
        response.headers["Cache-Control"] = "no-store"
    if not is_static:
        # The route, not the address: addresses can hold what a person typed.
        route = request.url_rule.rule if request.url_rule else "-"
        elapsed_ms = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
        log.info("request", method=request.method, route=route, status=response.status_code, elapsed_ms=elapsed_ms)
    return response
