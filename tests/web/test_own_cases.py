"""An officer who belongs to a company sees that its cases are not theirs to decide, whoever they are about."""

from __future__ import annotations

import pytest

from app.actor import Role
from app.issuers import actions as issuers
from app.issuers import queries as issuer_queries
from tests.web.browser import Browser, Site

OWN = "This case is about you or your company, so someone else must decide it."
DECISION = {"outcome": "approve", "note": ""}


@pytest.fixture
def case(site: Site) -> tuple[Browser, str]:
    """A large pledge with an officer, who then joins the company; the browser of this officer."""
    offering, person = site.world.live(), site.world.user(Role.COMPLIANCE_OFFICER)
    site.world.pledged(offering, shares=12_000)
    with site.world.acting() as tx:
        issuers.add_member(tx, issuer_queries.issuer(tx.session, offering.issuer_id), person.id)
    return site.browser(person.id), f"/review/cases/{site.world.queue()[0]}"


def test_the_page_offers_no_decision(case: tuple[Browser, str]) -> None:
    browser, path = case
    page = browser.get(path)
    assert OWN in page.text
    assert not page.tree.xpath("//main//form[contains(@action, '/take')]")


def test_taking_and_deciding_change_nothing(site: Site, case: tuple[Browser, str]) -> None:
    browser, path = case
    with site.unchanged():
        browser.post(f"{path}/take")
        assert OWN in browser.get(path).notices()
        assert OWN in browser.post(path, DECISION).text


def test_a_case_that_was_taken_before_is_not_decided_either(site: Site, case: tuple[Browser, str]) -> None:
    browser, path = case
    site.world.sql(
        "UPDATE review_cases SET status = 'claimed', claimed_by = (SELECT max(id) FROM users) WHERE kind = 'pledge'"
    )
    with site.unchanged():
        page = browser.post(path, DECISION)
    assert OWN in page.text
    assert site.world.sql("SELECT status FROM pledges") == [("in_review",)]


def test_another_officer_takes_and_decides_it(site: Site, case: tuple[Browser, str]) -> None:
    _, path = case
    other = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)
    assert OWN not in other.get(path).text
    assert other.post(f"{path}/take").status == 303
    assert other.decide(path, DECISION).location == "/review"
    assert site.world.sql("SELECT status FROM pledges") == [("reserved",)]
