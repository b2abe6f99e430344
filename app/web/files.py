"""Files that pages hand out."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Response


def attachment(filename: str, media_type: str, content: bytes | str | Iterator[str]) -> Response:
    """A file that the browser saves and never runs; an iterator is sent as it goes, however long it is."""
    response = Response(content, mimetype=media_type)
    name = quote(filename, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def csv_file(filename: str, written: str | Iterator[str]) -> Response:
    return attachment(filename, "text/csv", written)
