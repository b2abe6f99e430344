"""A session that ends while somebody is typing: what they typed is given back, once, to them alone, without secrets."""

from __future__ import annotations

import json

import pytest

from app.actor import Role
from app.identity.drafts import MOST_BYTES, MOST_FORMS
from tests.web.browser import Browser, Site

FIGURES = "/me/figures/US-CF"
TYPED = {
    "legal_name": "Ida 伊达",
    "country": "CN",
    "annual_income": "85,000",
    "net_worth": "abc",
    "joint_with_spouse": "y",
}


@pytest.fixture
def browser(site: Site) -> Browser:
    """An investor's browser whose session has just run out."""
    found = site.browser(site.world.user(Role.INVESTOR, Role.ISSUER).id)
    return run_out(site, found)


def run_out(site: Site, browser: Browser) -> Browser:
    with browser.cookie() as cookie:
        assert "_user_id" in cookie
    site.world.sql("UPDATE user_sessions SET last_seen_at = last_seen_at - interval '1 hour'")
    return browser


def sign_in_again(site: Site, browser: Browser) -> Browser:
    (row,) = site.world.sql("SELECT id FROM users ORDER BY id LIMIT 1")
    with browser.cookie() as cookie:
        cookie["_user_id"] = site.session_of(row[0])
    return browser


def kept(site: Site) -> list[dict[str, list[str]]]:
    return [fields for (fields,) in site.world.sql("SELECT fields FROM form_drafts")]


def test_what_was_typed_is_given_back_exactly_once(site: Site, browser: Browser) -> None:
    with site.unchanged("form_drafts"):
        page = browser.post(f"{FIGURES}?next=/me", TYPED)
    assert (page.status, page.location) == (302, "/sign-in?next=/me/figures/US-CF?next%3D/me")
    assert "What you typed is kept" in browser.get(page.location).notices()

    sign_in_again(site, browser)
    first = browser.get(FIGURES)
    assert {name: first.value(name) for name in TYPED if name != "joint_with_spouse"} == {
        name: typed for name, typed in TYPED.items() if name != "joint_with_spouse"
    }
    assert first.field("joint_with_spouse").checked
    assert "It is not saved yet" in first.notices()
    assert kept(site) == []
    second = browser.get(FIGURES)
    assert second.value("annual_income") == ""
    assert "It is not saved yet" not in second.text


def test_it_is_given_to_nobody_else(site: Site, browser: Browser) -> None:
    browser.post(FIGURES, TYPED)
    other = site.browser(site.world.user(Role.INVESTOR).id)
    assert other.get(FIGURES).value("annual_income") == ""
    assert len(kept(site)) == 1
    assert sign_in_again(site, browser).get(FIGURES).value("annual_income") == "85,000"


def test_the_latest_wins(site: Site, browser: Browser) -> None:
    with browser.cookie() as cookie:
        token = cookie["_user_id"]
    browser.post(FIGURES, TYPED)
    with browser.cookie() as cookie:
        cookie["_user_id"] = token
    browser.post(FIGURES, {**TYPED, "annual_income": "90"})
    assert sign_in_again(site, browser).get(FIGURES).value("annual_income") == "90"


def test_a_day_later_it_is_gone(site: Site, browser: Browser) -> None:
    browser.post(FIGURES, TYPED)
    site.world.sql("UPDATE form_drafts SET saved_at = saved_at - interval '25 hours'")
    page = sign_in_again(site, browser).get(FIGURES)
    assert page.value("annual_income") == ""
    assert kept(site) == []


SECRETS = {
    "password": "a new and secret password", "old_password": "an old and secret password", "code": "123456",
    "account": "US00 1111 2222 3333", "form_key": "3f0c", "statement_loss": "yes", "outcome": "approve",
    "reasons": "other",
}  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/account/security",
        "/account/second-factor",
        "/issuer/companies/{company}/payout",
        "/me/status/new/accredited_us",
        FIGURES,
    ],
)
def test_secrets_ticks_and_account_numbers_are_never_kept(site: Site, browser: Browser, path: str) -> None:
    company, _ = site.world.issuer()
    browser.post(path.format(company=company.ref), {**SECRETS, "basis": "typed"})
    (fields,) = kept(site)
    assert fields == {"basis": ["typed"]}
    stored = json.dumps(fields)
    assert not any(secret in stored for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/security", {"password": "secret", "old_password": "secret"}),
        ("/verify-first", {}),
        ("/issuer/offerings/import", {"title": "typed"}),
        ("/account/sessions/end-others", {"x": "typed"}),
        ("/offerings/any/pledge/confirm?shares=3", {"shares": "3", "form_key": "x", "statement_a": "yes"}),
    ],
)
def test_where_nothing_can_be_given_back_nothing_is_kept(
    site: Site, browser: Browser, path: str, fields: dict[str, str]
) -> None:
    with site.unchanged():
        page = browser.post(path, fields)
    assert page.location.startswith("/sign-in?next=")
    assert "What you typed is kept" not in browser.get(page.location).text


def test_a_zero_character_is_left_out(site: Site, browser: Browser) -> None:
    assert browser.post(FIGURES, {**TYPED, "legal_name": "I\0da", "a\0b": "c"}).status == 302
    assert sign_in_again(site, browser).get(FIGURES).value("legal_name") == "Ida"


def test_looking_keeps_nothing(site: Site, browser: Browser) -> None:
    with site.unchanged():
        page = browser.get("/me")
    assert page.location == "/sign-in?next=/me"
    assert "Your session has ended. Sign in again." in browser.get(page.location).notices()


@pytest.mark.parametrize("token", ["", "never-ours", "\0"])
def test_a_token_that_was_never_ours_keeps_nothing(site: Site, token: str) -> None:
    browser = site.browser()
    with browser.cookie() as cookie:
        cookie["_user_id"] = token
    with site.unchanged():
        assert browser.post(FIGURES, TYPED).location.startswith("/sign-in")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE user_sessions SET revoked_at = clock_timestamp()", id="revoked"),
        pytest.param("UPDATE users SET suspended_at = clock_timestamp()", id="suspended"),
        pytest.param("UPDATE user_sessions SET expires_at = clock_timestamp() - interval '25 hours'", id="long ago"),
    ],
)
def test_a_session_that_was_ended_writes_nothing_into_its_owners_account(
    site: Site, browser: Browser, statement: str
) -> None:
    site.world.sql(statement)
    with site.unchanged():
        page = browser.post(FIGURES, TYPED)
        assert page.location.startswith("/sign-in")
        notices = browser.get(page.location).notices()
    assert "Sign in again" in notices and "What you typed is kept" not in notices


def test_a_stolen_cookie_that_its_owner_ended_writes_nothing(site: Site) -> None:
    person = site.world.user(Role.INVESTOR)
    owner, thief = site.browser(person.id), site.browser()
    with owner.cookie() as cookie, thief.cookie() as stolen:
        stolen["_user_id"] = cookie["_user_id"]
    assert owner.post("/sign-out").status == 303
    with site.unchanged():
        assert thief.post(FIGURES, TYPED).location.startswith("/sign-in")


def test_a_password_alone_writes_nothing_into_an_account_with_a_second_factor(site: Site) -> None:
    _, _, ref = site.world.submitted()
    half = run_out(site, site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id, half=True))
    with site.unchanged():
        assert half.post(f"/review/cases/{ref}", {"note": "typed"}).location.startswith("/sign-in")


def test_one_person_has_so_many_drafts_and_the_oldest_go(site: Site, browser: Browser) -> None:
    with browser.cookie() as cookie:
        token = cookie["_user_id"]
    for number in range(MOST_FORMS + 3):
        with browser.cookie() as cookie:
            cookie["_user_id"] = token
        browser.post(f"/issuer/companies/C-{number}", {"legal_name": f"N{number}"})
    assert sorted(one["legal_name"][0] for one in kept(site)) == sorted(f"N{n}" for n in range(3, MOST_FORMS + 3))


def test_what_is_too_large_is_not_kept_and_pushes_nothing_out(site: Site, browser: Browser) -> None:
    with browser.cookie() as cookie:
        token = cookie["_user_id"]
    browser.get(browser.post(FIGURES, TYPED).location)
    with browser.cookie() as cookie:
        cookie["_user_id"] = token
    with site.unchanged():
        page = browser.post("/issuer/companies/C-1", {"legal_name": "x" * MOST_BYTES})
    assert "What you typed is kept" not in browser.get(page.location).text


def test_an_officers_note_comes_back_but_not_the_decision(site: Site) -> None:
    _, _, ref = site.world.submitted()
    officer = site.world.user(Role.COMPLIANCE_OFFICER)
    browser = site.browser(officer.id)
    path = f"/review/cases/{ref}"
    assert browser.post(f"{path}/take").status == 303
    run_out(site, browser).post(path, {"outcome": "refuse", "reasons": "other", "note": "Half a sentence"})
    with browser.cookie() as cookie:
        cookie["_user_id"] = site.session_of(officer.id)
    page = browser.get(path)
    assert page.value("note") == "Half a sentence"
    assert not page.tree.xpath("//main//input[@checked]")


def test_a_section_comes_back_with_the_version_it_was_typed_over(site: Site) -> None:
    offering, actor = site.world.draft()
    browser = run_out(site, site.browser(actor.user_id))
    path = f"/issuer/offerings/{offering.ref}/edit/story"
    browser.post(path, {"version": str(offering.version), "name": "N", "tagline": "T", "story": "Long"})
    assert actor.user_id is not None
    with browser.cookie() as cookie:
        cookie["_user_id"] = site.session_of(actor.user_id)
    page = browser.get(path)
    assert (page.value("story"), page.value("version")) == ("Long", str(offering.version))
