"""Light or dark: as the reader's device has it, or as they chose here."""

from __future__ import annotations

from flask import Flask, Response, g, request

from app.i18n.words import N_
from app.web.session import remember

COOKIE = "theme"
#: What can be chosen, and its words; "auto" follows the device.
THEMES = {"auto": N_("As on this device"), "light": N_("Light"), "dark": N_("Dark")}


def init_app(app: Flask) -> None:
    app.before_request(_choose)
    app.after_request(_remember)
    app.jinja_env.globals["themes"] = THEMES
    app.context_processor(lambda: {"theme": g.get("theme", "auto")})


def _choose() -> None:
    asked = request.args.get("theme")
    g.theme_chosen = asked in THEMES
    g.theme = next((one for one in (asked, request.cookies.get(COOKIE)) if one in THEMES), "auto")


def _remember(response: Response) -> Response:
    if g.get("theme_chosen"):
        remember(response, COOKIE, g.theme)
    return response
