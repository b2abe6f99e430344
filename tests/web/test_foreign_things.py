"""What belongs to somebody else answers exactly like what does not exist, and stays as it is."""

from __future__ import annotations

import io
import re

import pytest

from app.actor import Role
from tests.builders import PDF
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market

PLEDGES = ("/me/pledges/{}", "/me/pledges/{}/pay", "/me/pledges/{}/returned", "/me/pledges/{}/cancel")
COMPANIES = ("/issuer/companies/{}", "/issuer/companies/{}/payout")
OFFERINGS = (
    "/issuer/offerings/{}", "/issuer/offerings/{}/submit", "/issuer/offerings/{}/open",
    "/issuer/offerings/{}/withdraw", "/issuer/offerings/{}/documents/1", "/issuer/offerings/{}/waitlist",
    *(
        f"/issuer/offerings/{{}}/edit/{section}"
        for section in ("terms", "deadline", "story", "risks", "funds", "team", "financials", "documents")
    ),
)  # fmt: skip
#: A complete answer to any of the forms.
FILLED = {
    "legal_name": "Mine now", "country": "US", "holder": "Me", "account": "US00 9999", "version": "1",
    "name": "Mine", "tagline": "Mine", "story": "Mine", "risks": "a\nb\nc", "purpose_0": "Me", "percent_0": "100",
    "name_0": "Me", "security_type": "debt", "oversubscription_rule": "first_come", "statements_level": "reviewed",
    "deadline_date": "2027-03-31", "deadline_time": "17:00", "deadline_zone": "Asia/Shanghai", "title": "T",
}  # fmt: skip


def body(page: Page) -> str:
    """The page without what is of this very request."""
    plain = re.sub(r'Reference: \w+|name="csrf_token" value="[^"]+"|href="[^"]*(?:lang|theme)=[^"]*"', "", page.source)
    return re.sub(r"next=[^\"&]*", "", plain)


def answers(browser: Browser, path: str) -> list[tuple[int, str]]:
    """How an address answers to looking and to every kind of post; "not that method" is an answer, too."""
    looked = browser.get(path)
    posted = browser.post(path, {**FILLED, "file": (io.BytesIO(PDF), "a.pdf")})
    return [(page.status, body(page)) for page in (looked, posted)]


def same_as_unknown(market: Market, addresses: tuple[str, ...], name: str) -> None:
    browser = market.browser("stranger")
    with market.site.unchanged():
        for address in addresses:
            known, unknown = answers(browser, address.format(name)), answers(browser, address.format("X-NOTHING"))
            assert known == unknown, address
            assert {status for status, _ in known} <= {404, 405}, address


@pytest.mark.parametrize("status", ["reserved", "held", "in_review", "settled", "processing", "cancelled"])
def test_somebody_elses_pledge(market: Market, status: str) -> None:
    same_as_unknown(market, PLEDGES, market.pledges[status].ref)


def test_somebody_elses_company(market: Market) -> None:
    same_as_unknown(market, COMPANIES, market.company.ref)


@pytest.mark.parametrize("status", ["draft", "submitted", "approved", "live", "settled", "filed"])
def test_somebody_elses_offering(market: Market, status: str) -> None:
    same_as_unknown(market, OFFERINGS, market.offerings[status].ref)


@pytest.mark.parametrize("status", ["draft", "submitted", "in_review", "approved", "changes_requested", "refused"])
def test_an_offering_that_is_not_public(market: Market, status: str) -> None:
    slug = market.offerings[status].slug
    paths = (
        "/offerings/{}",
        "/offerings/{}/pledge",
        "/offerings/{}/pledge/confirm?shares=1",
        "/offerings/{}/documents/1",
    )
    same_as_unknown(market, paths, slug)
    if status != "draft":  # it has documents
        document = market.document_of(market.offerings[status])
        assert market.browser("anonymous").get(f"/offerings/{slug}/documents/{document}").status == 404
    assert market.offerings[status].name not in market.browser("anonymous").get("/").text


def test_a_document_of_another_offering(market: Market) -> None:
    theirs = market.document_of(market.offerings["submitted"])
    mine = market.document_of(market.offerings["live"])
    slug, ref = market.offerings["live"].slug, market.offerings["live"].ref
    for browser, address in (
        (market.browser("anonymous"), f"/offerings/{slug}/documents"),
        (market.browser("issuer"), f"/issuer/offerings/{ref}/documents"),
        (market.browser("officer"), f"/review/cases/{market.cases['approved']}/documents"),
    ):
        assert browser.get(f"{address}/{theirs}").status == 404
        assert browser.get(f"{address}/999999").status == 404
    assert market.browser("anonymous").get(f"/offerings/{slug}/documents/{mine}").status == 200


def test_a_case_that_is_about_no_offering_has_no_documents(market: Market) -> None:
    """Its subject is a pledge or a claim, whose number may be that of some offering."""
    browser = market.browser("officer")
    for kind in ("pledge", "accredited_us"):
        for number in range(1, 12):
            assert browser.get(f"/review/cases/{market.cases[kind]}/documents/{number}").status == 404


def test_an_unknown_case_or_closing(market: Market) -> None:
    browser = market.browser("officer")
    with market.site.unchanged():
        for path in ("/review/cases/R-NOTHING", "/review/closings/S-NOTHING", "/review/cases/R-NOTHING/documents/1"):
            assert browser.get(path).status == 404
        for path in (
            "cases/R-NOTHING",
            "cases/R-NOTHING/take",
            "cases/R-NOTHING/put-back",
            "closings/S-NOTHING/approve",
        ):
            assert browser.post(f"/review/{path}", {"outcome": "approve"}).status == 404
        for path in ("/ops/offerings/F-NOTHING/close", "/ops/closings/S-NOTHING/propose-payout"):
            assert market.browser("operator").post(path).status == 404


def test_somebody_elses_browser_cannot_be_signed_out(site: Site) -> None:
    owner, thief = (site.world.user(Role.INVESTOR) for _ in range(2))
    browser = site.browser(owner.id)
    (row,) = site.world.sql("SELECT id FROM user_sessions")
    assert site.browser(thief.id).post(f"/account/sessions/{row[0]}/end").status == 303
    assert site.browser(thief.id).post("/account/sessions/end-others").status == 303
    assert browser.get("/me").status == 200


def test_a_company_that_is_not_ones_own_cannot_be_chosen(market: Market) -> None:
    browser = market.browser("stranger")
    with market.site.unchanged():
        known, unknown = (
            browser.post("/issuer/offerings/new", {"company": ref, "rules": "US-CF", "name": "Mine"})
            for ref in (market.company.ref, "C-NOTHING")
        )
    assert (known.status, body(known)) == (unknown.status, body(unknown)) == (422, body(known))


# One's own case


def test_an_officer_does_not_decide_about_their_own_company(site: Site) -> None:
    world = site.world
    offering, _, ref = world.submitted()
    officer = world.user(Role.COMPLIANCE_OFFICER)
    world.sql("INSERT INTO issuer_members VALUES (:issuer, :user, now())", issuer=offering.issuer_id, user=officer.id)
    browser = site.browser(officer.id)
    with site.unchanged():
        assert "so someone else must decide it" in browser.get(f"/review/cases/{ref}").text
        taken = browser.post(f"/review/cases/{ref}/take")
        assert "someone else must decide it" in browser.get(taken.location).notices()
        decided = browser.post(f"/review/cases/{ref}", {"outcome": "approve"})
    assert decided.status == 422
    assert "someone else must decide it" in decided.text


def test_a_case_that_somebody_else_took_says_so_and_keeps_nothing(site: Site) -> None:
    _, _, ref = site.world.submitted()
    first, second = (site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id) for _ in range(2))
    assert first.post(f"/review/cases/{ref}/take").status == 303
    with site.unchanged():
        page = second.post(f"/review/cases/{ref}", {"outcome": "approve"})
        assert page.status == 422
        assert "Take this case before you decide it." in page.text
        again = second.post(f"/review/cases/{ref}/take")
        assert "That is not possible any more" in second.get(again.location).notices()


def test_who_has_a_pledge_in_a_closing_does_not_approve_it(site: Site) -> None:
    world = site.world
    offering = world.live(days=25, target="250")
    investor = world.investor()
    world.held(offering, investor=investor)
    world.pass_deadline(offering)
    world.run_jobs()
    world.force("INSERT INTO role_grants VALUES (:user, 'compliance_officer', now(), 'test')", user=investor.user_id)
    browser = site.browser(investor.user_id)
    (row,) = world.sql("SELECT ref, snapshot_hash FROM closings")
    with site.unchanged():
        page = browser.post(f"/review/closings/{row[0]}/approve", {"snapshot": row[1]})
        assert "someone else must approve it" in browser.get(page.location).notices()


def test_a_closing_is_approved_only_as_it_was_seen(site: Site) -> None:
    world = site.world
    offering = world.live(days=25, target="250")
    world.held(offering)
    world.pass_deadline(offering)
    world.run_jobs()
    (row,) = world.sql("SELECT ref FROM closings")
    browser = site.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    with site.unchanged():
        for seen in ("", "0" * 64, "x" * 5_000, "\0"):
            page = browser.post(f"/review/closings/{row[0]}/approve", {"snapshot": seen})
            assert "The closing changed after you opened it" in browser.get(page.location).notices()
