"""Somebody at a browser without JavaScript: reads pages, fills in their forms, follows where they lead."""

from __future__ import annotations

import httpx
import pyotp
from lxml import html

from app.assessments.bank import bank
from tests.builders import PASSWORD


class Visitor:
    """`page` is the last page, parsed; `status` and `path` are its answer and where it was."""

    def __init__(self, url: str, language: str = "en") -> None:
        self.http = httpx.Client(
            limits=httpx.Limits(max_keepalive_connections=0),  # nothing is left open when a test ends
            base_url=url,
            follow_redirects=True,
            timeout=60,
            headers={"Accept-Language": language},
        )
        self.page = html.document_fromstring("<html></html>")
        self.status = 0
        self.path = ""

    def go(self, path: str) -> Visitor:
        return self._read(self.http.get(path))

    def submit(self, action: str = "", /, **fields: str) -> Visitor:
        """Send the page's form whose address ends with `action`, or else the first one that has all of these fields."""
        form = self._form(action, fields)
        values = {**dict(form.form_values()), **fields}
        method = form.method.lower()
        where = form.action or str(self.http.base_url.join(self.path))
        sent = {"params": values} if method == "get" else {"data": values}
        return self._read(self.http.request(method, where, **sent))  # type: ignore[arg-type]

    def _form(self, action: str, fields: dict[str, str]) -> html.FormElement:
        for form in self.page.xpath("//main//form") + self.page.forms:
            named = {*form.fields.keys(), *(button.get("name") for button in form.iter("button"))}
            where = form.action or self.path.partition("?")[0]
            if where.partition("?")[0].endswith(action) and fields.keys() <= named:
                return form
        raise AssertionError(f"no form {action} with {sorted(fields)} on {self.path}:\n{self.text}")

    def tick_all(self) -> dict[str, str]:
        """Every tick box of the page, and the right answers to its questions; nothing is chosen beforehand."""
        boxes = self.page.xpath("//main//input[@type='checkbox']")
        choices = self.page.xpath("//main//input[@type='radio']")
        assert boxes and not any(one.checked for one in boxes + choices)
        right = {f"q_{one.id}": one.right for one in bank("us_commitment").questions} if choices else {}
        return {box.get("name"): box.get("value") for box in boxes} | right

    def _read(self, answer: httpx.Response) -> Visitor:
        self.status, self.path = answer.status_code, str(answer.url.raw_path, "ascii")
        self.page = html.document_fromstring(answer.text)
        return self

    @property
    def text(self) -> str:
        """What the page says, with single spaces."""
        return " ".join(self.page.text_content().split())

    def sign_in(self, email: str, totp_secret: str | None = None) -> Visitor:
        self.go("/sign-in").submit(email=email, password=PASSWORD)
        if totp_secret is not None:
            self.submit(code=pyotp.TOTP(totp_secret).now())
        assert "Sign out" in self.text or "退出" in self.text, self.text
        return self
