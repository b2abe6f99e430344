"""From "it is full" to a place in line, to the kept shares, to the pledge: on the pages, without JavaScript."""

from __future__ import annotations

import re

import pytest

from app.actor import Role
from app.investors.models import Investor
from app.offerings.models import Offering
from app.pledges.models import Pledge
from tests.builders import World
from tests.waitlist.standing_in_line import full, room
from tests.web.browser import Browser, Page, Site
from tests.web.test_pledge_form import after_reading, filled


@pytest.fixture
def taken(world: World) -> tuple[Offering, list[Pledge]]:
    return full(world, 10)


def line_up(
    site: Site, offering: Offering, investor: Investor | None = None, language: str = "en"
) -> tuple[Browser, Page]:
    """Join for ten shares, from the refusal on."""
    browser = site.browser((investor or site.world.investor()).user_id, language=language)
    page = browser.post(f"/offerings/{offering.slug}/pledge", {"amount": "250"})
    assert page.status == 422
    (link,) = page.tree.xpath("//main//p[contains(@class, 'notice')]/a/@href")
    form = browser.get(link)
    assert form.value("shares") == "10"
    joined = browser.post(f"/offerings/{offering.slug}/waitlist", {"shares": "10"})
    assert joined.status == 303
    return browser, browser.get(joined.location)


def test_from_full_to_the_pledge(site: Site, world: World, taken: tuple[Offering, list[Pledge]]) -> None:
    offering, pledges = taken
    browser, mine = line_up(site, offering)
    _, other = line_up(site, offering)
    assert "You are at place 1" in mine.text and "You are at place 2" in other.text
    assert "2 investors are in line." in site.browser().get(f"/offerings/{offering.slug}").text
    assert "place 1, for 10 shares" in browser.get("/me").text
    world.cancel(pledges[0])
    world.run_jobs()
    (until,) = re.findall(r"kept for you until (\w{3} \d+ \w{3} 2026, \d\d:\d\d)", browser.get("/me").text)
    kept = browser.get(f"/offerings/{offering.slug}/waitlist")
    assert "10 shares are kept for you" in kept.text and until in kept.text and "24 h 0 min left" in kept.text
    (link,) = kept.tree.xpath("//main//a[contains(@class, 'btn-primary')]/@href")
    form = after_reading(browser, link)
    placed = browser.post(form.tree.xpath("//main//form/@action")[0], filled(form))
    assert placed.status == 303 and placed.location.endswith("/pay")
    assert room(world, offering) == (40, 0, 1)
    assert world.broken_promises() == []


def test_the_other_language_says_the_same_minute(
    site: Site, world: World, taken: tuple[Offering, list[Pledge]]
) -> None:
    offering, pledges = taken
    browser, _ = line_up(site, offering)
    browser.client.set_cookie("lang", "zh-CN")
    world.cancel(pledges[0])
    world.run_jobs()
    ((until,),) = world.sql(
        "SELECT to_char(offered_until AT TIME ZONE 'America/New_York', 'HH24:MI') FROM waitlist_entries"
    )
    assert until in browser.get(f"/offerings/{offering.slug}/waitlist").text


def test_leaving_is_one_button(site: Site, world: World, taken: tuple[Offering, list[Pledge]]) -> None:
    offering, _ = taken
    browser, _ = line_up(site, offering)
    left = browser.post(f"/offerings/{offering.slug}/waitlist/leave")
    assert left.status == 303
    assert "You have left the line. Nothing was charged." in browser.get(left.location).text
    assert room(world, offering) == (40, 0, 0)


def test_the_company_sees_the_line_and_nobody_in_it(
    site: Site, world: World, taken: tuple[Offering, list[Pledge]]
) -> None:
    offering, _ = taken
    investor = world.investor(name="Quentin Quiet")
    line_up(site, offering, investor)
    ((member,),) = world.sql("SELECT user_id FROM issuer_members WHERE issuer_id = :id", id=offering.issuer_id)
    page = site.browser(member).get(f"/issuer/offerings/{offering.ref}/waitlist")
    assert "1 investor is in line, for 10 shares together." in page.text
    assert "Quentin" not in page.source


@pytest.mark.parametrize("wish", ["", "0", "-1", "1.5", "ten", "1", "41", "9" * 12])
def test_a_bad_wish_changes_nothing_and_says_so_at_the_field(
    site: Site, world: World, taken: tuple[Offering, list[Pledge]], wish: str
) -> None:
    offering, _ = taken
    browser = site.browser(world.investor().user_id)
    browser.get(f"/offerings/{offering.slug}/waitlist")
    with site.unchanged():
        page = browser.post(f"/offerings/{offering.slug}/waitlist", {"shares": wish})
    assert page.status == 422 and page.error_at("shares")


def test_who_has_room_is_sent_to_the_pledge(site: Site, world: World) -> None:
    offering, browser = world.live(), site.browser(world.investor().user_id)
    page = browser.post(f"/offerings/{offering.slug}/waitlist", {"shares": "100"})
    assert page.status == 422 and "You can pledge now, without waiting." in page.text


def test_who_has_no_figures_yet_gives_them_first(
    site: Site, world: World, taken: tuple[Offering, list[Pledge]]
) -> None:
    person = world.user(Role.INVESTOR)
    page = site.browser(person.id).get(f"/offerings/{taken[0].slug}/waitlist")
    assert page.status == 302 and "/me/figures/" in page.location
