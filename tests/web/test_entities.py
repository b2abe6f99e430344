"""Pages for who acts for an entity: registering it, its figures and status, and the question for whom before a pledge."""

from __future__ import annotations

import pytest

from app.investors.models import Investor
from app.offerings.models import Offering
from tests.investors.entities import declare, register
from tests.web.browser import Browser, Site
from tests.web.test_pledge_form import after_reading, filled

FORM = {
    "legal_name": "Harbour Partners LP", "form": "partnership", "registration_number": "LP 77", "country": "US",
    "capacity": "General partner", "formed_for_purchase": "no", "owner_1_name": "Ann Example",
    "owner_1_share": "33.33", "owner_1_country": "DE", "owner_1_born_on": "1980-02-29",
}  # fmt: skip


def test_an_entity_is_registered_and_shown_to_who_acts_for_it_alone(site: Site) -> None:
    browser = site.browser(site.world.investor().user_id)
    page = browser.get("/me/entities/new")
    assert page.value("form") == "" and page.value("formed_for_purchase") == "", "nothing is chosen beforehand"
    made = browser.post("/me/entities/new", FORM)
    assert made.status == 303
    page = browser.get(made.location)
    for told in ("Harbour Partners LP", "LP77", "Partnership", "General partner", "Ann Example", "33.33%", "Germany"):
        assert told in page.text
    assert "You act for Harbour Partners LP." in page.text
    other = site.browser(site.world.investor().user_id)
    address = made.location.partition("?")[0]
    number = address.rpartition("/")[2]
    for path in (address, f"/me?whom={number}", f"/me/limits?whom={number}", f"/me/status?whom={number}", "/me?whom=x"):
        assert other.get(path).status == 404, path
        assert other.get(path).status == 404


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"owner_1_name": "", "owner_1_share": "", "owner_1_country": ""}, "nobody_owns_so_much", ""),
        ({"owner_1_share": ""}, "owner_1_share", "Give the name, the part"),
        ({"owner_1_name": ""}, "owner_1_name", "Give the name, the part"),
        ({"owner_1_share": "24.99"}, "owner_1_share", "Only parts of 25% or more"),
        ({"owner_1_share": "1/3"}, "owner_1_share", "in percent"),
        ({"owner_1_share": "100.01"}, "owner_1_share", "more than the whole"),
        ({"form": "club"}, "form", ""),
        ({"formed_for_purchase": ""}, "formed_for_purchase", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    site: Site, changes: dict[str, str], field: str, said: str
) -> None:
    browser = site.browser(site.world.investor().user_id)
    with site.unchanged():
        page = browser.post("/me/entities/new", {**FORM, **changes})
    assert page.status == 422
    if said:
        assert said in "".join(page.tree.xpath(f"//*[@id='{field}-error']/text()"))


@pytest.fixture
def acting(site: Site) -> tuple[Browser, Investor, Investor, Offering]:
    """Somebody who invests and acts for an entity, too, and an open offering."""
    person = site.world.investor()
    entity = register(site.world, person.user_id, legal_name="Harbour Trust")
    declare(site.world, entity, revenue="1", net_assets="1", total_assets="1")
    return site.browser(person.user_id), person, entity, site.world.live()


def test_who_acts_for_more_than_one_is_asked_for_whom(
    site: Site, acting: tuple[Browser, Investor, Investor, Offering]
) -> None:
    browser, person, entity, offering = acting
    start = f"/offerings/{offering.slug}/pledge"
    page = browser.get(start)
    assert "For whom do you invest?" in page.text
    assert not page.tree.xpath("//main//input[@name='amount']")
    with site.unchanged():
        assert browser.post(start, {"amount": "250"}).location == start, (
            "no amount is taken before it is clear for whom"
        )
        assert browser.get(f"{start}/confirm?shares=100").location == start
    links = page.tree.xpath("//main//a[contains(@href, 'whom=')]/@href")
    assert links == [f"{start}?whom={one.id}" for one in (person, entity)]
    chosen = browser.post(links[1], {"amount": "250"})
    page = after_reading(browser, chosen.location)
    assert "Harbour Trust" in page.text
    action = page.tree.xpath("//main//form/@action")[0]
    assert f"whom={entity.id}" in action
    done = browser.post(action, filled(page))
    assert done.status == 303
    assert site.world.sql("SELECT investor_id FROM pledges") == [(entity.id,)]
    ((ref,),) = site.world.sql("SELECT ref FROM pledges")
    assert "Harbour Trust" in browser.get(f"/me/pledges/{ref}").text
    assert ref in browser.get(f"/me?whom={entity.id}").text
    assert ref not in browser.get("/me").text, "the person's own page shows the person's own pledges"
    assert site.browser(site.world.investor().user_id).get(f"/me/pledges/{ref}").status == 404


def test_nobody_pledges_for_an_entity_of_somebody_else(
    site: Site, acting: tuple[Browser, Investor, Investor, Offering]
) -> None:
    _, _, entity, offering = acting
    stranger = site.browser(site.world.investor().user_id)
    path = f"/offerings/{offering.slug}/pledge/confirm?shares=100"
    fields = filled(after_reading(stranger, path))
    with site.unchanged():
        assert stranger.post(f"{path}&whom={entity.id}", fields).status == 404
        assert stranger.get(f"{path}&whom={entity.id}").status == 404


def test_its_figures_are_asked_for_by_themselves(
    site: Site, acting: tuple[Browser, Investor, Investor, Offering]
) -> None:
    browser, _, entity, _ = acting
    path = f"/me/figures/US-CF?whom={entity.id}"
    page = browser.get(path)
    assert "Figures of Harbour Trust" in page.text
    assert not page.tree.xpath("//input[@name='annual_income'] | //input[@name='joint_with_spouse']")
    with site.unchanged():
        assert browser.post(path, {"revenue": "-1"}).status == 422
    told = {"revenue": "100", "net_assets": "-5", "total_assets": "7", "other_platform_12m": "0"}
    assert browser.post(path, told).status == 303
    kept = site.world.sql(
        "SELECT investor_id, revenue_minor, net_assets_minor, total_assets_minor FROM figures ORDER BY id DESC LIMIT 1"
    )
    assert kept == [(entity.id, 10_000, -500, 700)]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_its_pages_keep_to_it(site: Site, acting: tuple[Browser, Investor, Investor, Offering], language: str) -> None:
    _, person, entity, _ = acting
    browser = site.browser(person.user_id, language=language)
    for path in ("/me", "/me/holdings", "/me/limits", "/me/status", f"/me/entities/{entity.id}"):
        page = browser.get(f"{path}?whom={entity.id}")
        assert page.status == 200 and "Harbour Trust" in page.text, path
        tabs = page.tree.xpath("//nav[@class='tabs']/a/@href")
        assert tabs and all(f"whom={entity.id}" in one for one in tabs)
    status = browser.get(f"/me/status?whom={entity.id}").source
    assert "/me/status/new/accredited_us" in status and "/me/spouse" not in status
    assert browser.get(f"/me/status/new/hnw_uk?whom={entity.id}").status == 404
    form = browser.get(f"/me/status/new/accredited_us?whom={entity.id}")
    assert form.tree.xpath("//input[@name='total_assets']")
