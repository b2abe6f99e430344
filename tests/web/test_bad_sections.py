"""The issuer's sections with what cannot be right in them: refused where it stands, kept on the page, nothing stored."""

from __future__ import annotations

import io
from typing import Any

import pytest

from app.actor import Actor
from app.offerings import actions as offerings
from app.offerings.models import Offering
from tests.builders import PDF, World
from tests.web.browser import Browser, Page, Site
from tests.web.market import Market


def save(market: Market, section: str, fields: dict[str, Any], status: str = "draft") -> Page:
    offering = market.offerings[status]
    path = f"/issuer/offerings/{offering.ref}/edit/{section}"
    return market.browser("issuer").post(path, {"version": str(offering.version), **fields})


CHOICES = {"security_type": "debt", "oversubscription_rule": "first_come"}
DEADLINE = {"deadline_date": "2027-03-31", "deadline_time": "17:00", "deadline_zone": "America/New_York"}


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        # 2027-03-14: New York's clocks go from 02:00 to 03:00; 2026-11-01: 01:00 to 02:00 comes twice.
        ({"deadline_date": "2027-03-14", "deadline_time": "02:30"}, "deadline_time", "Choose 03:30 or another time"),
        ({"deadline_date": "2026-11-01", "deadline_time": "01:30"}, "deadline_time", "comes twice on that day"),
        # Lord Howe moves its clocks by half an hour.
        (
            {"deadline_date": "2026-10-04", "deadline_time": "02:15", "deadline_zone": "Australia/Lord_Howe"},
            "deadline_time", "The clocks skip 02:15 on that day. Choose 02:45",
        ),
        ({"deadline_date": "2026-02-01"}, "deadline_date", "still ahead"),
        ({"deadline_zone": "Mars/Olympus"}, "deadline_zone", "Choose a time zone from the list"),
        ({"deadline_zone": "../etc/passwd"}, "deadline_zone", "Choose a time zone from the list"),
        ({"deadline_zone": "Asia/Shanghai\0"}, "deadline_zone", "Choose a time zone from the list"),
        *(
            ({"deadline_date": date}, "deadline_date", "Give a date as year, month and day")
            for date in (
                "2027-02-30", "31.03.2027", "2027-W10-2", "20270331", "２０２７-03-31", "0000-01-01", "9999-12-31",
                "0001-01-01", "tomorrow", "2027-3-1", "1e3",
            )
        ),
        *(
            ({"deadline_time": time}, "deadline_time", "Give a time as hour and minute")
            for time in ("24:00", "17", "5 pm", "17:60", "17:00x", "１７:00", "-1:00", "17:00:61")
        ),
        ({"deadline_date": ""}, "deadline_date", "Fill in this field"),
        ({"deadline_date": "2027-03-31-and-more"}, "deadline_date", "10 characters or fewer"),
    ],
)  # fmt: skip
def test_a_deadline_that_is_no_instant_is_refused(
    market: Market, changed: dict[str, str], field: str, words: str
) -> None:
    with market.site.unchanged():
        page = save(market, "deadline", DEADLINE | changed)
    assert page.status == 422
    assert words in page.error_at(field)
    if field != "deadline_zone":
        assert page.value(field) == (DEADLINE | changed)[field]


@pytest.mark.parametrize(
    ("section", "fields", "field", "words"),
    [
        ("risks", {"risks": "Only one.\nAnd two."}, "risks", "Name at least 3 risks"),
        ("risks", {"risks": " \n - \n • \n"}, "risks", "Name at least 3 risks"),
        ("risks", {"risks": "a\nb\nc" + "x" * 10_000}, "risks", "Use 10,000 characters or fewer"),
        ("funds", {"purpose_0": "A", "percent_0": "60", "purpose_1": "B", "percent_1": "30"}, "percent_0", "now they make 90"),
        ("funds", {"purpose_0": "A", "percent_0": "100", "purpose_1": "B"}, "percent_1", "Give a whole number"),
        ("funds", {"percent_0": "100"}, "purpose_0", "Give a purpose for each part"),
        ("funds", {}, "percent_0", "now they make 0"),
        ("team", {"role_0": "CEO"}, "name_0", "Fill in this field"),
        ("team", {"name_0": "Ann\u202eAnna"}, "name_0", "Remove the invisible characters"),
        ("team", {"name_0": "Ann\0"}, "name_0", "Remove the invisible characters"),
        ("team", {"name_0": "e" + "\u0301" * 31}, "name_0", "Remove the invisible characters"),
        ("story", {"name": "N", "tagline": "T" * 201, "story": "S"}, "tagline", "Use 200 characters or fewer"),
        ("story", {"name": "N", "tagline": "T", "story": " \n "}, "story", "Fill in this field"),
        ("story", {"name": "N", "tagline": "T", "story": "a\u2066b"}, "story", "Remove the invisible characters"),
        ("terms", {**CHOICES, "security_type": "gold"}, "security_type", "Choose one from the list"),
        ("terms", {**CHOICES, "oversubscription_rule": "best"}, "oversubscription_rule", "Choose one"),
        ("terms", {**CHOICES, "target": "100", "maximum": "99"}, "maximum", "Maximum must be $100.00 or more"),
        ("financials", {"statements_level": "checked"}, "statements_level", "Choose one from the list"),
        ("documents", {"title": "Deck"}, "file", "Choose a file"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_at_its_field(
    market: Market, section: str, fields: dict[str, str], field: str, words: str
) -> None:
    with market.site.unchanged():
        page = save(market, section, fields)
    assert page.status == 422
    assert words in page.error_at(field)
    for name, typed in fields.items():
        if page.field(name).tag != "select":
            assert page.value(name).replace("\r\n", "\n").strip() == typed.replace("\0", "\ufffd").strip()


@pytest.mark.parametrize("section", ["terms", "deadline", "story", "risks", "funds", "team", "financials", "documents"])
def test_locked_terms_stay_as_they_are(market: Market, section: str) -> None:
    filled: dict[str, Any] = {
        **DEADLINE, **CHOICES, "statements_level": "reviewed", "name": "New", "tagline": "New", "story": "New", "risks": "a\nb\nc", "purpose_0": "A",
        "percent_0": "100", "name_0": "Ann", "title": "T",
    }  # fmt: skip
    with market.site.unchanged():
        for status in ("submitted", "approved", "live", "settled", "withdrawn", "refused"):
            page = save(market, section, {**filled, "file": (io.BytesIO(PDF), "a.pdf")}, status)
            assert page.status == 422
            assert "The terms are locked while the offering is" in page.text
            ref = market.offerings[status].ref
            looked = market.browser("issuer").get(f"/issuer/offerings/{ref}/edit/{section}")
            assert looked.location == f"/issuer/offerings/{ref}"


@pytest.mark.parametrize("section", ["company", "payout", "TERMS", "terms%00", "..", "0"])
def test_a_section_that_is_none_is_not_there(market: Market, section: str) -> None:
    path = f"/issuer/offerings/{market.offerings['draft'].ref}/edit/{section}"
    with market.site.unchanged():
        assert market.browser("issuer").get(path).status == 404
        assert market.browser("issuer").post(path).status == 404


# Two windows


@pytest.fixture
def draft(site: Site) -> tuple[Offering, Browser]:
    offering, actor = site.world.draft()
    return offering, site.browser(actor.user_id)


STORY = {"name": "Mine", "tagline": "Mine", "story": "Mine"}


@pytest.mark.parametrize("version", ["0", "1", "", "x", "-5", "9" * 40, "１"])
def test_a_stale_version_is_refused_and_says_so(site: Site, draft: tuple[Offering, Browser], version: str) -> None:
    offering, browser = draft
    with site.unchanged():
        page = browser.post(f"/issuer/offerings/{offering.ref}/edit/story", {**STORY, "version": version})
    assert page.status == 422
    assert "changed in another window" in page.text
    assert page.value("story") == "Mine"


def test_who_was_told_of_the_other_window_can_save_all_the_same(world: World, draft: tuple[Offering, Browser]) -> None:
    offering, browser = draft
    path = f"/issuer/offerings/{offering.ref}/edit/story"
    shown = browser.get(path).value("version")
    assert browser.post(path, {**STORY, "story": "Theirs", "version": shown}).status == 303
    refused = browser.post(path, {**STORY, "version": shown})
    assert refused.status == 422
    assert world.offering(offering.id).disclosure["story"] == "Theirs"
    assert browser.post(path, {**STORY, "version": refused.value("version")}).status == 303
    assert world.offering(offering.id).disclosure["story"] == "Mine"


# What is stored


def test_a_line_break_in_a_field_of_one_line_becomes_a_space(world: World, draft: tuple[Offering, Browser]) -> None:
    offering, browser = draft
    typed = {"name": "A\r\nBcc: b@evil.example", "tagline": "one\u2028two\tthree", "story": "one\r\ntwo"}
    page = browser.post(f"/issuer/offerings/{offering.ref}/edit/story", {**typed, "version": str(offering.version)})
    assert page.status == 303
    stored = world.offering(offering.id)
    assert (stored.name, stored.tagline) == ("A Bcc: b@evil.example", "one two three")
    assert stored.disclosure["story"] == "one\r\ntwo"


def test_people_beyond_the_rows_of_the_form_are_not_lost(world: World, draft: tuple[Offering, Browser]) -> None:
    offering, browser = draft
    team = [{"name": f"Person {number}", "role": "Director"} for number in range(7)]
    with world.acting(Actor("test")) as tx:
        offering = offerings.save_disclosure(tx, offering.id, offering.version, team=team)
    path = f"/issuer/offerings/{offering.ref}/edit/team"
    page = browser.get(path)
    shown = {name: page.value(name) for row in range(5) for name in (f"name_{row}", f"role_{row}")}
    assert browser.post(path, {**shown, "version": page.value("version")}).status == 303
    assert world.offering(offering.id).disclosure["team"] == team


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("../../etc/passwd", "passwd"), ("a\u202egpj.pdf", "agpj.pdf"), ("a\0.pdf", "a.pdf"),
        ("财务 报表.pdf", "财务 报表.pdf"), ("..", ".."), ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
    ],
)  # fmt: skip
def test_a_file_keeps_only_a_harmless_name(
    world: World, draft: tuple[Offering, Browser], sent: str, stored: str
) -> None:
    offering, browser = draft
    page = browser.post(
        f"/issuer/offerings/{offering.ref}/edit/documents",
        {"title": "Deck", "version": str(offering.version), "file": (io.BytesIO(PDF), sent)},
    )
    assert page.status == 303, page.text
    rows = world.sql("SELECT id, filename FROM offering_documents WHERE title = 'Deck'")
    assert rows[0][1] == stored
    answer = browser.get(f"/issuer/offerings/{offering.ref}/documents/{rows[0][0]}")
    assert answer.body == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"<html><script>alert(1)</script></html>", "must be a PDF, PNG or JPEG"),
        (b"MZ\x90\x00" + b"\0" * 100, "must be a PDF, PNG or JPEG"),
        (b"GIF89a" + b"\0" * 100, "must be a PDF, PNG or JPEG"),
        (b"%PDF-1.4" + b"\0" * 10_000_000, "must be 10 MB or smaller"),
    ],
    ids=["empty", "page", "program", "gif", "large"],
)
def test_a_file_that_is_no_document_is_refused(market: Market, content: bytes, words: str) -> None:
    with market.site.unchanged():
        page = save(market, "documents", {"title": "Deck", "file": (io.BytesIO(content), "deck.pdf")})
    assert page.status == 422
    assert words in page.error_at("file")
