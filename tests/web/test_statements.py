"""Limit statements on the page "Limits and status": downloaded from one site, handed in on another."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from app.actor import Role
from app.investors.models import Investor
from app.jobs import send_notifications
from tests.conftest import TEMPLATE, settings
from tests.limit_statements.installations import NORTH, NORTH_SECRET, changed, issued, line, person, with_lines
from tests.servers import Server
from tests.web.browser import Browser, Page, Site

LIMITS, ISSUE, HAND_IN = "/me/limits", "/me/limits/statement", "/me/limits/statements"
HOSTILE = "<script>alert(1)</script>' OR 1=1 --\u202e{{7*7}}%(name)s"


def opened(server: Server, folder: Path, **others: str) -> Iterator[Site]:
    name = server.create(TEMPLATE)
    made = Site(settings(server.url(name), folder, **others))
    yield made
    made.close()
    server.drop(name)


@pytest.fixture
def north(server: Server, tmp_path: Path) -> Iterator[Site]:
    yield from opened(server, tmp_path / "north", SECRET_KEY=NORTH_SECRET, PUBLIC_URL="http://north.example")


@pytest.fixture
def trusting(server: Server, tmp_path: Path) -> Iterator[Site]:
    """A site that trusts North, under a name that its operator chose badly."""
    trusted = f"North <b>& Sons</b>={NORTH.public_hex()}"
    yield from opened(server, tmp_path / "here", TRUSTED_INSTALLATIONS=trusted)


def hand_in(browser: Browser, content: bytes, filename: str = "statement.json") -> Page:
    return browser.post(HAND_IN, {"file": (io.BytesIO(content), filename)})


def me(site: Site) -> tuple[Investor, Browser]:
    investor = person(site.world)
    return investor, site.browser(investor.user_id)


def test_a_statement_is_downloaded_here_and_handed_in_there(north: Site, trusting: Site) -> None:
    there, browser_there = me(north)
    north.world.pledged(north.world.live(), 4_000, there)
    download = browser_there.post(ISSUE)
    assert download.status == 200
    assert download.headers["Content-Type"].startswith("application/json")
    assert download.headers["Content-Disposition"] == "attachment; filename*=UTF-8''limit-statement-2026-03-03.json"
    assert json.loads(download.body)["statement"]["installation"]["name"] == "http://north.example"

    _, browser = me(trusting)
    assert "You can still invest $90,000.00" in browser.get(LIMITS).text
    answer = hand_in(browser, download.body)
    assert (answer.status, answer.location) == (303, LIMITS)
    page = browser.get(LIMITS)
    assert "The statement is taken in" in page.text
    assert "You can still invest $80,000.00" in page.text
    assert "of it on other platforms, from statements: North <b>& Sons</b>$10,000.00" in page.text
    assert "1 purchase · $10,000.00" in page.text


def test_what_is_wrong_with_a_file_stands_at_the_field_and_nothing_is_stored(north: Site, trusting: Site) -> None:
    there, _ = me(north)
    _, browser = me(trusting)
    content = issued(north.world, there)
    for wrong, words in (
        (content.replace(b'"US"', b'"CA"'), "changed after it was signed"),
        (b"%PDF-1.4", "no JSON"),
        (changed(content, version=9), "has the version 9"),
        (with_lines(content, line("2020-01-01", 5)), "Line 1 of the statement is outside"),
    ):
        with trusting.unchanged():
            page = hand_in(browser, wrong)
        assert page.status == 422
        assert words in page.error_at("file")
    with trusting.unchanged():
        page = browser.post(HAND_IN, {})
    assert page.status == 422 and "Choose a file" in page.error_at("file")
    trusting.world.move_clock(days=31)
    with trusting.unchanged():
        page = hand_in(browser, content)
    assert "The statement was good until" in page.error_at("file")


def test_hostile_names_are_only_shown(north: Site, trusting: Site) -> None:
    there, _ = me(north)
    _, browser = me(trusting)
    content = with_lines(issued(north.world, there), line("2026-03-01", 100, issuer=HOSTILE, reference=HOSTILE))
    assert hand_in(browser, content).status == 303
    page = browser.get(LIMITS)
    assert "North <b>& Sons</b>" in page.text and "<b>&" not in page.source and "<script>alert" not in page.source
    odd = changed(content, installation={"key": "0" * 64, "name": HOSTILE})
    refused = hand_in(browser, odd)
    assert "<script>alert" not in refused.source
    assert HOSTILE in refused.error_at("file")


def test_without_a_birth_date_the_page_says_what_is_missing(north: Site) -> None:
    investor = person(north.world, born_on=None)
    with north.unchanged():
        page = north.browser(investor.user_id).post(ISSUE)
    assert page.status == 422
    assert "Give your date of birth with your figures first" in page.text


def test_who_gave_no_figures_yet_is_asked_for_them(trusting: Site) -> None:
    nobody = trusting.browser(trusting.world.user(Role.INVESTOR).id)
    assert "Purchases on other platforms" not in nobody.get(LIMITS).text
    for page in (nobody.post(ISSUE), hand_in(nobody, b"{}")):
        assert page.status == 422
    assert trusting.world.sql("SELECT count(*) FROM limit_statements") == [(0,)]


def test_a_site_that_trusts_nobody_offers_no_form_and_takes_nothing(north: Site, site: Site) -> None:
    there, _ = me(north)
    _, browser = me(site)
    page = browser.get(LIMITS)
    assert "Download a statement" in page.text and "Hand in a statement" not in page.text
    with site.unchanged():
        refused = hand_in(browser, issued(north.world, there))
    assert refused.status == 422
    assert "does not trust the one that made the statement" in refused.text


def test_the_officer_and_the_mail_see_the_same_part(north: Site, trusting: Site) -> None:
    there, _ = me(north)
    investor, browser = me(trusting)
    north.world.pledged(north.world.live(), 400, there)
    hand_in(browser, issued(north.world, there))
    world = trusting.world
    world.pledged(world.live(), 10_000, investor)  # an officer must look at it
    officer = trusting.browser(world.user(Role.COMPLIANCE_OFFICER).id)
    case = officer.get(f"/review/cases/{world.queue()[0]}")
    assert "from statements: North <b>& Sons</b>$1,000.00" in case.text
    send_notifications.run(world.platform)
    outbox = (world.platform.settings.data_dir / "outbox").iterdir()
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default).get_content() for file in outbox]
    told = "$1,000.00 of it was bought on another platform, as a statement says: North <b>& Sons</b>"
    assert any(told in mail for mail in mails)
