"""In which zone times are shown: a thing's own, and the reader's: their account's, their browser's, or a guess."""

from __future__ import annotations

import re

import pytest

from app.i18n import times
from app.i18n.locales import LANGUAGES
from app.offerings import deadlines
from tests.builders import PASSWORD
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market

NEW_YORK = "Sat 2 May 2026, 15:00 New York"
IN_TOKYO = "Sun 3 May 2026, 04:00 Tokyo"
NONSENSE = [
    "", "x", "Mars/Olympus", "asia/tokyo", "Asia/Tokyo ", "../../etc/passwd", "/etc/localtime", "localtime", "Factory",
    "<script>alert(1)</script>", '"><b>', "Asia/Tokyo\u202e", "Asia", "A" * 4_000, "%41sia/Tokyo", "{{7*7}}",
]  # fmt: skip


def telling(browser: Browser, zone: str) -> Browser:
    """A browser whose script has told where its clock stands, or that somebody made tell something."""
    browser.client.set_cookie("tz", zone)
    return browser


def deadline(page: Page) -> str:
    """The deadline as the terms of an offering's page tell it."""
    (told,) = page.tree.xpath("//section[@id='terms']//span[@class='when']")
    return re.sub(r"\s+", " ", " / ".join(told.itertext())).strip()


@pytest.fixture
def path(market: Market) -> str:
    return f"/offerings/{market.offerings['live'].slug}"


def test_a_deadline_is_shown_in_its_own_zone_and_in_the_readers(market: Market, path: str) -> None:
    page = telling(market.browser("anonymous"), "Asia/Tokyo").get(path)
    assert deadline(page) == f"{NEW_YORK} / {IN_TOKYO}"
    assert IN_TOKYO in page.tree.xpath("string(//aside)")
    both = {element.get("datetime") for element in page.tree.xpath("//section[@id='terms']//time")}
    assert len(both) == 1  # one instant, told twice


def test_a_reader_in_the_zone_of_the_offering_sees_it_once(market: Market, path: str) -> None:
    assert deadline(telling(market.browser("anonymous"), "America/New_York").get(path)) == NEW_YORK


def test_without_a_word_of_the_browser_the_language_lets_us_guess(market: Market, path: str) -> None:
    assert deadline(market.browser("anonymous").get(path)) == NEW_YORK
    assert deadline(market.browser("anonymous", "zh-CN").get(path)).endswith("2026年5月3日 周日 03:00（北京时间）")


def test_an_accounts_own_zone_comes_first(market: Market, path: str) -> None:
    assert deadline(telling(market.browser("investor"), "Asia/Tokyo").get(path)) == NEW_YORK


@pytest.mark.parametrize("zone", NONSENSE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nonsense_shows_the_page_as_before(market: Market, path: str, language: str, zone: str) -> None:
    page = telling(market.browser("anonymous", language), zone).get(path)
    assert page.status == 200
    assert page.source == market.browser("anonymous", language).get(path).source


def test_every_zone_that_is_taken_can_be_told() -> None:
    for language in LANGUAGES.values():
        assert all(times.zone_name(zone, language) for zone in deadlines.ZONES)


# Accounts


def signed_up(site: Site, language: str, zone: str | None) -> str:
    """The zone of a new account."""
    browser = site.browser(language=language)
    if zone is not None:
        telling(browser, zone)
    fields = {"email": "ada@example.test", "name": "Ada", "password": PASSWORD}
    assert browser.post("/sign-up", fields).status == 303
    ((kept,),) = site.world.sql("SELECT timezone FROM users WHERE email = 'ada@example.test'")
    return str(kept)


@pytest.mark.parametrize(
    ("language", "told", "kept"),
    [
        ("en", "Asia/Tokyo", "Asia/Tokyo"), ("zh-CN", "Europe/Berlin", "Europe/Berlin"), ("en", "UTC", "UTC"),
        ("en", None, "America/New_York"), ("zh-CN", None, "Asia/Shanghai"), ("zh-CN", "Mars/Olympus", "Asia/Shanghai"),
    ],
)  # fmt: skip
def test_a_new_account_keeps_the_zone_of_its_browser(site: Site, language: str, told: str | None, kept: str) -> None:
    assert signed_up(site, language, told) == kept


def test_a_zone_that_the_list_does_not_offer_is_not_lost_by_saving_a_name(site: Site) -> None:
    assert signed_up(site, "en", "UTC") == "UTC"
    ((user_id,),) = site.world.sql("SELECT id FROM users WHERE email = 'ada@example.test'")
    browser = site.browser(user_id)
    page = browser.get("/account")
    assert page.value("timezone") == "UTC"
    fields = {name: page.value(name) for name in ("locale", "timezone")}
    assert browser.post("/account", {**fields, "name": "Ada Lovelace"}).status == 303
    assert site.world.sql("SELECT name, timezone FROM users WHERE id = :id", id=user_id) == [("Ada Lovelace", "UTC")]


def test_every_page_asks_the_browser_for_its_zone_by_a_file_of_ours(market: Market) -> None:
    for who, address in (("anonymous", "/"), ("anonymous", "/no-such-page"), ("investor", "/me")):
        assert market.browser(who).get(address).tree.xpath("//head/script[contains(@src, '/zone.js')][@defer]")
