"""The queue of an officer: everything that waits in one list, found again by its address, and no dearer when it is long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier, Thread

import pytest
from sqlalchemy import event

from app.actor import Role
from app.compliance import actions as compliance
from app.investors.models import ClaimKind
from tests.builders import World
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market


@pytest.fixture
def officer(site: Site) -> Browser:
    return site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id)


def titles(page: Page) -> list[str]:
    return [
        one.text_content().split()[0]
        for one in page.tree.xpath("//table[contains(@class,'queue')]//tbody//th//*[@class='meta']")
    ]


def claims(world: World, count: int) -> list[str]:
    refs = []
    for number in range(count):
        investor = world.investor(name=f"Person number {number}")
        with world.acting() as tx:
            refs.append(compliance.claim_status(tx, investor, ClaimKind.ACCREDITED_US, "I am.").ref)
    return refs


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """Every statement that the site sends meanwhile."""
    engine, statements = site.world.platform.database.engine, list[str]()

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_everything_that_waits_is_in_one_list(market: Market) -> None:
    page = market.browser("officer").get("/review")
    refs = titles(page)
    for ref in (market.cases["open"], market.cases["claimed"], market.cases["pledge"], market.closings["proposed"]):
        assert ref in refs
    assert market.cases["approved"] not in refs
    assert "Mr Officer" in page.text and "left" in page.text


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_time_that_is_left_stands_in_words(site: Site, language: str) -> None:
    claims(site.world, 1)
    browser = site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id, language=language)
    late = "//table//*[contains(@class,'tag-danger')]/text()"
    assert browser.get("/review").tree.xpath(late) == []
    site.world.move_clock(days=14)
    (words,) = browser.get("/review").tree.xpath(late)
    assert any(sign.isdigit() for sign in words) and ":" in words


def test_filters_are_in_the_address_and_can_be_saved(site: Site, officer: Browser) -> None:
    ref = site.world.submitted()[2]
    (claim,) = claims(site.world, 1)
    assert titles(officer.get("/review?kind=investor")) == [claim]
    assert titles(officer.get("/review?why=offering_submitted")) == [ref]
    assert titles(officer.get("/review?q=PERSON+number")) == [claim]
    assert titles(officer.get(f"/review?q={ref.lower()}")) == [ref]
    assert titles(officer.get("/review?q=%25")) == titles(officer.get("/review?overdue=1")) == []
    officer.post(f"/review/cases/{ref}/take")
    assert titles(officer.get("/review?owner=mine")) == [ref]
    assert titles(officer.get("/review?owner=nobody")) == [claim]

    answer = officer.post("/review/filters", {"name": "My own", "owner": "mine", "odd": "x"})
    assert answer.location == "/review?owner=mine"
    assert officer.get("/review").tree.xpath("//a[text()='My own']/@href") == ["/review?owner=mine"]
    officer.post("/review/filters/drop", {"name": "My own"})
    assert "My own" not in officer.get("/review").text


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2026-01-01+0+1",
        "after=2026-01-01T00:00:00%2B00:00+0+99999999999999999999",
        "kind=x",
        "why=x",
        "owner=x",
    ],
)
def test_an_address_that_means_nothing_is_an_empty_or_a_whole_list(site: Site, officer: Browser, query: str) -> None:
    claims(site.world, 1)
    assert officer.get(f"/review?{query}").status == 200


def test_a_long_queue_is_leafed_through_without_a_gap(site: Site, officer: Browser) -> None:
    refs = claims(site.world, 65)
    found: list[str] = []
    path = "/review"
    while path:
        page = officer.get(path)
        found += titles(page)
        path = next(iter(page.tree.xpath("//main//a[contains(@href, 'after=')]/@href")), "")
    assert found == refs


def test_a_long_queue_costs_no_more_questions_than_a_short_one(site: Site, officer: Browser) -> None:
    world = site.world
    claims(world, 5)
    world.submitted()
    world.pledged(world.live(), shares=12_000)
    officer.get("/review")
    with counted(site) as few:
        officer.get("/review")
    claims(world, 45)
    for _ in range(3):
        world.pledged(world.live(), shares=12_000)
    with counted(site) as many:
        officer.get("/review")
    assert max(len(few), len(many)) < 35


def test_the_next_case_is_the_one_that_is_due_first_and_not_ones_own(site: Site) -> None:
    world = site.world
    person = world.user(Role.COMPLIANCE_OFFICER, Role.INVESTOR)
    own = world.submitted()[2]
    world.sql("UPDATE review_cases SET involves = array_append(involves, :one)", one=person.id)
    second, third = claims(world, 2)
    browser = site.browser(person.id)
    for ref in (second, third):
        assert browser.post("/review/next").location == f"/review/cases/{ref}"
    answer = browser.post("/review/next")
    assert answer.location == "/review" and "Nothing waits that you may decide." in browser.get("/review").notices()
    assert world.sql("SELECT claimed_by FROM review_cases WHERE ref = :ref", ref=own) == [(None,)]


def test_two_officers_who_ask_at_once_get_different_cases(site: Site) -> None:
    refs = claims(site.world, 2)
    browsers = [site.browser(site.world.user(Role.COMPLIANCE_OFFICER).id) for _ in range(2)]
    barrier, got = Barrier(2), list[str]()

    def ask(browser: Browser) -> None:
        barrier.wait()
        got.append(browser.post("/review/next").location.rpartition("/")[2])

    threads = [Thread(target=ask, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(refs)


def test_opening_a_case_keeps_it(site: Site, officer: Browser) -> None:
    ref = site.world.submitted()[2]
    officer.post(f"/review/cases/{ref}/take")
    site.world.sql("UPDATE review_cases SET claimed_until = clock_timestamp() + interval '1 minute'")
    officer.get(f"/review/cases/{ref}")
    assert site.world.sql("SELECT claimed_until > clock_timestamp() + interval '10 minutes' FROM review_cases") == [
        (True,)
    ]
