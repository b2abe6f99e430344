"""Addresses of this site: what can be asked of it at all, and how to come back to the page one is on."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, abort, current_app, request, url_for
from werkzeug.routing import IntegerConverter

from app.web.session import platform

#: The largest number that a row of the database can have.
GREATEST_ID = 2**63 - 1
COUNTRY = re.compile("[A-Z]{2}")
UNKNOWN_COUNTRY = "XX"


class RowId(IntegerConverter):
    """`<int:…>` in an address: a number that no row can have leads nowhere, like any other that is unknown."""

    def __init__(self, url_map: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(url_map, *args, **{**kwargs, "max": GREATEST_ID})


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = RowId
    app.before_request(_refuse_nul)
    app.before_request(_limit_body)


def _refuse_nul() -> None:
    """The database knows no text with this character in it, so nothing here has such a name."""
    if "\0" in request.path:
        abort(404)
    if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
        abort(400)


def _limit_body() -> None:
    """Only an upload is large: the library itself does not limit what is typed into a form."""
    if request.mimetype != "multipart/form-data":
        request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]


def country_of_connection() -> str | None:
    """ISO 3166 as the trusted proxy tells it; None: no such proxy, or it does not know (XX), or it is no country (T1)."""
    header = platform().settings.country_header
    told = "" if header is None else request.headers.get(header, "").strip().upper()
    return told if COUNTRY.fullmatch(told) and told != UNKNOWN_COUNTRY else None


def is_page() -> bool:
    """Whether this address can be asked for again: it shows something, and does not only take posts."""
    if request.url_rule is None:
        return False
    here = request.url_rule.rule
    return any(rule.rule == here and "GET" in (rule.methods or ()) for rule in current_app.url_map.iter_rules())


def this_page() -> str | None:
    """The address of this page without what follows the question mark; None when it cannot be asked for again."""
    return url_for(request.endpoint, **(request.view_args or {})) if is_page() and request.endpoint else None
