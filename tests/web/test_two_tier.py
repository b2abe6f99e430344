"""Where the rules show the basics only, no byte of the rest is in any answer; who is certified sees everything."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.investors.models import ClaimKind
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from app.offerings.models import Offering
from tests.builders import PDF
from tests.web.browser import Browser, Site

#: What the offering tells beyond its basics.
HIDDEN = (
    "We make it.", "We may fail.", "You may wait.", "Machines", "Ann", "CEO", "Statements", "First come",
    "Reviewed by an independent accountant", "Total assets", "SHA-256", "Deadline</dt>",
)  # fmt: skip
SHOWN = ("A thing that people need", "Target", "Smallest pledge", "Paid in: held or settled", "Lead investor", "海通")


@pytest.fixture
def offering(site: Site) -> Offering:
    """An open offering under the rules of two tiers, with a lead."""
    found = site.world.live()
    site.world.force(
        "UPDATE offerings SET regime = 'CN-MICHOU', currency = 'CNY', disclosure = disclosure ||"
        ' \'{"lead": {"name": "海通", "commitment_minor": 700, "interests": "-"}}\' WHERE id = :id',
        id=found.id,
    )
    return site.world.offering(found.id)


def document(site: Site, offering: Offering) -> str:
    ((number,),) = site.world.sql("SELECT id FROM offering_documents WHERE offering_id = :id", id=offering.id)
    return f"/offerings/{offering.slug}/documents/{number}"


def assert_basics_only(site: Site, browser: Browser, offering: Offering) -> None:
    page = browser.get(f"/offerings/{offering.slug}")
    assert page.status == 200
    assert [one for one in HIDDEN if one in page.source] == []
    assert [one for one in SHOWN if one not in page.source] == []
    assert "Here are the basics only" in page.text
    assert not page.tree.xpath("//script[@type='application/ld+json'] | //meta[@name='description']")
    assert browser.get(document(site, offering)).status in (302, 404)
    assert b"%PDF" not in browser.get(document(site, offering)).body
    assert offering.slug in browser.get("/offerings").source
    for words in ("make it", "Machines"):
        found = browser.get(f"/offerings?q={words}")
        assert offering.slug not in found.source
    assert [one for one in HIDDEN[:6] if one in browser.get("/offerings").source] == []


def assert_everything(site: Site, browser: Browser, offering: Offering) -> None:
    page = browser.get(f"/offerings/{offering.slug}")
    assert [one for one in HIDDEN[:9] if one not in page.source] == []
    assert "Here are the basics only" not in page.text
    assert browser.get(document(site, offering)).body == PDF


def test_a_stranger_sees_the_basics(site: Site, offering: Offering) -> None:
    assert_basics_only(site, site.browser(), offering)


def test_a_registered_user_sees_the_basics_and_how_to_be_certified(site: Site, offering: Offering) -> None:
    investor = site.world.investor()
    browser = site.browser(investor.user_id)
    assert_basics_only(site, browser, offering)
    links = browser.get(f"/offerings/{offering.slug}").tree.xpath("//section[@id='gate']//a/@href")
    assert links == ["/me/status/new/certified_cn"]
    assert site.world.sql("SELECT count(*) FROM document_openings") == [(0,)]


@pytest.mark.parametrize("path", ["pledge", "pledge/confirm?shares=100"])
def test_no_step_towards_a_pledge_tells_more(site: Site, offering: Offering, path: str) -> None:
    investor = site.world.investor()
    browser = site.browser(investor.user_id)
    for page in (
        browser.get(f"/offerings/{offering.slug}/{path}"),
        browser.post(f"/offerings/{offering.slug}/{path}", {"amount": "250", "shares": "100", "form_key": "0" * 32}),
    ):
        assert page.status in (302, 303)
        assert [one for one in HIDDEN if one in page.source] == []


def test_a_certified_investor_sees_everything_until_the_last_day(site: Site, offering: Offering) -> None:
    investor = site.world.investor()
    site.world.certify(investor, ClaimKind.CERTIFIED_CN)
    browser = site.browser(investor.user_id)
    assert_everything(site, browser, offering)
    site.world.move_clock(days=366)
    assert_basics_only_page(browser, offering)


def assert_basics_only_page(browser: Browser, offering: Offering) -> None:
    page = browser.get(f"/offerings/{offering.slug}")
    assert [one for one in HIDDEN if one in page.source] == []


def test_another_status_opens_nothing(site: Site, offering: Offering) -> None:
    investor = site.world.investor()
    site.world.certify(investor, ClaimKind.ACCREDITED_US)
    assert_basics_only(site, site.browser(investor.user_id), offering)


def test_officers_and_the_companys_own_people_see_everything(site: Site, offering: Offering) -> None:
    world = site.world
    officer, member = world.user(Role.COMPLIANCE_OFFICER), world.user(Role.ISSUER)
    with world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), member.id)
    for person in (officer, member):
        assert_everything(site, site.browser(person.id), offering)


def test_under_other_rules_everybody_sees_everything(site: Site) -> None:
    offering = site.world.live()
    assert_everything(site, site.browser(), offering)
    assert offering.slug in site.browser().get("/offerings?q=make it").source
