"""Signing in and out through the real pages: what the cookie holds, when it changes, and when it stops counting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from app.actor import Role
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.identity.models import User
from app.identity.second_factor import new_secret
from app.jobs import send_notifications
from tests.builders import PASSWORD
from tests.conftest import settings
from tests.web.browser import Browser, Site
from tests.web.market import Market

WRONG = "a wrong password indeed"


def token_of(browser: Browser) -> str | None:
    with browser.cookie() as cookie:
        found: str | None = cookie.get("_user_id")
        return found


def staff(site: Site) -> tuple[User, str]:
    person, secret = site.world.user(Role.COMPLIANCE_OFFICER), new_secret()
    with site.world.acting() as tx:
        identity.set_second_factor(tx, identity_queries.user(tx.session, person.id), secret, site.world.platform.vault)
    return person, secret


def mails(site: Site) -> list[str]:
    send_notifications.run(site.world.platform)
    return [mail.get_content() for mail in site.world.platform.mailer.newest(10)]  # type: ignore[attr-defined]


def link_in(site: Site, path: str) -> str:
    """The newest mailed link, as the path of this site."""
    found = re.search(rf"http://localhost({path}/\S+)", "\n".join(mails(site)))
    assert found is not None
    return found[1]


def test_signing_up_proving_the_address_and_signing_in(site: Site) -> None:
    browser = site.browser()
    page = browser.post("/sign-up", {"name": "Ida", "email": " Ida@Example.TEST ", "password": PASSWORD})
    assert (page.status, page.location) == (303, "/check-mail?email=ida@example.test")
    link = link_in(site, "/verify-email")
    with site.unchanged():
        browser.get(link)  # a mail program that opens links uses nothing up
    assert browser.post(link).status == 303
    assert browser.post("/sign-in?next=/me", {"email": "IDA@example.test", "password": PASSWORD}).location == "/me"
    assert browser.get("/me/status").status == 200
    assert browser.post("/me/status/new/accredited_us").status == 422  # a proven address may claim
    with site.unchanged():
        again = browser.post(link)
    assert "This link was used already" in browser.get(again.location).text or again.location == "/sign-in"


def test_a_known_address_answers_like_a_new_one(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    browser = site.browser()
    known = browser.post("/sign-up", {"name": "X", "email": person.email, "password": PASSWORD})
    new = browser.post("/sign-up", {"name": "X", "email": "new@example.test", "password": PASSWORD})
    assert (known.status, known.location.partition("?")[0]) == (new.status, new.location.partition("?")[0])
    answers = [browser.post("/forgot-password", {"email": email}) for email in (person.email, "nobody@example.test")]
    assert {(page.status, page.location.partition("?")[0]) for page in answers} == {(303, "/check-mail")}


@pytest.mark.parametrize("email", ["", "x", "a@b", "a@b..c", "@example.test", "a b@example.test", "a@b.c\0", "a" * 300])
def test_an_address_that_is_none_is_refused_at_its_field(market: Market, email: str) -> None:
    browser = market.browser("anonymous")
    with market.site.unchanged():
        for path in ("/sign-up", "/sign-in", "/forgot-password"):
            page = browser.post(path, {"name": "X", "email": email, "password": PASSWORD})
            assert page.status == 422
            assert len(page.error_at("email")) > 10
            assert page.value("email").strip() == email.replace("\0", "\ufffd").strip() or "\0" in email


@pytest.mark.parametrize("password", ["", "short", "passwordpassword", "x" * 257, "aaaaaaaaaaaaaaaaaaaa"])
def test_a_weak_password_is_refused_and_never_shown_again(market: Market, password: str) -> None:
    with market.site.unchanged():
        page = market.browser("anonymous").post(
            "/sign-up", {"name": "X", "email": "x@example.test", "password": password}
        )
    assert page.status == 422
    assert page.error_at("password")
    assert page.value("password") in ("", None)
    assert page.value("email") == "x@example.test"


def test_a_session_gets_a_token_of_its_own_at_every_step(site: Site) -> None:
    """Nothing that was in the browser before can be used after it (session fixation)."""
    person, secret = staff(site)
    browser = site.browser()
    with browser.cookie() as cookie:
        cookie["_user_id"], cookie["csrf_token"], cookie["planted"] = "planted", "planted", "planted"
    assert browser.post("/sign-in", {"email": person.email, "password": PASSWORD}).location == "/second-factor?next=/"
    half = token_of(browser)
    assert half not in (None, "planted")
    with browser.cookie() as cookie:
        assert "planted" not in cookie and cookie.get("csrf_token") != "planted"
    assert browser.get("/review").location == "/second-factor?next=/review"
    page = browser.post("/second-factor?next=/review", {"code": pyotp.TOTP(secret).now()})
    assert (page.status, page.location) == (303, "/review")
    whole = token_of(browser)
    assert whole not in (None, half)
    thief = site.browser()
    with thief.cookie() as cookie:
        cookie["_user_id"] = half
    assert thief.get("/review").location.startswith("/sign-in")
    assert browser.get("/review").status == 200


def test_a_wrong_code_is_counted_and_then_not_even_looked_at(site: Site) -> None:
    person, secret = staff(site)
    browser = site.browser(person.id, half=True)
    codes = {pyotp.TOTP(secret).at(0, counter_offset=step) for step in range(3)}
    wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in codes)
    for _ in range(5):
        page = browser.post("/second-factor", {"code": wrong})
        assert page.status == 422
        assert page.error_at("code").startswith("This code is wrong")
    page = browser.post("/second-factor", {"code": pyotp.TOTP(secret).now()})
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 15 * 60 + 1
    assert browser.get("/review").location.startswith("/second-factor")


def test_too_many_wrong_passwords_wait(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    browser = site.browser()
    for _ in range(5):
        page = browser.post("/sign-in", {"email": person.email, "password": WRONG})
        assert page.status == 401
        assert "The address and the password do not match" in page.text
        assert page.value("email") == person.email
        assert page.value("password") in ("", None)
    page = browser.post("/sign-in", {"email": person.email, "password": PASSWORD})
    assert page.status == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "Too many tries" in page.text
    assert token_of(browser) is None


# Who is at the other end, when every visitor comes through the proxy that speaks TLS

OWNER, STRANGER = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def behind_a_proxy(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(settings(database_url, tmp_path, TRUSTED_PROXIES="1"))
    yield made
    made.close()


def sign_in_from(site: Site, forwarded_for: str, email: str, password: str = PASSWORD) -> int:
    """The proxy adds the visitor's true address after whatever the visitor themselves wrote there."""
    return (
        site.browser()
        .post("/sign-in", {"email": email, "password": password}, headers={"X-Forwarded-For": forwarded_for})
        .status
    )


def test_a_strangers_wrong_passwords_lock_out_nobody_else(behind_a_proxy: Site) -> None:
    site, person = behind_a_proxy, behind_a_proxy.world.user(Role.INVESTOR)
    assert [sign_in_from(site, STRANGER, person.email, WRONG) for _ in range(5)] == [401] * 5
    assert sign_in_from(site, STRANGER, person.email) == 429
    assert sign_in_from(site, OWNER, person.email) == 303
    assert sign_in_from(site, STRANGER, person.email) == 429, "the owner's success does not free the stranger"


def test_an_address_that_guesses_at_everybody_waits_alone(behind_a_proxy: Site) -> None:
    site, person = behind_a_proxy, behind_a_proxy.world.user(Role.INVESTOR)
    assert sign_in_from(site, STRANGER, "guess@example.test", WRONG) == 401
    site.world.sql(
        "INSERT INTO sign_in_attempts (account_hash, address_hash, at)"
        " SELECT 'guess' || n, address_hash, at FROM sign_in_attempts, generate_series(2, 50) n"
    )
    assert sign_in_from(site, STRANGER, person.email) == 429
    assert sign_in_from(site, OWNER, person.email) == 303


@pytest.mark.parametrize(
    "forged",
    ["10.0.0.{n}", "10.0.0.{n}, 10.1.1.{n}", '"10.0.0.{n}', '10.0.0.{n}, "a', '"{n}\\", ', "{n}" + ", x" * 40, OWNER],
)
def test_a_forged_chain_does_not_help_who_guesses(behind_a_proxy: Site, forged: str) -> None:
    site, person = behind_a_proxy, behind_a_proxy.world.user(Role.INVESTOR)
    chains = [f"{forged.format(n=number)}, {STRANGER}" for number in range(6)]
    assert [sign_in_from(site, chain, person.email, WRONG) for chain in chains] == [401] * 5 + [429]
    with site.unchanged():
        assert sign_in_from(site, chains[0], person.email) == 429
    assert sign_in_from(site, OWNER, person.email) == 303


def test_codes_are_counted_at_the_visitors_own_address(behind_a_proxy: Site) -> None:
    site = behind_a_proxy
    (person, _), (other, secret) = staff(site), staff(site)
    guessing, honest = site.browser(person.id, half=True), site.browser(other.id, half=True)
    for _ in range(5):
        assert guessing.post("/second-factor", {"code": "none"}, headers={"X-Forwarded-For": STRANGER}).status == 422
    site.world.sql(
        "INSERT INTO sign_in_attempts (account_hash, address_hash, at)"
        " SELECT 'guess' || n, address_hash, at FROM sign_in_attempts, generate_series(1, 10) n"
    )
    page = honest.post("/second-factor", {"code": "none"}, headers={"X-Forwarded-For": OWNER})
    assert page.status == 422
    assert honest.post("/second-factor", {"code": pyotp.TOTP(secret).now()}).status == 303


def test_without_a_proxy_the_header_is_only_what_a_visitor_wrote(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    chains = [f"192.0.2.{number}" for number in range(6)]
    assert [sign_in_from(site, chain, person.email, WRONG) for chain in chains] == [401] * 5 + [429]


def test_signing_out_ends_the_session_in_the_database(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    browser, thief = site.browser(person.id), site.browser()
    with thief.cookie() as cookie:
        cookie["_user_id"] = token_of(browser)
    assert thief.get("/me").status == 200
    assert browser.post("/sign-out").status == 303
    assert token_of(browser) is None
    assert thief.get("/me").location == "/sign-in?next=/me"
    assert site.world.sql("SELECT count(*) FROM user_sessions WHERE revoked_at IS NULL") == [(0,)]


def test_a_new_password_signs_every_other_browser_out(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    here, there = site.browser(person.id), site.browser(person.id)
    fields = {"old_password": PASSWORD, "password": "another long password 7"}
    with site.unchanged():
        refused = here.post("/account/security", {**fields, "old_password": WRONG})
    assert refused.error_at("old_password") == "This is not your present password"
    assert here.post("/account/security", fields).status == 303
    assert here.get("/me").status == 200
    assert there.get("/me").location.startswith("/sign-in")


def test_a_mailed_link_sets_a_password_once(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    signed_in, browser = site.browser(person.id), site.browser()
    browser.post("/forgot-password", {"email": person.email})
    link = link_in(site, "/reset-password")
    assert browser.post(link, {"password": "another long password 7"}).location == "/sign-in"
    assert signed_in.get("/me").location.startswith("/sign-in")
    with site.unchanged():
        page = browser.post(link, {"password": "a third long password 8"})
        assert page.status == 422
        assert "This link was used already" in page.text
        forged = browser.post("/reset-password/made-up", {"password": "a third long password 8"})
        assert forged.status == 422


@pytest.mark.parametrize(
    "change", ["expires_at = now()", "last_seen_at = now() - interval '31 minutes'", "revoked_at = now()"]
)
def test_a_session_that_ran_out_is_none(site: Site, change: str) -> None:
    browser = site.browser(site.world.user(Role.INVESTOR).id)
    assert browser.get("/me").status == 200
    site.world.sql(f"UPDATE user_sessions SET {change}")
    assert browser.get("/me").location == "/sign-in?next=/me"


def test_a_second_factor_is_set_up_and_its_recovery_codes_work_once(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    browser = site.browser(person.id)
    page = browser.get("/account/second-factor")
    secret = page.tree.xpath("//code[@class='secret']")[0].text
    with site.unchanged():
        wrong = browser.post("/account/second-factor", {"code": "12345"})
    assert wrong.error_at("code").startswith("This code is wrong")
    page = browser.post("/account/second-factor", {"code": pyotp.TOTP(secret).now()})
    codes = [one.text for one in page.tree.xpath("//main//li/code")]
    assert len(set(codes)) == 10
    assert browser.get("/me").status == 200

    other = site.browser()
    other.post("/sign-in", {"email": person.email, "password": PASSWORD})
    assert other.post("/second-factor", {"code": codes[0]}).status == 303
    third = site.browser()
    third.post("/sign-in", {"email": person.email, "password": PASSWORD})
    assert third.post("/second-factor", {"code": codes[0]}).status == 422
