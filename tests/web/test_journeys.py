"""Whole ways through the site for a company, an officer and an operator, by what their pages offer to press."""

from __future__ import annotations

import io
from typing import Any

import pytest

from app.actor import Role
from app.i18n import labels
from app.i18n.locales import LANGUAGES, Language
from app.i18n.words import said
from tests.builders import PDF, World
from tests.web.browser import Browser, Page, Site

ENGLISH, CHINESE = LANGUAGES.values()
NOTE = "Say what the machine costs, and 谁来操作它 <b>before</b> the 1st of May."
REASONS = ["unclear_terms", "missing_document"]


class Person:
    """Somebody at a browser: follows the links and sends the forms that the page shows, with what stands in them."""

    def __init__(self, browser: Browser, start: str = "/") -> None:
        self.browser = browser
        self.go(start)

    def go(self, path: str) -> Page:
        self.path, self.page = path, self.browser.get(path)
        while self.page.status in (302, 303):
            self.path = self.page.location
            self.page = self.browser.get(self.path)
        assert self.page.status == 200, (path, self.page.text)
        return self.page

    def follow(self, ending: str) -> Page:
        """Press the first link of the page whose address ends so."""
        links = [link for link in self.page.tree.xpath("//main//a/@href") if link.partition("?")[0].endswith(ending)]
        assert links, f"no link to {ending} in: {self.page.text}"
        return self.go(links[0])

    def press(self, action: str, /, **fields: Any) -> Page:
        """Send the page's form whose address ends so; every field named must be in it."""
        for form in self.page.tree.xpath("//main//form[@method='post']"):
            where = form.get("action") or self.path
            if where.partition("?")[0].endswith(action):
                assert fields.keys() <= set(form.fields), (set(fields) - set(form.fields), self.page.text)
                sent = {**dict(form.form_values()), **fields}
                answer = self.browser.decide(where, sent) if "outcome" in sent else self.browser.post(where, sent)
                assert answer.status == 303, answer.text
                return self.go(answer.location)
        raise AssertionError(f"nothing to press for {action} in: {self.page.text}")

    def open_tasks(self) -> set[str]:
        return {
            task.text_content().split("To do")[1].strip()
            for task in self.page.tree.xpath("//ol[@class='tasks']//li[contains(@class, 'task')][not(ul)]")
            if "task-done" not in task.get("class")
        }


def tasks(*codes: str) -> set[str]:
    return {said(ENGLISH, labels.TASKS[code]) for code in codes}


def signed_in(site: Site, role: Role, start: str = "/") -> Person:
    return Person(site.browser(site.world.user(role).id), start)


# A company


COMPANY = {
    "legal_name": "Ovens & Söhne, Inc.", "country": "US", "legal_form": "Corporation", "jurisdiction": "DE",
    "incorporated_on": "2020-01-31", "street1": "1 Main Street", "city": "Dover", "region": "DE", "postcode": "19901",
    "website": "https://ovens.example", "employees": "12",
}  # fmt: skip
FIGURES = ("total_assets", "cash", "receivables", "short_term_debt", "long_term_debt", "revenue", "cost_of_goods_sold",
           "taxes_paid", "net_income")  # fmt: skip
#: Each section with what is typed, and the tasks that this gets done.
SECTIONS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "terms": (
        {
            "security_type": "common_stock", "share_price": "2.5", "minimum_pledge": "25.00", "target": "50000.00",
            "maximum": "100000.00", "oversubscription_rule": "first_come",
        },
        tasks("security_type", "share_price", "minimum_pledge", "target", "maximum", "oversubscription_rule"),
    ),
    "deadline": (
        {"deadline_date": "2026-06-30", "deadline_time": "17:00", "deadline_zone": "Asia/Tokyo"}, tasks("deadline"),
    ),
    "story": (
        {"name": "Ovens for all", "tagline": "Bread from the sun", "story": "We **bake**.\n\n我们烤面包。"},
        tasks("tagline", "story"),
    ),
    "risks": ({"risks": "It may rain.\nIt may burn.\nOthers may bake."}, tasks("risks")),
    "funds": (
        {"purpose_0": "Machines", "percent_0": "60", "purpose_1": "People", "percent_1": "40"}, tasks("use_of_funds"),
    ),
    "team": ({"name_0": "Ann Oven", "role_0": "CEO", "name_1": "林晓", "role_1": ""}, tasks("team")),
    "financials": (
        {"statements_level": "reviewed"}
        | {f"{year}_{name}": f"{number}.00" for year in ("latest", "prior") for number, name in enumerate(FIGURES)}
        | {"latest_net_income": "-7.50"},
        tasks("financials_latest", "financials_prior", "statements_level"),
    ),
}  # fmt: skip


def enter_company(issuer: Person) -> str:
    """From "Raise money" to the checklist of a new draft; returns the offering's address."""
    issuer.go("/issuer")
    assert "First enter your company" in issuer.page.text
    issuer.follow("/issuer/companies/new")
    issuer.press("/companies/new", **COMPANY)
    assert "Saved." in issuer.page.notices() and COMPANY["legal_name"] in issuer.page.text
    issuer.follow("/issuer/offerings/new")
    (company,) = issuer.page.field("company").xpath("./option/@value")
    issuer.press("/offerings/new", company=company, rules="US-CF", name="A working title")
    return issuer.path


def upload(issuer: Person, title: str, filename: str) -> None:
    issuer.follow("/edit/documents")
    issuer.press("/edit/documents", title=title, file=(io.BytesIO(PDF), filename))


def give_account(issuer: Person) -> None:
    issuer.follow("/payout")
    issuer.press("/payout", holder="Ovens & Söhne, Inc.", account="US00 1111 2222 9876")
    assert "9876" not in issuer.page.text and "Saved." in issuer.page.notices()


def fill_in(issuer: Person) -> None:
    """Every section of the checklist, one by one."""
    for section, (typed, _) in SECTIONS.items():
        issuer.follow(f"/edit/{section}")
        issuer.press(f"/edit/{section}", **typed)
    upload(issuer, "Statements", "statements.pdf")
    give_account(issuer)


def test_a_company_is_entered_and_its_offering_handed_in_section_by_section(site: Site) -> None:
    issuer = signed_in(site, Role.ISSUER)
    address = enter_company(issuer)
    waiting = set().union(*(done for _, done in SECTIONS.values())) | tasks("documents", "payout_account")
    assert issuer.open_tasks() == waiting

    for section, (typed, done) in SECTIONS.items():
        issuer.follow(f"/edit/{section}")
        issuer.press(f"/edit/{section}", **typed)
        assert (issuer.path, issuer.page.notices().strip()) == (address, "Saved.")
        waiting -= done
        assert issuer.open_tasks() == waiting, section
        assert "Submit for review" not in issuer.page.text
    upload(issuer, "Statements 财务", "statements.pdf")
    assert issuer.open_tasks() == tasks("payout_account")
    give_account(issuer)
    assert (issuer.path, issuer.open_tasks()) == (address, set())

    for section, (typed, _) in SECTIONS.items():  # it was all kept
        page = issuer.browser.get(f"{address}/edit/{section}")
        shown = {name: page.value(name).replace("\r\n", "\n") for name in typed}
        assert shown == typed, section
    (document,) = issuer.page.tree.xpath("//ul[@class='documents']//a")
    assert document.text_content() == "Statements 财务"
    assert issuer.browser.get(document.get("href")).body == PDF

    issuer.press("/submit")
    assert "Submitted. An officer reads it next" in issuer.page.notices()
    assert not issuer.page.tree.xpath("//main//a[contains(@href, '/edit/')]")


# An officer


@pytest.fixture
def handed_in(site: Site) -> tuple[Person, str]:
    """A company's person whose offering waits for review, and the offering's address."""
    issuer = signed_in(site, Role.ISSUER)
    address = enter_company(issuer)
    fill_in(issuer)
    issuer.press("/submit")
    return issuer, address


def take_case(officer: Person, name: str) -> Page:
    officer.go("/review")
    (link,) = officer.page.tree.xpath("//main//a[normalize-space()=$name]/@href", name=name)
    officer.go(link)
    assert "Bread from the sun" in officer.page.text and "Statements" in officer.page.text
    return officer.press("/take")


def decide(officer: Person, **decision: Any) -> None:
    (case,) = officer.page.tree.xpath("//main//form[.//*[@name='outcome']]/@action")
    officer.go(officer.browser.decide(case, decision).location)
    assert "Decided. The person is told by mail." in officer.page.notices()
    assert case not in officer.page.source  # it waits no longer


def told(page: Page) -> tuple[list[str], str]:
    """The officer's reasons and words, as the company reads them."""
    (box,) = page.tree.xpath("//section[@aria-labelledby='officer']")
    return [one.text_content() for one in box.xpath(".//li")], box.xpath("./p")[0].text_content()


def words(language: Language, codes: list[str]) -> list[str]:
    return [said(language, labels.REASONS[code]) for code in codes]


def reads(site: Site, issuer: Person, address: str, codes: list[str]) -> None:
    """The same reasons in either language, and the note as it was written."""
    for language in (CHINESE, ENGLISH):
        issuer.go(f"{address}?lang={language.code}")
        assert told(issuer.page) == (words(language, codes), NOTE)
    assert site.browser().get(address).status == 302  # nobody else


def test_an_officer_asks_for_changes_and_what_was_mended_is_approved_and_opened(
    site: Site, handed_in: tuple[Person, str]
) -> None:
    issuer, address = handed_in
    officer = signed_in(site, Role.COMPLIANCE_OFFICER)
    take_case(officer, "Ovens for all")
    assert "In review" in issuer.go(address).text
    decide(officer, outcome="request_changes", reasons=REASONS, note=NOTE)

    reads(site, issuer, address, REASONS)
    issuer.follow("/edit/funds")
    issuer.press("/edit/funds", purpose_0="One machine for $30,000", percent_0="100", purpose_1="", percent_1="")
    upload(issuer, "Offer of the maker", "offer.pdf")
    issuer.press("/submit")
    assert not issuer.page.tree.xpath("//section[@aria-labelledby='officer']")

    seen = take_case(officer, "Ovens for all")
    assert "One machine for $30,000" in seen.text and "Offer of the maker" in seen.text
    assert NOTE in seen.text  # what was asked for the first time
    decide(officer, outcome="approve")
    issuer.go(address)
    assert "A second officer must agree" in issuer.page.text and "/open" not in issuer.page.source
    second = signed_in(site, Role.COMPLIANCE_OFFICER, start="/review")
    (link,) = second.page.tree.xpath("//main//a[contains(@href, '/review/proposals/')]/@href")
    second.go(link)
    assert "Ovens for all" in second.page.text
    second.press("/approve")
    assert "Agreed." in second.page.notices()

    (slug,) = (row[0] for row in site.world.sql("SELECT slug FROM offerings"))
    stranger = site.browser()
    assert stranger.get(f"/offerings/{slug}").status == 404
    assert "Ovens for all" not in stranger.get("/").text
    issuer.go(address)
    issuer.press("/open")
    assert "The offering is open." in issuer.page.notices()
    page = stranger.get(f"/offerings/{slug}")
    assert "Ovens for all" in stranger.get("/").text
    for detail in ("One machine for $30,000", "It may burn.", "林晓", "$2.50", "Tue 30 Jun 2026, 17:00 Tokyo"):
        assert detail in page.text, detail
    document = page.tree.xpath("//section[@id='documents']//a/@href")[0]
    assert stranger.get(document).body == PDF


def test_what_an_officer_refuses_stays_refused_and_says_why(site: Site, handed_in: tuple[Person, str]) -> None:
    issuer, address = handed_in
    officer = signed_in(site, Role.COMPLIANCE_OFFICER)
    take_case(officer, "Ovens for all")
    decide(officer, outcome="refuse", reasons=["not_eligible"], note=NOTE)

    reads(site, issuer, address, ["not_eligible"])
    assert "Refused" in issuer.page.tree.xpath("//h1")[0].text_content()
    assert not issuer.page.tree.xpath("//main//form")  # nothing to submit, open or withdraw
    for action in ("submit", "open"):
        issuer.browser.post(f"{address}/{action}")
    assert site.world.sql("SELECT status, opened_at FROM offerings") == [("refused", None)]


# An operator


def test_an_operator_begins_a_closing_that_is_due(site: Site) -> None:
    world: World = site.world
    offering, later = world.live(days=30, target="250"), world.live(days=60)
    world.held(offering, shares=400)
    operator = signed_in(site, Role.OPERATOR, start="/ops")
    assert not operator.page.tree.xpath("//main//form")
    assert "No deadline has come." in operator.page.text

    world.pass_deadline(offering)
    operator.go("/ops")
    assert operator.page.tree.xpath("//main//form/@action") == [f"/ops/offerings/{offering.ref}/close"]
    operator.press("/close")

    assert "The closing has begun." in operator.page.notices()
    ((ref, begun_by),) = world.sql("SELECT ref, users.name FROM closings JOIN users ON users.id = begun_by")
    (listed,) = operator.page.tree.xpath("//main//div[contains(@class, 'surface')][.//strong]")
    assert {offering.name, ref, labels.status("closing", "gathering", ENGLISH)} <= {
        part.strip() for part in listed.xpath(".//text()") for part in part.split(" · ")
    }
    assert begun_by in operator.page.text
    assert not operator.page.tree.xpath("//main//form")
    assert "This offering has ended and is being settled." in site.browser().get(f"/offerings/{offering.slug}").text
    assert world.offering(later.id).status == "live"
    world.run_jobs()  # the timetable goes on from here
    officer = signed_in(site, Role.COMPLIANCE_OFFICER, start="/review")
    assert ref in officer.page.text
    shown = operator.go("/ops").text
    assert labels.status("closing", "proposed", ENGLISH) in shown and "$1,000.00" in shown
