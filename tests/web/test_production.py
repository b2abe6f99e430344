"""What is there in development only, and what production adds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import request

from app import clock, create_app, wiring
from app.access import Permission
from app.actor import Role
from app.jobs import runner
from app.web.guard import permission_of
from app.web.session import platform_of
from app.wiring import Platform
from config import Settings
from tests.builders import PASSWORD
from tests.conftest import settings
from tests.servers import Server
from tests.web.browser import Site


@pytest.fixture
def without_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real gateway is built yet, so the sandbox's far side is taken away instead."""
    build = wiring.build

    def built(given: Settings) -> Platform:
        made = build(given)
        assert made.sandbox is not None
        made.sandbox.close()
        return replace(made, sandbox=None)

    monkeypatch.setattr(wiring, "build", built)


@pytest.fixture
def production(database_url: str, tmp_path: Path, without_sandbox: None) -> Iterator[Site]:
    """The site as production runs it."""
    safe = replace(settings(database_url, tmp_path), environment="production", public_url="https://localhost")
    site = Site(safe)
    with site.world.acting() as tx:
        clock.run_true(tx.session)
    yield site
    site.close()


def test_the_outbox_and_the_pretend_bank_are_not_there(site: Site, production: Site) -> None:
    def endpoints(one: Site) -> set[str]:
        return {rule.endpoint for rule in one.app.url_map.iter_rules()}

    assert endpoints(site) - endpoints(production) == {"dev.outbox", "sandbox.checkout", "sandbox.pay"}
    assert endpoints(production) <= endpoints(site)
    for path in ("/dev/outbox", "/sandbox/checkout/pay_1"):
        assert production.browser().get(path).status == 404
        assert production.browser().post(path).status == 404


def test_no_page_of_production_speaks_of_them(production: Site) -> None:
    for path in ("/", "/check-mail", "/sign-in", "/no-such-page"):
        page = production.browser().get(path)
        assert not page.tree.xpath("//a[contains(@href, '/dev/') or contains(@href, '/sandbox/')]")
        assert "Demo clock" not in page.text


def test_every_address_of_production_names_a_permission(production: Site) -> None:
    found = {permission_of(production.app, rule.endpoint) for rule in production.app.url_map.iter_rules()}
    assert None not in found
    assert not found & {Permission.PAY_AT_SANDBOX, Permission.READ_LOCAL_OUTBOX}


def test_cookies_go_over_tls_only_and_only_to_this_host(production: Site) -> None:
    browser = production.browser()
    person = production.world.user()
    page = browser.post("/sign-in", {"email": person.email, "password": PASSWORD})
    (session,) = (one for one in page.headers.getlist("Set-Cookie") if "openraise" in one)
    assert session.startswith("__Host-openraise=")
    flags = {part.strip() for part in session.split(";")[1:]}
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= flags
    assert not any(flag.startswith("Domain") for flag in flags)
    chosen = browser.get("/rules?lang=zh-CN").headers.getlist("Set-Cookie")
    saved = browser.post("/account", {"name": "N", "locale": "en", "timezone": "Asia/Shanghai"})
    for cookie in (*chosen, *saved.headers.getlist("Set-Cookie")):
        assert "Secure" in cookie


def test_browsers_are_told_to_use_tls_only(production: Site, site: Site) -> None:
    for path in ("/", "/no-such-page", "/healthz"):
        told = production.browser().get(path).headers["Strict-Transport-Security"]
        assert told == "max-age=31536000; includeSubDomains"
        assert "Strict-Transport-Security" not in site.browser().get(path).headers


def test_a_form_that_another_site_sends_is_refused(production: Site) -> None:
    """Over TLS the page that a post comes from must be ours, whatever token it carries."""
    browser = production.browser()
    for referrer in ("https://evil.example/", "http://localhost/", ""):
        with production.unchanged():
            page = browser.post(
                "/sign-up", {"name": "N", "email": "a@b.example", "password": PASSWORD}, headers={"Referer": referrer}
            )
        assert page.status == 400


MOVED = [
    pytest.param("UPDATE platform_clock SET shift = interval '1 second'", id="moved"),
    pytest.param("UPDATE platform_clock SET frozen_at = clock_timestamp()", id="stopped"),
]


@pytest.mark.parametrize("statement", MOVED)
def test_no_worker_of_production_starts_on_a_moved_clock(production: Site, statement: str) -> None:
    wiring.require_true_time(production.world.platform)
    production.world.sql(statement)
    with pytest.raises(wiring.ConfigurationError, match="moved by a demo"):
        wiring.require_true_time(production.world.platform)
    for command in (["jobs", "run", "expire_pledges"], ["jobs", "work"]):
        with production.unchanged():
            result = production.app.test_cli_runner().invoke(args=command)
        assert isinstance(result.exception, wiring.ConfigurationError)


@pytest.mark.parametrize("statement", MOVED)
def test_no_page_of_production_answers_by_a_moved_clock(production: Site, statement: str) -> None:
    person = production.world.user(Role.INVESTOR)
    stranger, investor = production.browser(), production.browser(person.id)
    runner.run(production.world.platform, "expire_pledges")
    assert [browser.get("/readyz").status for browser in (stranger, investor)] == [200, 200]
    assert [stranger.get("/").status, investor.get("/me").status] == [200, 200]
    production.world.sql(statement)
    with production.unchanged():
        for browser in (stranger, investor):
            pages = [browser.get(path) for path in ("/", "/sign-in", "/me", "/no-such-page")]
            pages += [browser.post("/sign-up"), browser.post("/webhooks/sandbox")]
            assert {page.status for page in pages} == {503}
            assert "What you did was not recorded" in pages[0].text
        ready = stranger.get("/readyz")
        assert (ready.status, json.loads(ready.body)["checks"]["clock"]) == (503, False)
        assert stranger.get("/healthz").status == 200
        assert stranger.get("/static/0/site.css").status == 200
    production.world.sql("UPDATE platform_clock SET shift = '0', frozen_at = NULL")
    assert [stranger.get("/").status, stranger.get("/readyz").status] == [200, 200]


def test_the_schema_of_an_empty_database_is_made_in_production(
    server: Server, tmp_path: Path, without_sandbox: None
) -> None:
    """The site cannot ask for the clock before there is one."""
    name = server.create()
    app = create_app(replace(settings(server.url(name), tmp_path), environment="production"))
    result = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert (result.exception, result.output) == (None, "The schema is up to date.\n")
    platform_of(app).close()
    server.drop(name)


def test_production_stands_behind_as_many_proxies_as_it_says(server: Server, tmp_path: Path) -> None:
    def seen(proxies: int) -> tuple[str | None, str]:
        app = create_app(settings("postgresql://nobody@localhost/none", tmp_path, TRUSTED_PROXIES=str(proxies)))
        told = {"X-Forwarded-For": "192.0.2.1, 192.0.2.2, 192.0.2.3", "X-Forwarded-Proto": "a, b, c",
                "X-Forwarded-Host": "evil.example"}  # fmt: skip
        with app.test_client() as client:
            client.get("/healthz", headers=told)
            assert request.host == "localhost"
            found = request.remote_addr, request.scheme
        platform_of(app).close()
        return found

    assert [seen(proxies) for proxies in range(4)] == [
        ("127.0.0.1", "http"), ("192.0.2.3", "c"), ("192.0.2.2", "b"), ("192.0.2.1", "a"),
    ]  # fmt: skip
