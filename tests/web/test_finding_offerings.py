"""The page of offerings: what is asked for in the address is what is shown, in the order of the deadlines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.closings import actions as closings
from app.i18n.locales import LANGUAGES
from app.offerings.models import Offering
from app.web.public import offerings as pages
from tests.builders import World
from tests.web.browser import Page, Site

#: name -> days until its deadline, rules, security, what it does, its story
OPEN = {
    "Solar Bakery": (30, "US-CF", "common_stock", "Bread from the sun", "Ovens without fire."),
    "100% Rye": (40, "US-CF", "debt", "Only one grain", "It keeps for weeks."),
    "1000 Ryes": (40, "US-CF", "common_stock", "A mill", "It grinds."),
    "Tool_kit": (50, "US-CF", "preferred_stock", "For the hand", "Made of steel."),
    "Toolbkit": (50, "US-CF", "common_stock", "For the other hand", "Made of wood."),
    "众筹测试": (60, "CN-MICHOU", "other", "研发机器", "我们制造太阳能烤箱。"),
}
PAST = {
    "Old Bakery": (22, "US-CF", "common_stock", "It was good", "It is over."),
    "旧磨坊": (22, "CN-MICHOU", "debt", "Bread of old", "已经结束。"),
}
ALL, ENDED = list(OPEN), list(PAST)
SHARES = ["Solar Bakery", "1000 Ryes", "Toolbkit"]


def named(world: World, offering: Offering, name: str, regime: str, security: str, tagline: str, story: str) -> None:
    world.force(
        "UPDATE offerings SET name = :name, regime = :regime, security_type = :security, tagline = :tagline,"
        " disclosure = disclosure || jsonb_build_object('story', CAST(:story AS text)) WHERE id = :id",
        id=offering.id, name=name, regime=regime, security=security, tagline=tagline, story=story,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop(shared_site: Site) -> Site:
    """Six that are open, two that have ended, and two that nobody may find."""
    world = shared_site.world
    ended = {name: world.live(days=days) for name, (days, *_) in PAST.items()}
    world.pass_deadline(ended["Old Bakery"])
    world.run_jobs()
    # The first to end is not the first that was made.
    offered = ended | {name: world.live(days=OPEN[name][0]) for name in (*ALL[1:], ALL[0])}
    for name, (_, *told) in (OPEN | PAST).items():
        named(world, offered[name], name, *told)
    world.sql("UPDATE issuers SET legal_name = 'Helios Inc.' WHERE id = :id", id=offered["Solar Bakery"].issuer_id)
    draft, _ = world.draft()
    withdrawn = world.live()
    with world.acting() as tx:
        closings.withdraw_offering(tx, withdrawn.id)
    for hidden in (draft, withdrawn):
        named(world, hidden, "Hidden Bakery", "US-CF", "common_stock", "Bread", "Bread")
    return shared_site


def names(page: Page) -> list[str]:
    assert page.status == 200
    return [str(name) for name in page.tree.xpath("//main//article//h2/a/text()")]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/offerings", ALL),
        # words, wherever they stand: name, what it does, story, company; small or capital
        ("/offerings?q=solar", ["Solar Bakery"]),
        ("/offerings?q=BAKERY", ["Solar Bakery"]),
        ("/offerings?q=from+the+sun", ["Solar Bakery"]),
        ("/offerings?q=ovens", ["Solar Bakery"]),
        ("/offerings?q=helios", ["Solar Bakery"]),
        ("/offerings?q=rye", ["100% Rye", "1000 Ryes"]),
        ("/offerings?q=众筹", ["众筹测试"]),
        ("/offerings?q=机器", ["众筹测试"]),
        ("/offerings?q=太阳能", []),  # in a story that only certified investors may read
        ("/offerings?q=++solar++", ["Solar Bakery"]),
        # every word must be there
        ("/offerings?q=helios+bread", ["Solar Bakery"]),
        ("/offerings?q=helios+rye", []),
        # as they are, not as patterns
        ("/offerings?q=100%25", ["100% Rye"]),
        ("/offerings?q=%25", ["100% Rye"]),
        ("/offerings?q=l_k", ["Tool_kit"]),
        ("/offerings?q=_", ["Tool_kit"]),
        ("/offerings?q=%5C", []),
        ("/offerings?q=nothing+has+this+name", []),
        # each filter, and one that nobody knows
        ("/offerings?rules=US-CF", ALL[:5]),
        ("/offerings?rules=CN-MICHOU", ["众筹测试"]),
        ("/offerings?rules=XX", ALL),
        ("/offerings?security=common_stock", SHARES),
        ("/offerings?security=debt", ["100% Rye"]),
        ("/offerings?security=other", ["众筹测试"]),
        ("/offerings?security=membership_interest", []),
        ("/offerings?security=gold", ALL),
        ("/offerings?status=open", ALL),
        ("/offerings?status=past", ENDED),
        ("/offerings?status=draft", ALL),
        # together
        ("/offerings?q=bread&status=past", ["旧磨坊"]),
        ("/offerings?q=bakery&status=past", ["Old Bakery"]),
        ("/offerings?rules=CN-MICHOU&status=past", ["旧磨坊"]),
        ("/offerings?rules=US-CF&security=common_stock&q=rye", ["1000 Ryes"]),
        ("/offerings?rules=CN-MICHOU&security=common_stock", []),
        ("/offerings?security=common_stock&status=past", ["Old Bakery"]),
        ("/offerings?q=&rules=&security=&status=", ALL),
    ],
)
def test_what_is_asked_for_is_shown(shop: Site, address: str, expected: list[str]) -> None:
    page = shop.browser().get(address)
    assert names(page) == expected
    assert ("No offerings match." in page.text) is (not expected)


def test_the_form_shows_what_was_asked_for(shop: Site) -> None:
    page = shop.browser(language="zh-CN").get("/offerings?q=100%25&rules=US-CF&security=debt&status=past")
    shown = {name: page.value(name) for name in ("q", "rules", "security", "status")}
    assert shown == {"q": "100%", "rules": "US-CF", "security": "debt", "status": "past"}
    assert "没有" in page.text and names(page) == []


def walked(site: Site, address: str, language: str = "en") -> Iterator[list[str]]:
    """The names of every page that "Show more" leads to."""
    browser = site.browser(language=language)
    for _ in range(20):
        page = browser.get(address)
        yield names(page)
        following = page.tree.xpath("//main//a[contains(@href, 'after=')]/@href")
        if not following:
            return
        (address,) = following
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/offerings", ALL),
        ("/offerings?q=b&security=common_stock", [SHARES[0], SHARES[2]]),
        ("/offerings?q=t&rules=US-CF", ALL[:5]),
        ("/offerings?status=past", ENDED),
    ],
)
def test_page_after_page_shows_each_once(
    shop: Site, monkeypatch: pytest.MonkeyPatch, size: int, address: str, expected: list[str]
) -> None:
    """Also where two have the same deadline, and with the filters kept."""
    monkeypatch.setattr(pages, "PAGE", size)
    shown = list(walked(shop, address))
    assert [name for page in shown for name in page] == expected
    assert [len(page) for page in shown[:-1]] == [size] * (len(shown) - 1) and shown[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_offerings_than_a_page_holds_are_on_the_next_one(site: Site, language: str) -> None:
    world = site.world
    offered = [world.live().name for _ in range(pages.PAGE + 2)]
    assert [len(page) for page in walked(site, f"/offerings?q=inc&lang={language}", language)] == [pages.PAGE, 2]
    assert [name for page in walked(site, "/offerings") for name in page] == offered


@pytest.mark.parametrize(
    "after",
    [
        "", "x", "/", "2099-01-01", "2099-01-01/1", "2099-01-01T00:00:00/1", "2099-01-01T00:00:00+00:00/-1",
        "2099-01-01T00:00:00+00:00/x", "2099-01-01T00:00:00+00:00/", "2099-01-01T00:00:00+00:00/99999999999999999999",
    ],
)  # fmt: skip
def test_a_place_that_nobody_was_at_begins_at_the_top(shop: Site, after: str) -> None:
    assert names(shop.browser().get("/offerings", query_string={"after": after})) == ALL


def test_behind_the_last_one_there_is_nothing(shop: Site) -> None:
    page = shop.browser().get("/offerings", query_string={"after": "9999-12-31T23:59:59-12:00/1"})
    assert names(page) == []
