"""A Form C file on its way through the browser: what is none is named, and nothing is stored."""

from __future__ import annotations

import io

import pytest

from tests.builders import World
from tests.servers import ROOT
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market

FILINGS = ROOT / "app" / "demo" / "filings"
PICKLEBALL = (FILINGS / "pickleball.C.xml").read_bytes()
NAMESPACE = b"http://www.sec.gov/edgar/formc"
LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">%s]><edgarSubmission>&lol9;</edgarSubmission>"""
    % (
        b"".join(
            b'<!ENTITY lol%d "%s">' % (n, b"&lol%d;" % (n - 1) * 10 if n > 1 else b"&lol;" * 10) for n in range(1, 10)
        )
    )
)
FILE_READER = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<edgarSubmission xmlns="' + NAMESPACE + b'">&x;</edgarSubmission>'
)


def send(browser: Browser, content: bytes | None, name: str = "filing.xml") -> Page:
    fields = {} if content is None else {"file": (io.BytesIO(content), name)}
    return browser.post("/issuer/offerings/import", fields)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Choose a file"),
        (b"", "no complete XML"),
        (PICKLEBALL[:3000], "no complete XML; reading stopped at line"),
        (PICKLEBALL.replace(b"</formData>", b""), "no complete XML"),
        (LAUGHS, "It was not read"),
        (FILE_READER, "It was not read"),
        (PICKLEBALL.decode().encode("utf-16"), "It was not read"),
        (PICKLEBALL.replace(NAMESPACE, b"http://example.org/formc"), "no filing of the SEC's Form C family"),
        (b"<html><body>Form C</body></html>", "no filing of the SEC's Form C family"),
        (b"%PDF-1.4", "no complete XML"),
        (b"\xff\xfe\x00", "It was not read"),
        (b"<a>" * 5_000, "no complete XML"),
        (b" " * 2_000_001, "at most 2,000 kB"),
        (PICKLEBALL.replace(b">C<", b">X-17A-5<", 1), "is not one of C, C/A, C-U"),
        ((FILINGS / "hidden-sea.C-U.xml").read_bytes(), "This form opens no offering, so no draft was made"),
        ((FILINGS / "neurotez.C-TR.xml").read_bytes(), "This form opens no offering, so no draft was made"),
    ],
    ids=[
        "none", "empty", "truncated", "unclosed", "laughs", "external", "utf-16", "namespace", "html", "pdf", "noise",
        "deep", "large", "unknown form", "progress update", "termination",
    ],
)  # fmt: skip
def test_a_file_that_is_no_form_c_is_refused_at_its_field(market: Market, content: bytes | None, words: str) -> None:
    with market.site.unchanged():
        page = send(market.browser("issuer"), content)
    assert page.status == 422
    assert words in page.error_at("file")


def test_a_file_known_to_be_too_large_is_not_even_read(market: Market) -> None:
    browser = market.browser("issuer")
    with market.site.unchanged():
        page = browser.send(
            "POST", "/issuer/offerings/import", input_stream=io.BytesIO(b"<"),
            content_type="multipart/form-data; boundary=x", environ_overrides={"CONTENT_LENGTH": "50000000"},
        )  # fmt: skip
    assert page.status == 413
    assert "That is too large" in page.text


def test_a_form_c_makes_a_draft_once(site: Site, world: World) -> None:
    people = [world.issuer()[1].user_id for _ in range(2)]
    browser = site.browser(people[0])
    page = send(browser, PICKLEBALL)
    assert page.status == 303, page.text
    ref = page.location.rsplit("/", 1)[1]
    assert "Pickleball" in browser.get(page.location).text
    with site.unchanged():
        again = send(browser, PICKLEBALL)
        assert again.status == 422
        assert f"This very file was imported before: see {ref}" in again.error_at("file")
        # Another file of the same company, sent by somebody who does not act for it.
        other = send(site.browser(people[1]), PICKLEBALL.replace(b"CARSON", b"TORRANCE"))
        assert other.status == 422
        assert "Ask one of its members to add you" in other.error_at("file")
        assert site.browser(people[1]).get(page.location).status == 404
