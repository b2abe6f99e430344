"""The page of a company whose offering goes by what it says: nothing is saved, and the reader learns why."""

from __future__ import annotations

from tests.web.browser import Site

CHANGED = {"legal_name": "Somebody Else, Inc.", "country": "KY", "website": "https://elsewhere.example"}


def test_what_investors_read_of_an_open_offerings_company_stays(site: Site) -> None:
    offering = site.world.live()
    (company, member) = site.world.sql(
        "SELECT i.ref, m.user_id FROM issuers i JOIN issuer_members m ON m.issuer_id = i.id WHERE i.id = :id",
        id=offering.issuer_id,
    )[0]
    browser, path = site.browser(member), f"/issuer/companies/{company}"
    before = site.browser().get(f"/offerings/{offering.slug}").text
    with site.unchanged():
        page = browser.post(path, CHANGED)
    assert page.status == 422
    assert f"locked while the offering {offering.ref} is Open" in page.text
    assert page.value("legal_name") == CHANGED["legal_name"], "what was typed is still there"
    assert site.browser().get(f"/offerings/{offering.slug}").text == before
    # Where it is paid is another matter: a closing pins the account that its officers saw.
    assert browser.post(f"{path}/payout", {"holder": "H", "account": "US00 9876"}).status == 303


def test_the_company_of_a_draft_is_changed_and_the_trail_says_what_it_was(site: Site) -> None:
    offering, actor = site.world.draft()
    (company, name) = site.world.sql("SELECT ref, legal_name FROM issuers WHERE id = :id", id=offering.issuer_id)[0]
    assert site.browser(actor.user_id).post(f"/issuer/companies/{company}", CHANGED).status == 303
    (facts,) = site.world.sql("SELECT facts FROM audit_events WHERE event = 'change_issuer' ORDER BY id DESC LIMIT 1")[
        0
    ]
    assert facts["changed"]["legal_name"] == {"from": name, "to": CHANGED["legal_name"]}
    assert facts["changed"]["country"] == {"from": "US", "to": "KY"}
