"""What is filed after the Form C, handed in through the browser by who acts for the company, and by who does not."""

from __future__ import annotations

import pytest

from app.i18n.locales import LANGUAGES
from app.issuers.models import Issuer
from app.offerings.models import Offering
from tests.builders import World
from tests.offerings.filings import as_form, changed
from tests.web.browser import Browser, Page, Site
from tests.web.test_bad_filings import PICKLEBALL, send

CIK = "0002011047"


@pytest.fixture
def company(world: World) -> tuple[Issuer, int]:
    """A company of the filer, and who acts for it."""
    issuer, actor = world.issuer()
    world.sql("UPDATE issuers SET cik = :cik WHERE id = :one", cik=CIK, one=issuer.id)
    assert actor.user_id is not None
    return issuer, actor.user_id


def offering_of(site: Site, page: Page) -> Offering:
    assert page.status == 303, page.text
    ref = page.location.rsplit("/", 1)[1]
    ((found,),) = site.world.sql("SELECT id FROM offerings WHERE ref = :ref", ref=ref)
    return site.world.offering(found)


def said(browser: Browser, page: Page) -> str:
    return browser.get(page.location).notices()


def test_an_amendment_is_written_into_the_draft_and_both_filings_are_shown(
    site: Site, company: tuple[Issuer, int]
) -> None:
    browser = site.browser(company[1])
    first = offering_of(site, send(browser, PICKLEBALL))
    page = send(browser, as_form("C/A", price="1.75"))
    again = offering_of(site, page)
    assert (again.id, str(again.share_price)) == (first.id, "1.750000")
    shown = browser.get(page.location)
    assert f"C/A amends {first.ref}: the draft now says what the filing says." in shown.notices()
    for form in ("C/A", "C"):
        assert f"Everything that the filing {form} says, received" in shown.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_amendment_of_a_locked_offering_says_which_and_changes_nothing_of_it(site: Site, language: str) -> None:
    world = site.world
    live = world.live()
    world.sql("UPDATE issuers SET cik = :cik WHERE id = :one", cik=CIK, one=live.issuer_id)
    ((member,),) = world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :one", one=live.issuer_id)
    world.sql(
        "INSERT INTO filings (offering_id, form, sha256, cik, fields, received_at)"
        " VALUES (:one, 'C', 'first', :cik, '{}', now())",
        one=live.id, cik=CIK,
    )  # fmt: skip
    browser = site.browser(member, language=language)
    with site.unchanged("filings", "audit_events", "audit_unsealed"):
        page = send(browser, as_form("C/A", price="1.75"))
    assert page.location == f"/issuer/offerings/{live.ref}"
    words = said(browser, page)
    assert live.ref in words and ("terms are locked" in words) == (language == "en")
    public = site.browser().get(f"/offerings/{live.slug}").text
    assert "From the SEC filing C, CIK" in public, "what it was made from, not what came later"


def test_what_opens_no_offering_is_kept_for_who_acts_for_the_company(site: Site, company: tuple[Issuer, int]) -> None:
    browser = site.browser(company[1])
    page = send(browser, as_form("C-AR"))
    assert page.location == "/issuer"
    assert "This form opens no offering, so no draft was made. It is kept; nothing of" in said(browser, page)
    first = offering_of(site, send(browser, PICKLEBALL))
    page = send(browser, as_form("C-U"))
    assert page.location == f"/issuer/offerings/{first.ref}"
    assert f"It is kept with {first.ref}." in said(browser, page)
    with site.unchanged():
        assert "imported before" in send(browser, as_form("C-U")).error_at("file")
        assert "it belongs to no offering here" in send(browser, as_form("C-AR")).error_at("file")


def test_a_stranger_hands_in_nothing_about_a_company_that_is_here(site: Site, company: tuple[Issuer, int]) -> None:
    page = send(site.browser(company[1]), PICKLEBALL)
    ref = offering_of(site, page).ref
    stranger = site.browser(site.world.issuer()[1].user_id)
    with site.unchanged():
        for form, words in {
            "C/A": "Ask one of its members to add you", "C": "Ask one of its members to add you",
            "C-U": "This form opens no offering, so no draft was made", "C-TR-W": "This form opens no offering",
        }.items():  # fmt: skip
            refused = send(stranger, as_form(form, city="DOVER"))
            assert refused.status == 422
            assert words in refused.error_at("file")
            assert ref not in refused.text


def test_a_company_that_nobody_acts_for_is_not_taken_with_a_public_file(site: Site, world: World) -> None:
    page = send(site.browser(world.issuer()[1].user_id), PICKLEBALL)
    ref = offering_of(site, page).ref
    world.sql("DELETE FROM issuer_members WHERE issuer_id = (SELECT issuer_id FROM offerings)")
    stranger = site.browser(world.issuer()[1].user_id)
    with site.unchanged():
        for content in (PICKLEBALL, as_form("C/A"), changed(price="9"), as_form("C-U")):
            assert send(stranger, content).status == 422
        assert stranger.get(f"/issuer/offerings/{ref}").status == 404
