"""Many people at once, over HTTP: nothing is oversold, no limit is passed, and the site stays small."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable, Iterator

import httpx
import pytest
from lxml import html

from app import create_app
from app.actor import SYSTEM
from app.assessments.bank import bank
from app.identity import actions as identity
from app.identity import queries as identity_queries
from app.offerings.models import Offering
from app.pledges.lifecycle import TAKING
from app.wiring import Platform
from tests.builders import World, usd
from tests.processes import PATIENCE_S, Site, children, resident_megabytes

Cookies = Callable[[int], httpx.Cookies]

CROWD = 500
LAST_SHARES = 10


@pytest.fixture(scope="module")
def cookies(platform: Platform) -> Iterator[Cookies]:
    """Signed-in browsers' cookies: what the sign-in page would have set, without hashing five hundred passwords."""
    app = create_app(platform.settings)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]

    def cookie(user_id: int) -> httpx.Cookies:
        with platform.database.transaction(SYSTEM) as tx:
            token = identity.open_session(tx, identity_queries.user(tx.session, user_id), "crowd")
        found = httpx.Cookies()
        found.set("openraise", signer.dumps({"_user_id": token, "_fresh": True}), domain="127.0.0.1")
        return found

    yield cookie
    app.extensions["platform"].close()


class Browser:
    """One of a crowd. First everybody reads the form, then everybody presses the button."""

    def __init__(self, site: Site, cookies: httpx.Cookies) -> None:
        self.http = httpx.AsyncClient(
            base_url=site.url, cookies=cookies, timeout=PATIENCE_S, limits=httpx.Limits(max_keepalive_connections=0),
            verify=False,  # saves a crowd of certificate stores; the site is on this machine
        )  # fmt: skip
        self.form: dict[str, str] = {}

    async def read_form(self, offering: Offering, shares: int) -> None:
        answer = await self.http.get(f"/offerings/{offering.slug}/pledge/confirm?shares={shares}")
        assert answer.status_code == 200, answer.text
        form = html.document_fromstring(answer.text).xpath("//main//form")[-1]
        boxes = {box.get("name"): box.get("value") for box in form.xpath(".//input[@type='checkbox']")}
        right = {f"q_{one.id}": one.right for one in bank("us_commitment").questions}
        self.form = {**dict(form.form_values()), **boxes, **right}

    async def press(self, offering: Offering) -> httpx.Response:
        return await self.http.post(f"/offerings/{offering.slug}/pledge/confirm", data=self.form)


async def all_at_once(browsers: list[tuple[Browser, Offering]], shares: int) -> list[httpx.Response]:
    await asyncio.gather(*(browser.read_form(offering, shares) for browser, offering in browsers))
    answers = await asyncio.gather(*(browser.press(offering) for browser, offering in browsers))
    await asyncio.gather(*(browser.http.aclose() for browser, _ in browsers))
    return list(answers)


def test_five_hundred_want_the_last_ten_shares(world: World, site: Site, cookies: Cookies) -> None:
    offering = world.live(price="100", target="1000", maximum="1000", minimum_pledge="100")
    investors = [world.investor() for _ in range(CROWD)]
    for investor in investors:
        world.open_documents(investor, offering)
    crowd = [(Browser(site, cookies(investor.user_id)), offering) for investor in investors]

    answers = asyncio.run(all_at_once(crowd, shares=1))

    assert collections.Counter(answer.status_code for answer in answers) == {303: LAST_SHARES, 422: CROWD - LAST_SHARES}
    refusals = [answer.text for answer in answers if answer.status_code == 422]
    assert all("Fewer shares are left than you asked for: 0. Nothing was charged." in page for page in refusals)
    pledges = world.pledges_of(offering)
    assert len(pledges) == LAST_SHARES and {pledge.status for pledge in pledges} <= set(TAKING)
    progress = world.offering(offering.id).progress
    assert (progress.taken_shares, progress.taken_minor) == (LAST_SHARES, 100_000)


def test_one_investor_in_twenty_offerings_never_passes_the_limit(world: World, site: Site, cookies: Cookies) -> None:
    offerings = [world.live() for _ in range(20)]
    investor = world.investor(income="50000", net_worth="50000")  # a limit of 2,500 dollars: room for five of 500
    for offering in offerings:
        world.open_documents(investor, offering)
    signed_in = cookies(investor.user_id)
    browsers = [(Browser(site, signed_in), offering) for offering in offerings]

    answers = asyncio.run(all_at_once(browsers, shares=200))

    assert collections.Counter(answer.status_code for answer in answers) == {303: 5, 422: 15}
    refusals = [answer.text for answer in answers if answer.status_code == 422]
    assert all("The rules do not allow this amount" in page for page in refusals)
    promised = [pledge.amount for offering in offerings for pledge in world.pledges_of(offering)]
    assert sum(promised, usd("0")) == usd("2500")


def test_the_web_process_stays_small(world: World, site: Site) -> None:
    offering = world.live()
    pages = ("/", f"/offerings/{offering.slug}", "/how-it-works", "/rules")
    with httpx.Client(base_url=site.url, limits=httpx.Limits(max_keepalive_connections=0)) as browser:
        for number in range(1_000):
            assert browser.get(pages[number % len(pages)]).status_code == 200
    (worker,) = children(site.web.pid)
    assert resident_megabytes(worker) < 150
