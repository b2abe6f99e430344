"""Reading an uploaded file: that there is one, and what it is called."""

from __future__ import annotations

import re
import unicodedata

from flask import request

from app.errors import Refused


def uploaded() -> tuple[str, bytes] | None:
    """The name and the bytes of the field `file`; None when no file was chosen."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return None
    return _plain_name(upload.filename), upload.read()


def needed() -> tuple[str, bytes]:
    """As `uploaded`. Raises Refused("file_missing")."""
    found = uploaded()
    if found is None:
        raise Refused("file_missing", field="file")
    return found


def _plain_name(filename: str) -> str:
    """The name of the file alone, without folders and without characters that cannot be seen."""
    last = re.split(r"[/\\\\]", filename)[-1]
    seen = "".join(letter for letter in last if not unicodedata.category(letter).startswith("C"))
    return seen.strip() or "document"
