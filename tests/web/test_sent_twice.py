"""The forms that enter a company or begin an offering: sent twice, sent at once, sent by somebody else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from app.actor import Role
from tests.web.browser import Browser, Page, Site

COMPANY = {
    "legal_name": "Kite & Co.", "country": "US", "legal_form": "Corporation", "jurisdiction": "DE", "city": "Dover",
    "incorporated_on": "2020-01-31", "employees": "3",
}  # fmt: skip


@dataclass
class Filled:
    """A form as it was shown to somebody, filled in."""

    site: Site
    browser: Browser
    path: str
    fields: dict[str, str]
    table: str

    def send(self, browser: Browser | None = None, **changes: str) -> Page:
        return (browser or self.browser).post(self.path, {**self.fields, **changes})

    def count(self) -> int:
        return int(self.site.world.sql(f"SELECT count(*) FROM {self.table}")[0][0])


def company_form(site: Site) -> Filled:
    browser = site.browser(site.world.user(Role.ISSUER).id)
    path = "/issuer/companies/new"
    return Filled(site, browser, path, {**COMPANY, "form_key": browser.get(path).value("form_key")}, "issuers")


def offering_form(site: Site) -> Filled:
    company, actor = site.world.issuer()
    browser = site.browser(actor.user_id)
    path = "/issuer/offerings/new"
    fields = {"company": company.ref, "rules": "US-CF", "name": "Kites"}
    return Filled(site, browser, path, {**fields, "form_key": browser.get(path).value("form_key")}, "offerings")


FORMS = pytest.mark.parametrize("fill", [company_form, offering_form])
Fill = Callable[[Site], Filled]


@FORMS
def test_the_same_form_again_is_answered_as_the_first_time(site: Site, fill: Fill) -> None:
    form = fill(site)
    before = form.count()
    first = form.send()
    assert first.status == 303, first.text
    with site.unchanged():
        again = form.send()
    assert (again.status, again.location) == (303, first.location)
    assert form.count() == before + 1


@FORMS
def test_the_same_form_four_times_at_once_is_entered_once(site: Site, fill: Fill) -> None:
    form = fill(site)
    before, (row,) = form.count(), site.world.sql("SELECT max(user_id) FROM user_sessions")
    browsers = [site.browser(row[0]) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        pages = list(threads.map(form.send, browsers))
    assert {page.status for page in pages} == {303}
    assert len({page.location for page in pages}) == 1
    assert form.count() == before + 1


@FORMS
def test_two_forms_with_the_same_words_are_two(site: Site, fill: Fill) -> None:
    form = fill(site)
    before = form.count()
    keys = {form.browser.get(form.path).value("form_key") for _ in range(2)}
    assert len(keys) == 2
    for key in keys:
        assert form.send(form_key=key).status == 303
    assert form.count() == before + 2


@FORMS
def test_the_same_form_with_other_words_is_refused(site: Site, fill: Fill) -> None:
    form = fill(site)
    assert form.send().status == 303
    name = "legal_name" if form.table == "issuers" else "name"
    with site.unchanged():
        page = form.send(**{name: "Another"})
    assert page.status == 422
    assert "This form was used already." in page.text
    assert page.value(name) == "Another"


@FORMS
def test_a_key_of_somebody_else_tells_and_changes_nothing(site: Site, fill: Fill) -> None:
    form = fill(site)
    first = form.send()
    company, thief = site.world.issuer()
    changes = {"company": company.ref} if form.table == "offerings" else {}
    (row,) = site.world.sql(f"SELECT ref FROM {form.table} WHERE form_key IS NOT NULL")
    with site.unchanged():
        page = form.send(site.browser(thief.user_id), **changes)
    assert page.status == 422
    assert first.location not in page.source or first.location == "/issuer"
    assert row[0] not in page.source
    assert "This form was used already." in page.text


@FORMS
@pytest.mark.parametrize("key", ["", "not-a-uuid", "1", "\0", "x" * 5_000])
def test_a_form_without_its_key_is_none_of_ours(site: Site, fill: Fill, key: str) -> None:
    form = fill(site)
    with site.unchanged():
        assert form.send(form_key=key).status == 404
        del form.fields["form_key"]
        assert form.send().status == 404


@FORMS
def test_what_is_mended_keeps_its_key(site: Site, fill: Fill) -> None:
    form = fill(site)
    name = "legal_name" if form.table == "issuers" else "name"
    with site.unchanged():
        page = form.send(**{name: " "})
    assert page.status == 422
    assert page.value("form_key") == form.fields["form_key"]
    assert form.send().status == 303


def test_a_form_given_back_after_a_session_ended_can_be_sent(site: Site) -> None:
    form = company_form(site)
    (row,) = site.world.sql("SELECT user_id FROM user_sessions")
    site.world.sql("UPDATE user_sessions SET last_seen_at = last_seen_at - interval '1 hour'")
    assert form.send().status == 302
    browser = site.browser(row[0])
    page = browser.get(form.path)
    assert page.value("legal_name") == COMPANY["legal_name"]
    assert uuid.UUID(page.value("form_key"))
    assert form.send(browser, form_key=page.value("form_key")).status == 303
    assert form.count() == 1


def test_a_company_that_is_only_corrected_needs_no_key(site: Site) -> None:
    company, actor = site.world.issuer()
    browser = site.browser(actor.user_id)
    path = f"/issuer/companies/{company.ref}"
    assert not browser.get(path).tree.xpath("//input[@name='form_key']")
    assert browser.post(path, COMPANY).status == 303
