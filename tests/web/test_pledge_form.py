"""The last form before a pledge: sent twice, sent changed, sent without its ticks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.actor import Role
from app.assessments.bank import bank
from app.investors import actions as investors
from app.offerings.models import Offering
from app.pledges.consents import text_hash
from tests.conftest import settings
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market


@dataclass
class Desk:
    """An investor before the confirmation of 100 shares."""

    site: Site
    offering: Offering
    browser: Browser
    path: str
    fields: dict[str, str]

    def send(self, **changes: str | None) -> Page:
        fields = {name: value for name, value in {**self.fields, **changes}.items() if value is not None}
        return self.browser.post(self.path, fields)

    def pledges(self) -> int:
        return int(self.site.world.sql("SELECT count(*) FROM pledges")[0][0])


@pytest.fixture
def desk(site: Site) -> Desk:
    return sit_down(site)


@pytest.fixture(scope="module")
def quiet_desk(market: Market) -> Desk:
    """For what is refused and changes nothing."""
    return sit_down(market.site, market.offerings["live"])


def sit_down(site: Site, offering: Offering | None = None) -> Desk:
    offering = offering or site.world.live()
    browser = site.browser(site.world.investor().user_id)
    page = browser.post(f"/offerings/{offering.slug}/pledge", {"amount": "251"})
    assert page.status == 303
    page = after_reading(browser, page.location)
    return Desk(site, offering, browser, page.tree.xpath("//main//form/@action")[0], filled(page))


def after_reading(browser: Browser, path: str) -> Page:
    """The last form, after every document that it asks for was opened."""
    for document in browser.get(path).tree.xpath("//a[@class='document']/@href"):
        assert browser.get(document).status == 200
    return browser.get(path)


def filled(page: Page) -> dict[str, str]:
    """The form with every box ticked and every question answered rightly; none of them is ticked beforehand."""
    boxes = page.tree.xpath("//main//input[@type='checkbox']")
    assert boxes and not any(box.checked for box in boxes)
    hidden = page.tree.xpath("//main//form//input[@type='hidden']")
    fields = {field.get("name"): field.get("value") for field in [*hidden, *boxes] if field.get("name") != "csrf_token"}
    return {**fields, **answered(page)}


def answered(page: Page) -> dict[str, str]:
    """The right answers to the questions; none of them is chosen beforehand."""
    choices = page.tree.xpath("//main//input[@type='radio']")
    assert not any(one.checked for one in choices)
    right = {f"q_{one.id}": one.right for one in bank("us_commitment").questions}
    return {name: right[name] for name in {one.get("name") for one in choices}}


def test_the_amount_is_shown_in_whole_shares_before_anything_is_stored(desk: Desk) -> None:
    page = desk.browser.get(f"/offerings/{desk.offering.slug}/pledge/confirm?shares=100&asked=251.00")
    assert "You gave 251.00; whole shares make $250.00." in page.text
    assert "Commit $250.00" in page.text
    assert desk.pledges() == 0


def test_the_same_form_twice_is_one_pledge(desk: Desk) -> None:
    first = desk.send()
    assert first.status == 303
    with desk.site.unchanged():
        again = desk.send()
    assert (again.status, again.location) == (303, first.location)
    assert desk.pledges() == 1


def test_the_same_form_for_another_number_of_shares_is_refused(desk: Desk) -> None:
    assert desk.send().status == 303
    with desk.site.unchanged():
        page = desk.send(shares="101")
    assert page.status == 422
    assert "This form was used for another pledge" in page.text


def test_somebody_elses_form_is_refused(desk: Desk) -> None:
    assert desk.send().status == 303
    thief = desk.site.browser(desk.site.world.investor().user_id)
    after_reading(thief, desk.path)
    with desk.site.unchanged():
        page = thief.post(desk.path, desk.fields)
    assert page.status == 422
    assert "This form was used for another pledge" in page.text


def statement_names(desk: Desk) -> list[str]:
    return [name for name in desk.fields if name.startswith("statement_")]


def test_every_statement_must_be_ticked_by_itself(quiet_desk: Desk) -> None:
    names = statement_names(quiet_desk)
    assert names
    for missing in names:
        with quiet_desk.site.unchanged():
            page = quiet_desk.send(**{missing: None})
        assert page.status == 422
        box = page.field(missing)
        assert box.get("aria-invalid") == "true"
        assert page.error_at(missing).startswith("Tick th")
        assert not box.checked
        assert all(page.field(name).checked for name in names if name != missing)
        assert page.value("form_key") == quiet_desk.fields["form_key"]


@pytest.mark.parametrize("value", ["yes", "on", "", "0" * 64, text_hash("I may lose nothing."), "\0"])
def test_a_tick_beside_another_text_is_none(quiet_desk: Desk, value: str) -> None:
    name = statement_names(quiet_desk)[0]
    with quiet_desk.site.unchanged():
        page = quiet_desk.send(**{name: value})
    assert page.status == 422
    assert page.error_at(name).startswith("Tick this statement")


def test_what_was_read_in_one_language_is_not_ticked_in_another(desk: Desk) -> None:
    """The language was changed in another window: the text that was ticked is not the one that would be stored."""
    desk.browser.get("/?lang=zh-CN")
    with desk.site.unchanged():
        page = desk.send()
    assert page.status == 422
    texts = [name for name in statement_names(desk) if "document" not in name]
    assert not any(page.field(name).checked for name in texts)
    assert desk.browser.post(desk.path, filled(desk.browser.get(desk.path))).status == 303
    kept = desk.site.world.sql("SELECT DISTINCT locale FROM pledge_consents")
    assert kept == [("zh-CN",)]


def test_the_very_texts_that_were_ticked_are_stored(desk: Desk) -> None:
    assert desk.send().status == 303
    stored = dict(desk.site.world.sql("SELECT statement, text_sha256 FROM pledge_consents"))
    assert stored == {name.removeprefix("statement_"): desk.fields[name] for name in statement_names(desk)}


@pytest.mark.parametrize("key", ["", "not-a-uuid", "1", "\0", "x" * 5_000, "3f0c4d52-9a0e-4d8e-8a54-0d1f3c2b1a9"])
def test_a_form_without_its_key_is_none_of_ours(quiet_desk: Desk, key: str) -> None:
    with quiet_desk.site.unchanged():
        assert quiet_desk.send(form_key=key).status == 404


@pytest.mark.parametrize("shares", ["", "0", "-1", "1.5", "1e2", "１００", "40001", "9" * 12, "9" * 400, "100\0"])
def test_a_number_of_shares_that_the_form_never_had_is_not_found(quiet_desk: Desk, shares: str) -> None:
    with quiet_desk.site.unchanged():
        assert quiet_desk.send(shares=shares).status == 404


def test_less_than_the_smallest_pledge_is_refused(quiet_desk: Desk) -> None:
    with quiet_desk.site.unchanged():
        page = quiet_desk.send(shares="9")
    assert page.status == 422
    assert "Amount must be $25.00 or more" in page.text


def test_more_than_is_left_is_refused_with_what_is_left(desk: Desk) -> None:
    world = desk.site.world
    for _ in range(4):
        world.pledged(desk.offering, 9_990)
    with desk.site.unchanged():
        page = desk.send()
    assert page.status == 422
    assert "Fewer shares are left than you asked for: 40" in page.text


def test_what_the_law_forbids_is_refused_with_the_rule_and_what_it_would_allow(site: Site) -> None:
    offering = site.world.live()
    browser = site.browser(site.world.investor(income="40000", net_worth="20000").user_id)
    page = after_reading(browser, f"/offerings/{offering.slug}/pledge/confirm?shares=1001")
    with site.unchanged("decisions"):
        page = browser.post(page.tree.xpath("//main//form/@action")[0], filled(page))
    assert page.status == 422
    assert "Amount must be $2,500.00 or less." in page.text
    assert "17 CFR 227.100(a)(2)" in page.text
    stored = site.world.sql("SELECT outcome, requested_minor, remaining_minor FROM decisions")
    assert stored == [("deny", 250_250, 250_000)]


def test_a_step_that_must_come_first_is_told_without_an_amount_that_would_pass(site: Site) -> None:
    """Below the threshold of the EU's rules it is not the amount that stands against a pledge."""
    offering, investor = site.world.live(regime_id="EU-ECSPR"), site.world.investor(country="DE")
    with site.world.acting() as tx:
        investors.declare_figures(tx, investor, "EUR")
    with site.unchanged():
        page = site.browser(investor.user_id).post(f"/offerings/{offering.slug}/pledge", {"amount": "100"})
    assert page.status == 422
    assert "Take the entry test first" in page.text
    assert "is possible" not in page.text


def test_the_way_to_the_payment_page_and_back_names_no_host(desk: Desk) -> None:
    """Whoever came by another name of this site would otherwise return signed out."""
    pay_page = desk.send().location
    desk.site.world.run_jobs()
    (there,) = desk.browser.get(pay_page).tree.xpath("//a[contains(@href, '/sandbox/checkout/')]/@href")
    assert there.startswith("/sandbox/checkout/")
    (link,) = desk.browser.get(there).tree.xpath("//main/p/a/@href")
    back = desk.browser.post(there, {"token": "ok"}).location
    assert link == back == pay_page.replace("/pay", "/returned")
    assert desk.browser.get(back).status == 200


def test_an_offering_that_ended_meanwhile_is_refused(desk: Desk) -> None:
    desk.site.world.pass_deadline(desk.offering)
    with desk.site.unchanged():
        page = desk.send()
    assert page.status == 422
    assert "The offering has just ended. Nothing was charged." in page.text
    desk.site.world.run_jobs()
    with desk.site.unchanged():
        page = desk.send()
    assert page.status == 422
    assert "This offering is not open for pledges." in page.text


def test_ones_own_offering_is_refused(desk: Desk) -> None:
    world = desk.site.world
    world.sql(
        "INSERT INTO issuer_members SELECT :issuer, user_id, now() FROM investors", issuer=desk.offering.issuer_id
    )
    with desk.site.unchanged():
        page = desk.send()
    assert page.status == 422
    assert "You act for this company" in page.text


def test_who_gave_no_figures_gives_them_first(site: Site) -> None:
    offering = site.world.live()
    browser = site.browser(site.world.user(Role.INVESTOR).id)
    path = f"/offerings/{offering.slug}/pledge"
    with site.unchanged():
        for page in (browser.get(path), browser.post(path, {"amount": "100"}), browser.get(f"{path}/confirm?shares=9")):
            assert page.status == 302
            assert page.location.startswith("/me/figures/US-CF?next=")


def test_a_minimum_between_two_shares_names_an_amount_that_works(site: Site) -> None:
    offering = site.world.live(price="2.50", minimum_pledge="24")
    browser = site.browser(site.world.investor().user_id)
    path = f"/offerings/{offering.slug}/pledge"
    assert browser.post(path, {"amount": "24"}).error_at("amount") == "Amount must be $25.00 or more"
    assert browser.post(path, {"amount": "25"}).status == 303


# From where, where a trusted proxy tells it

PROXY = {"TRUSTED_PROXIES": "1", "COUNTRY_HEADER": "CF-IPCountry"}


@pytest.mark.parametrize(
    ("set_up", "told", "kept"),
    [
        (PROXY, "CA", "CA"), (PROXY, "ca", "CA"), (PROXY, "XX", None), (PROXY, "T1", None), (PROXY, "", None),
        (PROXY, "Canada", None), (PROXY, "C\u00c4", None), ({"TRUSTED_PROXIES": "1"}, "CA", None), ({}, "CA", None),
    ],
)  # fmt: skip
def test_the_country_of_a_connection_is_kept_as_the_proxy_tells_it_and_not_otherwise(
    database_url: str, tmp_path: Path, set_up: dict[str, str], told: str, kept: str | None
) -> None:
    site = Site(settings(database_url, tmp_path, **set_up))
    desk = sit_down(site)
    assert desk.browser.post(desk.path, desk.fields, headers={"CF-IPCountry": told}).status == 303
    assert site.world.sql("SELECT placed_from FROM pledges") == [(kept,)]
    site.close()
