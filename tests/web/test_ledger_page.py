"""The ledger browser: what it is asked for by number or reference, and what it says to what names nothing."""

from __future__ import annotations

import pytest

from app.web.addresses import GREATEST_ID
from tests.web.browser import Page, Site
from tests.web.test_switches_and_breaks import operator


def kept_for(page: Page) -> set[str]:
    found = {str(one.text_content()).strip() for one in page.tree.xpath("//section[1]//tbody//td[1]")}
    return found - {"None."}


def entries(page: Page) -> list[str]:
    return [str(one.text_content()).split()[0] for one in page.tree.xpath("//section[2]//tbody//th")]


def test_accounts_and_entries_are_found_by_the_numbers_that_the_page_shows(site: Site) -> None:
    world = site.world
    first, second = world.live(), world.live()
    pledge, other = world.held(first), world.held(first)
    world.held(second)
    browser = operator(site)
    everything = browser.get("/ops/ledger")
    named = f"offering {first.id} pledge {pledge.id}"
    assert any(one.startswith(named) for one in kept_for(everything))

    of_offering = browser.get(f"/ops/ledger?offering={first.id}")
    assert kept_for(of_offering) and all(one.startswith(f"offering {first.id}") for one in kept_for(of_offering))
    both = browser.get(f"/ops/ledger?offering={first.id}&pledge={pledge.id}")
    assert kept_for(both) and all(one.startswith(named) for one in kept_for(both))
    assert 0 < len(entries(both)) < len(entries(of_offering)) < len(entries(everything))
    for same in (f"offering={first.ref}&pledge={pledge.ref}", f"offering=%20{first.ref.lower()}%20&pledge={pledge.id}"):
        assert entries(browser.get(f"/ops/ledger?{same}")) == entries(both)
    assert entries(browser.get(f"/ops/ledger?pledge={other.id}")) != entries(both)
    assert entries(browser.get(f"/ops/ledger?offering={second.id}&pledge={pledge.id}")) == []


@pytest.mark.parametrize(
    "written", ["0", "999999", str(GREATEST_ID), str(GREATEST_ID + 1), "9" * 40, "-1", "1.5", "５", "F-X"]
)
@pytest.mark.parametrize("field", ["offering", "pledge"])
def test_what_names_nothing_is_said_at_its_field(site: Site, field: str, written: str) -> None:
    site.world.held(site.world.live())
    browser = operator(site)
    page = browser.get(f"/ops/ledger?{field}={written}&at=2026-03-03")
    assert page.status == 422
    (said,) = page.tree.xpath("//*[contains(@class, 'field-error')]")
    assert said.get("id") == f"{field}-error" and f"There is no {field} with this number or reference." in said.text
    (marked,) = page.tree.xpath("//*[@aria-invalid='true']")
    assert marked.get("name") == field and marked.get("value") == written
    assert marked.get("aria-describedby") == f"{field}-error"
    assert not page.tree.xpath("//tbody"), "nothing is shown that was not asked for"


def test_every_field_that_is_wrong_is_named(site: Site) -> None:
    page = operator(site).get("/ops/ledger?code=77&offering=x&pledge=y&at=yesterday")
    assert page.status == 422
    wrong = [one.get("id") for one in page.tree.xpath("//*[contains(@class, 'field-error')]")]
    assert wrong == ["code-error", "offering-error", "pledge-error", "at-error"]
    (at,) = page.tree.xpath("//*[@name='at']")
    assert at.get("aria-describedby") == "at-hint at-error"


@pytest.mark.parametrize("at", ["0001-01-01T00:00%2B14:00", "9999-12-31T23:59-14:00"])
def test_an_instant_at_the_end_of_time_is_none(site: Site, at: str) -> None:
    page = operator(site).get(f"/ops/ledger?at={at}")
    assert page.status == 422 and "This is no day and time." in page.text
