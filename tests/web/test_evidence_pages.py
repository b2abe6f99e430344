"""Evidence on the site: handed in by its owner, read by the one officer who holds the case, and by nobody else."""

from __future__ import annotations

import io
from datetime import date

import pytest

from app.actor import Role
from app.compliance import actions as compliance
from app.investors.models import Investor
from tests.builders import PDF
from tests.web.browser import Browser, Page, Site

PATH = "/me/status/new/accredited_us"


def claimed(site: Site, investor: Investor, filename: str = "tax.pdf", content: bytes = PDF) -> tuple[Browser, Page]:
    browser = site.browser(investor.user_id)
    signed = browser.get(PATH).value("statement_signed")
    fields = {"basis": "In writing.", "statement_signed": signed, "file": (io.BytesIO(content), filename)}
    return browser, browser.post(PATH, fields)


def case_of(site: Site) -> tuple[str, int]:
    return site.world.sql(
        "SELECT ref, file_id FROM review_cases JOIN claim_evidence ON claim_id = subject_id WHERE kind = 'investor'"
    )[0]  # type: ignore[return-value]


def test_a_status_is_claimed_with_its_first_file_and_more_can_follow(site: Site) -> None:
    browser, page = claimed(site, site.world.investor())
    assert page.status == 303
    mine = browser.get(page.location)
    assert "tax.pdf" in mine.text and "Held: not scanned" in mine.text
    more = browser.post(f"{page.location}/evidence", {"file": (io.BytesIO(PDF + b"\n"), "more.pdf")})
    assert more.status == 303
    assert "more.pdf" in browser.get(page.location).text
    link = mine.tree.xpath("//main//ul[@class='documents']//a/@href")[0]
    answer = browser.get(link)
    assert answer.body == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("filename", "content", "words"),
    [
        ("tax.pdf", b"", "The file is empty"),
        ("tax.pdf", b"<html>", "must be a PDF, PNG or JPEG"),
        ("tax.png", PDF, "does not fit its content, which is PDF"),
        ("tax.pdf", PDF + b"0" * 99, "no whole PDF"),
        ("", PDF, "Choose a file"),
    ],
)
def test_a_file_that_is_refused_claims_nothing(site: Site, filename: str, content: bytes, words: str) -> None:
    investor = site.world.investor()
    with site.unchanged():
        _, page = claimed(site, investor, filename, content)
    assert page.status == 422
    assert words in page.error_at("file")


def test_nothing_is_ticked_and_without_the_tick_nothing_is_claimed(site: Site) -> None:
    browser = site.browser(site.world.investor().user_id)
    assert not browser.get(PATH).field("statement_signed").checked
    with site.unchanged():
        page = browser.post(PATH, {"basis": "b", "file": (io.BytesIO(PDF), "tax.pdf")})
    assert page.status == 422


def test_somebody_elses_claim_is_not_there(site: Site) -> None:
    _, page = claimed(site, site.world.investor())
    thief = site.browser(site.world.investor().user_id)
    link = site.browser().get("/").status and page.location
    ((file_id,),) = site.world.sql("SELECT id FROM evidence_files")
    for method, path in (
        ("GET", link), ("GET", f"{link}/evidence/{file_id}"), ("POST", f"{link}/evidence"), ("POST", f"{link}/withdraw"),
    ):  # fmt: skip
        with site.unchanged():
            answer = thief.get(path) if method == "GET" else thief.post(path, {})
        assert answer.status == 404


def test_only_the_officer_who_holds_the_case_reads_the_file_and_it_is_in_the_trail(site: Site) -> None:
    world = site.world
    claimed(site, world.investor())
    ref, file_id = case_of(site)
    path = f"/review/cases/{ref}/evidence/{file_id}"
    holder, other = world.user(Role.COMPLIANCE_OFFICER), world.user(Role.COMPLIANCE_OFFICER)
    for person in (holder, other):
        with site.unchanged():
            assert site.browser(person.id).get(path).status == 404
            assert site.browser(person.id).post(path).status == 404
    with world.acting(world.actor(holder)) as tx:
        compliance.take_case(tx, ref)
    browser = site.browser(holder.id)
    page = browser.get(path)
    assert "No virus scanner has seen this file" in page.text
    assert b"%PDF" not in page.body
    answer = browser.post(path)
    assert answer.body == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert site.browser(other.id).post(path).status == 404
    assert world.sql("SELECT actor_user_id, subject_id FROM audit_events WHERE event = 'read_evidence'") == [
        (holder.id, file_id)
    ]


def test_the_page_of_the_case_shows_what_was_signed_beside_the_evidence(site: Site) -> None:
    world = site.world
    claimed(site, world.investor())
    ref, _ = case_of(site)
    page = site.browser(world.user(Role.COMPLIANCE_OFFICER).id).get(f"/review/cases/{ref}")
    assert "17 CFR 230.501(a)" in page.text
    assert "Held: not scanned" in page.text
    assert "Take the case to read the files" in page.text


def test_a_statement_is_signed_with_its_figures_on_the_site(site: Site) -> None:
    investor = site.world.investor()
    browser = site.browser(investor.user_id)
    page = browser.get("/me/status/new/hnw_uk")
    fields = {"income": "120000", "net_assets": "", "statement_signed": page.value("statement_signed")}
    with site.unchanged():
        assert "plain digits" in browser.post("/me/status/new/hnw_uk", {**fields, "income": "much"}).error_at("income")
        assert "at least one of the figures" in browser.post("/me/status/new/hnw_uk", {**fields, "income": ""}).text
    done = browser.post("/me/status/new/hnw_uk", fields)
    assert done.status == 303
    assert "£120,000.00" in browser.get(done.location).text
    assert site.world.sql("SELECT status, figures, valid_until FROM claims") == [
        ("verified", {"income": "120000.00"}, date(2027, 3, 2))
    ]
    assert "Renew it" in browser.get("/me/status").text


def test_a_status_is_given_up_on_the_site(site: Site) -> None:
    browser, page = claimed(site, site.world.investor())
    assert browser.post(f"{page.location}/withdraw").status == 303
    assert site.world.sql("SELECT status FROM claims") == [("withdrawn",)]
    assert site.world.sql("SELECT status FROM review_cases") == [("withdrawn",)]
