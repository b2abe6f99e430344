"""What machines ask for: where searchers may look, and whom to tell of a weakness."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, url_for

from app.access import Permission
from app.web.guard import allow
from app.web.public import blueprint
from app.web.session import looking, platform

#: What nobody finds anything in who is not signed in.
PRIVATE = ("/me", "/account", "/issuer", "/review", "/ops", "/sign-in", "/sign-up", "/sandbox", "/webhooks")
#: Who reads the address of the contact later than this asks again.
GOOD_FOR = timedelta(days=180)


@blueprint.get("/robots.txt")
@allow(Permission.READ_PUBLIC)
def robots() -> Response:
    """Source: RFC 9309."""
    return _plain("User-agent: *", *(f"Disallow: {path}" for path in PRIVATE))


@blueprint.get("/.well-known/security.txt")
@allow(Permission.READ_PUBLIC)
def security() -> Response:
    """Source: RFC 9116."""
    with looking() as view:
        until = (view.wall_now + GOOD_FOR).replace(microsecond=0)
    return _plain(
        f"Contact: mailto:{platform().settings.contact}", f"Expires: {until.isoformat()}", "Preferred-Languages: en, zh",
        f"Canonical: {platform().settings.public_url}{url_for('public.security')}",
    )  # fmt: skip


def _plain(*lines: str) -> Response:
    return Response("\n".join((*lines, "")), content_type="text/plain; charset=utf-8")
