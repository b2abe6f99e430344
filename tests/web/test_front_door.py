"""The page that strangers see first, and the pages that explain what it says."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.invariants import INVARIANTS
from app.jobs import runner
from app.jobs.check_books import BooksBroken
from tests.builders import usd
from tests.web.browser import Site
from tests.web.market import Market


def test_the_offerings_that_end_first_stand_at_the_door(site: Site) -> None:
    world = site.world
    later, *first = [world.live(days=days) for days in (70, 30, 40, 50)]
    world.draft()
    page = site.browser().get("/")
    shown = page.tree.xpath("//article//h3/a")
    assert [one.text for one in shown] == [one.name for one in first]
    assert later.name not in page.text
    assert page.tree.xpath("//main//a[@href='/offerings']")


def test_the_sums_at_the_door_are_those_of_the_books(site: Site) -> None:
    world = site.world
    assert "Held for investors" not in site.browser().get("/").text
    offering, other = world.live(target="250", days=30), world.live(days=90)
    world.held(offering)
    world.pledged(other)
    text = site.browser().get("/").text
    assert "Held for investors, in USD$250.00" in text and "Turned into shares, in USD$0.00" in text
    world.settled(offering)
    world.held(other, shares=20)
    ((held,),) = world.sql("SELECT sum(credits - debits) FROM ledger_accounts WHERE code IN ('2000', '2010')")
    assert held == usd("50").minor
    text = site.browser().get("/").text
    assert "Held for investors, in USD$50.00" in text and "Turned into shares, in USD$250.00" in text


def test_an_empty_market_says_so_and_leads_on(site: Site) -> None:
    page = site.browser().get("/")
    assert "No offering is open today" in page.text
    assert page.tree.xpath("//main//a[@href='/offerings?status=past']")
    assert "The books were not checked yet." in page.text


def test_a_check_that_failed_is_not_passed_over_in_silence(site: Site) -> None:
    world = site.world
    runner.run(world.platform, "check_books")
    assert "Every promise of the books held" in site.browser().get("/").text
    offering = world.live()
    world.force("UPDATE offering_progress SET held_minor = 1, taken_minor = 1 WHERE offering_id = :id", id=offering.id)
    with pytest.raises(BooksBroken):
        runner.run(world.platform, "check_books")
    for path in ("/", "/how-we-test"):
        text = site.browser().get(path).text
        assert "a promise did not hold" in text and "Every promise of the books held" not in text


def test_every_promise_is_told(market: Market) -> None:
    page = market.browser("anonymous").get("/how-we-test")
    assert [" ".join(one.text.split()) for one in page.tree.xpath("//ol/li")] == list(INVARIANTS)
    assert f"{len(INVARIANTS)} promises" in page.text


def test_fees_add_up(market: Market) -> None:
    page = market.browser("anonymous").get("/fees")
    rows = page.tree.xpath("//tbody/tr")
    assert len(rows) >= 4
    for row in rows:
        raised, fee, rest = (int(re.sub(r"\D", "", cell.text_content())) for cell in row)
        assert (fee * 20, fee + rest) == (raised, raised)


def test_machines_are_told_where_to_look_and_whom_to_write_to(market: Market) -> None:
    browser = market.browser("anonymous")
    robots = browser.get("/robots.txt").body.decode().splitlines()
    assert robots[0] == "User-agent: *" and "Disallow: /me" in robots
    hidden = tuple(line.removeprefix("Disallow: ") for line in robots[1:])
    for path in ("/", "/offerings", "/fees", "/rules"):
        assert not path.startswith(hidden)
    told = dict(line.split(": ", 1) for line in browser.get("/.well-known/security.txt").body.decode().splitlines())
    assert told["Contact"] == "mailto:help@openraise.example"
    assert datetime.fromisoformat(told["Expires"]) > datetime.now(UTC)
    assert told["Canonical"] == "http://localhost/.well-known/security.txt"


@pytest.mark.parametrize(
    ("who", "home"),
    [("anonymous", None), ("investor", "/me"), ("issuer", "/issuer"), ("officer", "/review"), ("operator", "/ops")],
)
def test_an_error_leads_back_to_ones_own_work(market: Market, who: str, home: str | None) -> None:
    page = market.browser(who).get("/no-such-page")
    ways = page.tree.xpath("//main//a/@href")
    assert page.status == 404 and ways == ([home] if home else []) + ["/offerings"]
