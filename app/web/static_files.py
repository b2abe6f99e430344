"""Style sheets, scripts and the mark: small, compressed, and kept by browsers until they change.

The base of our styles is Bootstrap, from its package. Of its rules only those are sent whose classes our pages use: a sixth of
it. The address of a file has a hash of what is in it, so a browser may keep it for good.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import tinycss2
from flask import Flask, Response, abort, current_app, request, session
from tinycss2.ast import AtRule, Node, QualifiedRule

FOLDER = Path(__file__).parents[1] / "static"
#: What `base.html` calls the part of Bootstrap that is used.
BASE = "base.css"
#: The parts of our own sheet, joined in the order of their names.
SITE = "site.css"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    body: bytes
    compressed: bytes
    type: str
    version: str


def init_app(app: Flask) -> None:
    app.add_url_rule("/static/<version>/<filename>", "static", _send)
    app.url_defaults(_add_version)
    app.before_request(_send_at_once)
    app.after_request(_depend_on_no_cookie)


def _send_at_once() -> Response | None:
    """Before anybody asks who is there."""
    asked = request.view_args or {}
    there = request.endpoint == "static" and asked["filename"] in files(_templates())
    return _send(**asked) if there else None


def _depend_on_no_cookie(response: Response) -> Response:
    """Flask-Login looks into every session, and an answer that depends on a cookie is kept by no cache."""
    if request.endpoint == "static":
        session.accessed = False
    return response


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "version" not in values:
        values["version"] = files(_templates())[values["filename"]].version


def _send(version: str, filename: str) -> Response:
    """Who asks for an older version, as a page that was loaded before a new release does, gets today's and keeps it not."""
    found = files(_templates()).get(filename)
    if found is None:
        abort(404)
    response = Response(found.body, content_type=f"{found.type}; charset=utf-8")
    if request.accept_encodings["gzip"] > 0:
        response.data = found.compressed
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = KEPT_FOR_GOOD if version == found.version else "no-cache"
    return response


def _templates() -> Path:
    return Path(str(current_app.template_folder))


@cache
def files(templates: Path) -> Mapping[str, File]:
    """Every file by its name."""
    bodies = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}
    bodies |= {
        BASE: _base(templates),
        SITE: b"".join(part.read_bytes() for part in sorted((FOLDER / "site").iterdir())),
    }
    return {name: _file(name, body) for name, body in bodies.items()}


def _file(name: str, body: bytes) -> File:
    return File(body, gzip.compress(body, 9, mtime=0), TYPES[Path(name).suffix], sha256(body).hexdigest()[:12])


def _base(templates: Path) -> bytes:
    package = resources.files("flask_bootstrap") / "static/bootstrap5/css/bootstrap.min.css"
    pages = [*templates.rglob("*.html"), *Path(__file__).parent.rglob("*.py"), *FOLDER.glob("*.js")]
    words = {word for page in pages for word in re.findall(r"[\w-]+", page.read_text("utf-8"))}
    return used(package.read_text("utf-8"), words).encode()


def used(styles: str, words: Iterable[str]) -> str:
    """The rules of a style sheet all of whose classes are among these words."""
    return "".join(
        part for rule in _apart(styles) for part in _used(tinycss2.parse_stylesheet(rule, True, True), frozenset(words))
    )


def _apart(styles: str) -> Iterator[str]:
    """Each rule by itself: all of Bootstrap parsed at once would stay in the memory of the process."""
    depth = start = 0
    for brace in re.finditer(r"[{}]", styles):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            yield styles[start : brace.end()]
            start = brace.end()
    yield styles[start:]


def _used(rules: Iterable[Node], words: frozenset[str]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, AtRule) and rule.at_keyword == "media":
            inner = "".join(_used(tinycss2.parse_rule_list(rule.content, True, True), words))
            if inner:
                yield f"@media {tinycss2.serialize(rule.prelude).strip()}{{{inner}}}"
        elif isinstance(rule, QualifiedRule):
            selectors = re.split(r",(?![^(]*\))", tinycss2.serialize(rule.prelude))
            kept = [one for one in selectors if words.issuperset(re.findall(r"\.(-?[A-Za-z_][\w-]*)", one))]
            if kept:
                yield f"{','.join(kept)}{{{tinycss2.serialize(rule.content)}}}"
