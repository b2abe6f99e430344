"""The site in this process, and browsers without JavaScript that look at it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from lxml import html
from werkzeug.test import TestResponse

from app import create_app
from app.i18n.locales import LANGUAGES, Language
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.web.session import platform_of
from config import Settings
from tests.builders import World
from tests.worlds import stop_clock

#: What changes by looking alone.
COMINGS_AND_GOINGS = ("user_sessions", "worker_heartbeats")


class Page:
    """An answer, read as a browser reads it."""

    def __init__(self, answer: TestResponse) -> None:
        self.body = answer.get_data()
        answer.close()
        answer.request.environ["wsgi.input"].close()  # a large upload lies in a file
        self.status = answer.status_code
        self.headers = answer.headers
        self.location = answer.headers.get("Location", "")
        self.source = self.body.decode() if answer.mimetype == "text/html" else ""
        self.tree = html.document_fromstring(self.source or "<html></html>")

    @property
    def text(self) -> str:
        """What the page says, with single spaces."""
        return " ".join(self.tree.text_content().split())

    def field(self, name: str) -> html.HtmlElement:
        found: list[html.HtmlElement] = self.tree.xpath("//main//*[@name=$name]", name=name)
        assert found, f"no field {name} in: {self.text}"
        return found[0]

    def value(self, name: str) -> str:
        """What stands in a field."""
        field = self.field(name)
        if field.tag == "select":
            chosen = field.xpath("./option[@selected]/@value")
            return str(chosen[0]) if chosen else ""
        # A browser drops the line break that follows <textarea>.
        return (
            (field.text or "").removeprefix("\r\n").removeprefix("\n")
            if field.tag == "textarea"
            else field.get("value", "")
        )

    def error_at(self, name: str) -> str:
        """The message at a field: the one that the field itself says it is described by."""
        described = (self.field(name).get("aria-describedby") or "").split()
        messages = [one for id_ in described for one in self.tree.xpath("//*[@id=$id]", id=id_)]
        errors = [one.text_content() for one in messages if "field-error" in one.get("class", "")]
        assert errors, f"no error at {name} in: {self.text}"
        assert self.field(name).get("aria-invalid") == "true"
        return str(errors[0])

    def notices(self) -> str:
        """What the site said beside the page itself."""
        return " ".join(one.text_content() for one in self.tree.xpath("//main/p[@role='status']"))


class Browser:
    """Somebody's browser: it keeps cookies and sends the token of the form with everything that it posts."""

    def __init__(self, app: Flask, language: Language) -> None:
        self.app = app
        scheme = "https" if app.config["SESSION_COOKIE_SECURE"] else "http"
        self.base_url = f"{scheme}://localhost"
        self.client: FlaskClient = app.test_client()
        self.headers = {"Accept-Language": language.code, "Referer": f"{self.base_url}/"}

    @contextmanager
    def cookie(self) -> Iterator[Any]:
        """What the signed cookie holds."""
        with self.client.session_transaction(base_url=self.base_url) as cookie:
            yield cookie

    def get(self, path: str, **more: Any) -> Page:
        return self.send("GET", path, **more)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Page:
        return self.send("POST", path, data={**(fields or {}), "csrf_token": self.form_token()}, **more)

    def decide(self, path: str, fields: Mapping[str, Any]) -> Page:
        """Decide about a case in the two steps of its page: what would follow, and then the word itself."""
        checked = self.post(path, fields)
        if checked.status != 200:
            return checked
        return self.post(path, {**fields, "checked": checked.value("checked")})

    def send(self, method: str, path: str, **more: Any) -> Page:
        headers = {**self.headers, **more.pop("headers", {})}
        return Page(self.client.open(path, method=method, base_url=self.base_url, headers=headers, **more))

    def form_token(self) -> str:
        """The token that a form of this site would carry, without asking for the form."""
        with self.cookie() as cookie:
            secret = cookie.setdefault("csrf_token", secrets.token_hex(20))
        return str(URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token").dumps(secret))


class Site:
    """The whole site on a database of its own, and the world in it."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        self.world = World(platform_of(self.app))
        stop_clock(self.world)

    def close(self) -> None:
        self.world.platform.close()

    def browser(self, user_id: int | None = None, *, half: bool = False, language: str = "en") -> Browser:
        """A browser; with a person, signed in (`half`: the second factor is still to come)."""
        found = Browser(self.app, LANGUAGES[language])
        if language != "en":
            found.client.set_cookie("lang", language)  # chosen once, on whatever page
        if user_id is not None:
            token = self.session_of(user_id, half=half)
            with found.cookie() as cookie:
                cookie["_user_id"] = token
        return found

    def session_of(self, user_id: int, *, half: bool = False) -> str:
        """Open a session through the platform's own actions; hashing a password each time would be slow."""
        with self.world.acting() as tx:
            person = identity_queries.user(tx.session, user_id)
            token = identity.open_session(tx, person, "Test browser")
            tx.session.flush()
            needs_more = identity_queries.actor(person, passed_second_factor=False).awaits_second_factor
            return identity.begin_full_session(tx, token) if needs_more and not half else token

    def contents(self, *leave_out: str) -> dict[str, str]:
        """A hash of every table, ours and the pretend bank's, in one question."""
        tables = self.world.sql(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'sandbox')"
            " AND NOT tablename = ANY (:left) ORDER BY 1", left=[*COMINGS_AND_GOINGS, *leave_out],
        )  # fmt: skip
        hashes = [
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
            for (name,) in tables
        ]
        return dict(self.world.sql(" UNION ALL ".join(hashes)))

    @contextmanager
    def unchanged(self, *leave_out: str) -> Iterator[None]:
        """Nothing in the database may change meanwhile, but who is signed in where."""
        before = self.contents(*leave_out)
        yield
        after = self.contents(*leave_out)
        assert [name for name in before if before[name] != after[name]] == []
