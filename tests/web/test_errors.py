"""When something cannot be done: what happened, that nothing changed, what to do, and a reference; in both languages."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from app.access import Permission
from app.actor import Role
from app.errors import Mistake, NotFound, Refused
from app.i18n.locales import LANGUAGES
from app.i18n.words import said
from app.web.errors import WORDS
from app.web.guard import allow
from app.web.session import acting
from tests.logs import logged, written
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market

SECRET = "ida@example.test"


def refused(market: Market, language: str) -> Iterator[tuple[int, Page]]:
    """One request for each kind of refusal."""
    browser = market.browser("investor", language)
    yield 400, browser.send("POST", "/account")
    yield 403, browser.get("/review")
    yield 404, browser.get("/no-such-page")
    yield 404, browser.get("/me/pledges/P-NOTHING")
    yield 405, browser.get("/sign-out")
    yield 413, browser.post("/account", {"name": "x" * 600_000})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_what_happened_what_to_do_and_gives_a_reference(market: Market, language: str) -> None:
    with market.site.unchanged():
        for status, page in refused(market, language):
            assert page.status == status
            assert page.tree.get("lang") == language
            for sentence in WORDS[status]:
                assert said(LANGUAGES[language], sentence) in page.text
            assert page.headers["X-Request-Id"] in page.text
            assert str(status) in page.text


def test_every_kind_of_refusal_has_words_of_its_own() -> None:
    assert len(set(WORDS.values())) == len(WORDS)
    for title, meaning, _ in WORDS.values():
        assert all(said(LANGUAGES["zh-CN"], sentence) != sentence for sentence in (title, meaning))


# An error inside of a page


@pytest.fixture
def log(site: Site) -> Iterator[io.StringIO]:
    with logged() as lines:
        yield lines


def add_pages(app: Flask) -> None:
    """Pages that break in the ways that pages break."""

    @allow(Permission.READ_PUBLIC)
    def breaks() -> str:
        with acting() as tx:
            tx.session.execute(text("UPDATE users SET name = 'changed'"))
            tx.session.flush()
            raise RuntimeError(f"no such person: {SECRET}")

    @allow(Permission.READ_PUBLIC)
    def breaks_in_sql() -> str:
        with acting() as tx:
            tx.session.execute(text("UPDATE users SET name = 'changed'"))
            tx.session.execute(text("UPDATE users SET email = :email, id = :email"), {"email": SECRET})
        return ""

    @allow(Permission.READ_PUBLIC)
    def breaks_a_rule_of_the_database() -> str:
        with acting() as tx:
            tx.session.execute(text("UPDATE users SET email = :email"), {"email": SECRET})
        return ""

    @allow(Permission.READ_PUBLIC)
    def makes_a_mistake() -> str:
        raise Mistake(SECRET)

    @allow(Permission.READ_PUBLIC)
    def says_no() -> str:
        with acting() as tx:
            tx.session.execute(text("UPDATE users SET name = 'changed'"))
            raise Refused("not_open")

    @allow(Permission.READ_PUBLIC)
    def finds_nothing() -> str:
        with acting() as tx:
            tx.session.execute(text("UPDATE users SET name = 'changed'"))
            raise NotFound

    for view in (breaks, breaks_in_sql, breaks_a_rule_of_the_database, makes_a_mistake, says_no, finds_nothing):
        app.add_url_rule(f"/{view.__name__}", view.__name__, view)


@pytest.fixture
def browser(site: Site) -> Browser:
    add_pages(site.app)
    site.world.user(Role.INVESTOR)
    return site.browser(site.world.user(Role.INVESTOR, name="Ida", email="ida2@example.test").id)


@pytest.mark.parametrize("path", ["breaks", "breaks_in_sql", "breaks_a_rule_of_the_database", "makes_a_mistake"])
def test_an_error_inside_a_page_changes_nothing_and_tells_the_log_no_personal_data(
    site: Site, browser: Browser, log: io.StringIO, path: str
) -> None:
    with site.unchanged():
        page = browser.get(f"/{path}")
    assert page.status == 500
    assert "What you did was not recorded, and no money moved because of it." in page.text
    (line,) = written(log, "unexpected_error")
    assert line["request_id"] == page.headers["X-Request-Id"]
    assert line["request_id"] in page.text
    assert line["endpoint"] == path
    assert path in str(line["where"])  # who reads the log finds the place
    assert line["error"] in ("RuntimeError", "ProgrammingError", "IntegrityError", "Mistake")
    for personal in (SECRET, "Ida", "ida2@example.test", "changed"):
        assert personal not in log.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_an_error_speaks_the_readers_language(site: Site, language: str) -> None:
    add_pages(site.app)
    page = site.browser(language=language).get("/makes_a_mistake")
    assert (page.status, page.tree.get("lang")) == (500, language)
    assert all(said(LANGUAGES[language], sentence) in page.text for sentence in WORDS[500])


@pytest.mark.parametrize(("path", "status"), [("says_no", 409), ("finds_nothing", 404)])
def test_a_refusal_that_no_form_shows_undoes_everything(
    site: Site, browser: Browser, log: io.StringIO, path: str, status: int
) -> None:
    with site.unchanged():
        page = browser.get(f"/{path}")
    assert page.status == status
    assert status == 404 or "This offering is not open for pledges." in page.text
    assert written(log, "unexpected_error") == []


def test_when_even_the_frame_of_the_page_breaks_there_is_a_plain_one(
    site: Site, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pages(site.app)
    monkeypatch.setitem(site.app.jinja_env.filters, "moment", lambda *given: 1 / 0)  # the demo clock of the frame
    page = site.browser(language="zh-CN").get("/makes_a_mistake")
    assert (page.status, page.tree.get("lang")) == (500, "zh-CN")
    assert said(LANGUAGES["zh-CN"], WORDS[500][0]) in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert written(log, "error_page_failed")


def test_the_log_of_a_request_names_the_route_and_nothing_of_a_person(site: Site, log: io.StringIO) -> None:
    person = site.world.user(Role.INVESTOR, name="Ida Investor", email="ida@example.test")
    browser = site.browser(person.id)
    browser.get("/?q=Ida+Investor")
    browser.get("/verify-email/a-secret-token")
    browser.post("/me/figures/US-CF", {"legal_name": "Ida Investor", "country": "US", "annual_income": "123456789"})
    browser.post("/sign-in", {"email": "ida@example.test", "password": "a secret password"})
    lines = written(log, "request")
    assert [line["route"] for line in lines] == ["/", "/verify-email/<token>", "/me/figures/<regime_id>", "/sign-in"]
    assert {tuple(sorted(line)) for line in lines} == {
        ("elapsed_ms", "event", "level", "method", "request_id", "route", "status", "timestamp")
    }
    for personal in ("Ida", "ida@example.test", "secret", "123456789"):
        assert personal not in log.getvalue()
