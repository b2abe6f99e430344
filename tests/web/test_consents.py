"""Each document of an offering is opened by the investor in this very version before it can be ticked, by itself."""

from __future__ import annotations

from app.investors.models import Investor
from app.offerings.models import Offering
from tests.web.browser import Browser, Page, Site
from tests.web.test_pledge_form import filled


def at_the_form(site: Site) -> tuple[Browser, Investor, Offering, str]:
    """An investor before the last form for 100 shares, who has opened nothing."""
    investor, offering = site.world.investor(), site.world.live()
    return site.browser(investor.user_id), investor, offering, f"/offerings/{offering.slug}/pledge/confirm?shares=100"


def document_of(page: Page) -> str:
    return str(page.tree.xpath("//a[@class='document']/@href")[0])


def sha(site: Site) -> tuple[int, str]:
    return site.world.sql("SELECT id, sha256 FROM offering_documents ORDER BY id DESC")[0]  # type: ignore[return-value]


def test_a_document_that_was_not_opened_has_no_box_to_tick(site: Site) -> None:
    browser, _, _, path = at_the_form(site)
    page = browser.get(path)
    assert "open it first" in page.text
    assert page.tree.xpath("//input[starts-with(@name, 'statement_document_')]") == []
    browser.get(document_of(page))
    page = browser.get(path)
    (box,) = page.tree.xpath("//input[starts-with(@name, 'statement_document_')]")
    assert box.get("value") == sha(site)[1]
    assert not page.tree.xpath("//main//input[@type='checkbox'][@checked]")


def test_a_tick_beside_a_document_that_was_never_opened_is_none(site: Site) -> None:
    browser, _, _, path = at_the_form(site)
    number, digest = sha(site)
    fields = {**filled(browser.get(path)), f"statement_document_{number}": digest}
    with site.unchanged():
        page = browser.post(path, fields)
    assert page.status == 422
    assert "Open “Statements” first" in page.text


def test_opening_is_not_acknowledging(site: Site) -> None:
    browser, _, _, path = at_the_form(site)
    browser.get(document_of(browser.get(path)))
    number, _ = sha(site)
    fields = filled(browser.get(path))
    del fields[f"statement_document_{number}"]
    with site.unchanged():
        page = browser.post(path, fields)
    assert page.status == 422
    assert page.error_at(f"statement_document_{number}") == "Tick that you have read “Statements”"


def test_the_hash_of_the_very_bytes_is_kept_with_the_pledge(site: Site) -> None:
    browser, _, _, path = at_the_form(site)
    browser.get(document_of(browser.get(path)))
    assert browser.post(path, filled(browser.get(path))).status == 303
    number, digest = sha(site)
    assert site.world.sql(
        "SELECT text_sha256 FROM pledge_consents WHERE statement = :name", name=f"document_{number}"
    ) == [(digest,)]


def test_a_new_version_must_be_opened_anew(site: Site) -> None:
    browser, _, offering, path = at_the_form(site)
    browser.get(document_of(browser.get(path)))
    fields = filled(browser.get(path))
    site.world.sql(
        "INSERT INTO offering_documents (offering_id, title, filename, media_type, size, sha256, version, added_at, content)"
        " SELECT offering_id, title, filename, media_type, size, repeat('0', 64), 2, added_at, content"
        " FROM offering_documents WHERE offering_id = :id",
        id=offering.id,
    )
    with site.unchanged():
        page = browser.post(path, fields)
    assert page.status == 422
    assert "version 2: open it first" in page.text


def test_looking_at_the_headers_or_without_an_account_opens_nothing(site: Site) -> None:
    browser, investor, _, path = at_the_form(site)
    document = document_of(browser.get(path))
    with site.unchanged():
        assert browser.send("HEAD", document).status == 200
        assert site.browser().get(document).status == 200
    for _ in range(2):
        browser.get(document)
    assert site.world.sql("SELECT user_id FROM document_openings") == [(investor.user_id,)]
