"""Keeps the site on the editions of the law that are adopted."""

from __future__ import annotations

import time

from flask import Flask, request

from app.web.session import platform_of
from app.wiring import follow_the_law

#: An adopted edition decides everywhere after so many seconds.
EVERY = 5.0


def init_app(app: Flask) -> None:
    platform, asked_at = platform_of(app), -EVERY

    def follow() -> None:
        nonlocal asked_at
        static = request.endpoint == "static"
        if not static and request.blueprint != "health" and time.monotonic() - asked_at >= EVERY:
            asked_at = time.monotonic()
            follow_the_law(platform)

    app.before_request(follow)
