"""What every answer carries, whatever it answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.web import static_files
from tests.builders import PASSWORD, PDF
from tests.web.browser import Page, Site
from tests.web.market import Market
from tests.web.test_access import addresses


def policy(page: Page) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in page.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, _, sources in parts}


@pytest.mark.parametrize("who", ["anonymous", "half", "investor", "officer"])
def test_every_answer_is_guarded(market: Market, who: str) -> None:
    """Pages, redirects, refusals and errors of every address; those that change something are asked without a token."""
    wrong = []
    for endpoint, method, path in [*addresses(market.site), ("none", "GET", "/no-such-page")]:
        page = market.browser(who).send(method, path)
        found = policy(page)
        guarded = (
            found["default-src"] == "'none'"
            and found["form-action"] == "'self'"
            and found["frame-ancestors"] == "'none'"
            and found["base-uri"] == "'none'"
            and found["script-src"] == found["style-src"] == "'self'"
            and page.headers["X-Content-Type-Options"] == "nosniff"
            and page.headers["Referrer-Policy"] == "same-origin"
            and page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            and re.fullmatch(r"[0-9a-f]{16}", page.headers["X-Request-Id"])
        )
        if not guarded:
            wrong.append((endpoint, method, dict(page.headers)))
        is_file = endpoint == "static"
        private = who != "anonymous" or method != "GET"
        if private and not is_file and page.headers.get("Cache-Control") != "no-store":
            wrong.append((endpoint, method, "may be kept by a cache"))
    assert wrong == []


def test_a_page_that_ends_a_session_is_not_kept_either(site: Site) -> None:
    browser = site.browser(site.world.investor().user_id)
    site.world.sql("UPDATE user_sessions SET revoked_at = now()")
    assert browser.get("/me").headers["Cache-Control"] == "no-store"


def test_every_answer_has_a_number_of_its_own(market: Market) -> None:
    browser = market.browser("anonymous")
    assert len({browser.get("/rules").headers["X-Request-Id"] for _ in range(5)}) == 5


def test_a_number_that_somebody_sends_is_not_taken_over(market: Market) -> None:
    page = market.browser("anonymous").get("/rules", headers={"X-Request-Id": "deadbeefdeadbeef"})
    assert page.headers["X-Request-Id"] != "deadbeefdeadbeef"


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    person = site.world.user()
    page = site.browser().post("/sign-in", {"email": person.email, "password": PASSWORD})
    cookies = page.headers.getlist("Set-Cookie")
    (session,) = (one for one in cookies if one.startswith("openraise="))
    flags = {part.strip() for part in session.split(";")[1:]}
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= flags
    assert not any(flag.startswith(("Domain", "Expires", "Max-Age")) for flag in flags)


def test_the_language_cookie_is_kept_from_scripts(site: Site) -> None:
    browser = site.browser(site.world.user().id)
    chosen = browser.get("/rules?lang=zh-CN")
    saved = browser.post("/account", {"name": "N", "locale": "en", "timezone": "Asia/Shanghai"})
    for page in (chosen, saved):
        (kept,) = (one for one in page.headers.getlist("Set-Cookie") if one.startswith("lang="))
        assert "HttpOnly" in kept and "SameSite=Lax" in kept


@pytest.mark.parametrize("who", ["anonymous", "issuer", "officer"])
def test_a_document_is_saved_and_never_run(market: Market, who: str) -> None:
    offering = market.offerings["yuan"]
    document = market.document_of(offering)
    (row,) = market.world.sql(
        "SELECT ref FROM review_cases WHERE kind = 'offering' AND subject_id = :one", one=offering.id
    )
    public = market.offerings["live"]
    paths = {
        "anonymous": f"/offerings/{public.slug}/documents/{market.document_of(public)}",
        "issuer": f"/issuer/offerings/{offering.ref}/documents/{document}",
        "officer": f"/review/cases/{row[0]}/documents/{document}",
    }
    page = market.browser(who).get(paths[who])
    assert page.body == PDF
    assert page.headers["Content-Type"] == "application/pdf"
    name = "a.pdf" if who == "anonymous" else "%E8%B4%A2%E5%8A%A1.pdf"
    assert page.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert policy(page) == {"sandbox": "", "default-src": "'none'"}


def test_styles_and_scripts_are_our_own_files(market: Market) -> None:
    tree = market.browser("anonymous").get("/").tree
    sources = tree.xpath("//link/@href | //script/@src | //img/@src")
    assert sources
    assert all(source.startswith("/") and not source.startswith("//") for source in sources)
    served = static_files.files(Path(str(market.site.app.template_folder)))
    assert len(served) > 5
    assert not [name for name, file in served.items() if b"http://" in file.body.replace(b"http://www.w3.org", b"")]
