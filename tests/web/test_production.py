"""What is there in development only, and what production adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import wiring
from app.access import Permission
from app.web.guard import permission_of
from app.wiring import Platform
from config import Settings
from tests.builders import PASSWORD
from tests.conftest import settings
from tests.web.browser import Site


@pytest.fixture
def production(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The site as production runs it. No real gateway is built yet, so the sandbox's far side is taken away instead."""
    build = wiring.build

    def without_sandbox(given: Settings) -> Platform:
        made = build(given)
        assert made.sandbox is not None
        made.sandbox.close()
        return replace(made, sandbox=None)

    monkeypatch.setattr(wiring, "build", without_sandbox)
    safe = replace(settings(database_url, tmp_path), environment="production", public_url="https://localhost")
    site = Site(safe)
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


def test_production_needs_the_true_time(production: Site) -> None:
    """The clock of this database is stopped, as in every test."""
    with pytest.raises(wiring.ConfigurationError, match="moved by a demo"):
        wiring.require_true_time(production.world.platform)
