"""Every page of everybody, in both languages: it is there, it is well made, and it speaks one language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

import pytest
from babel.messages.pofile import read_po
from lxml import html

from app.i18n.locales import LANGUAGES
from app.i18n.words import FOLDER
from app.regimes import registry
from tests.web.browser import Page
from tests.web.market import Market
from tests.web.places import WHO, pages

#: Not pages: files, and answers for machines.
NO_PAGES = {
    "static", "public.document", "issuer.document", "compliance.document", "health.healthz",
    "health.readyz", "public.robots", "public.security", "investor.my_evidence", "admin.reconciled_day_csv", "admin.dormant_csv",
    "admin.cash_days", "admin.dormant_cash", "investor.top_up_returned",
    # What these are about is not in this market: the tests of changes and entities do.
    "compliance.change_document", "investor.entity", "issuer.allotment",
}  # fmt: skip


def shown(market: Market, who: str, language: str) -> Iterator[tuple[str, Page]]:
    browser = market.browser(who, language)
    for path in pages(market, who):
        page = browser.get(path)
        expected = {"/no-such-page": 404, "/review": 403 if who == "investor" else 200}.get(path, 200)
        assert page.status == expected, (path, page.status, page.text)
        yield path, page


def faults(page: Page, language: str) -> Iterator[str]:
    """What is not as it should be in a page's HTML."""
    tree = page.tree
    if tree.get("lang") != language:
        yield f"lang is {tree.get('lang')}"
    if len(tree.xpath("//h1")) != 1:
        yield f"{len(tree.xpath('//h1'))} headings of the first level"
    ids = tree.xpath("//@id")
    yield from (f"id {one} twice" for one in set(ids) if ids.count(one) > 1)
    inline = tree.xpath("//style | //script[not(@src) or normalize-space()]")
    yield from (f"{one.tag} inside the page" for one in inline)
    for element in tree.iter(html.etree.Element):
        yield from (f"{element.tag} has {name}" for name in element.attrib if name == "style" or name.startswith("on"))
    labelled = set(tree.xpath("//label/@for"))
    for field in tree.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        if field.get("id") not in labelled and not field.get("aria-label") and not field.xpath("ancestor::label"):
            yield f"field {field.get('name')} has no label"
    for field in tree.xpath("//*[@aria-describedby]"):
        yield from (f"described by {one}" for one in field.get("aria-describedby").split() if one not in ids)
    yield from (f"heading of a table {one.text_content()!r} without scope" for one in tree.xpath("//th[not(@scope)]"))
    yield from (f"picture {one.get('src')[:30]} without words" for one in tree.xpath("//img[not(@alt)]"))
    for form in tree.xpath("//form[@method='post']"):
        if not form.xpath(".//input[@name='csrf_token']/@value"):
            yield f"form {form.get('action')} without a token"
    yield from (
        f"link to {one}" for one in tree.xpath("//a/@href") if urlsplit(one).scheme not in ("", "http", "https")
    )
    if re.search(r"%\(\w+\)s|\bNone\b(?! yet)(?!\.)|Undefined|Markup\(", page.text):
        where = re.search(r"%\(\w+\)s|\bNone\b(?! yet)(?!\.)|Undefined|Markup\(", page.text)
        yield f"raw words: {page.text[max(0, where.start() - 90) : where.end() + 60] if where else ''}"


@cache
def english() -> tuple[str, ...]:
    """The parts of our English sentences that no Chinese page may show."""
    with (FOLDER / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file)
    sentences = [
        one for entry in catalogue if entry.id for one in ([entry.id] if isinstance(entry.id, str) else entry.id)
    ]
    sentences += [rule.en for pack in registry.PACKS for rule in pack.rules.values()]
    sentences += [statement.en for pack in registry.PACKS for statement in pack.statements]
    parts = (part.strip(" ,.;:–()") for sentence in sentences for part in re.split(r"%\(\w+\)s", sentence))
    return tuple({part for part in parts if sum(letter.isalpha() for letter in part) > 12})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", WHO)
def test_every_page_is_there_and_well_made(market: Market, who: str, language: str) -> None:
    wrong = {
        path: found
        for path, page in shown(market, who, language)
        if (found := list(dict.fromkeys(faults(page, language))))
    }
    assert wrong == {}


@pytest.mark.parametrize("who", WHO)
def test_no_english_sentence_stands_on_a_chinese_page(market: Market, who: str) -> None:
    wrong = {}
    for path, page in shown(market, who, "zh-CN"):
        # Mails are in the language of who gets them; a text beside its translation, and a file, in their own.
        for other in page.tree.xpath("//article[contains(@class, 'mail')] | //body//*[@lang='en'] | //textarea"):
            other.drop_tree()
        spoken = " ".join([page.text, *page.tree.xpath("//@aria-label | //@title | //@alt | //@placeholder")])
        found = [part for part in english() if part in spoken]
        if found:
            wrong[path] = found
    assert wrong == {}


def test_every_address_that_shows_something_is_looked_at(market: Market) -> None:
    urls = market.site.app.url_map.bind("localhost")
    seen = {
        urls.match(path.partition("?")[0])[0] for who in WHO for path in pages(market, who) if "no-such" not in path
    }
    asked = {rule.endpoint for rule in market.site.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert asked - NO_PAGES - seen == set()


@pytest.mark.parametrize("who", WHO)
def test_every_link_leads_somewhere(market: Market, who: str) -> None:
    """Also in the other language, and back: the language link keeps the page."""
    links = {
        link for _, page in shown(market, who, "en") for link in page.tree.xpath("//a/@href | //link/@href")
        if link.startswith("/")
    }  # fmt: skip
    browser, wrong = market.browser(who), []
    for link in sorted(links):
        page = browser.get(link.partition("#")[0])
        if page.status >= 400 and "no-such-page" not in link and not (who == "investor" and link.startswith("/review")):
            wrong.append((link, page.status))
    assert wrong == []


def test_a_link_within_a_page_has_its_place(market: Market) -> None:
    page = market.browser("anonymous").get(f"/offerings/{market.offerings['live'].slug}")
    places = {link[1:] for link in page.tree.xpath("//a/@href") if link.startswith("#")}
    assert places and places <= set(page.tree.xpath("//@id"))


@pytest.mark.parametrize("language", ["xx", "", "zh", "en' OR 1", "../en", "zh-CN\u202e"])
def test_a_language_that_nobody_knows_changes_nothing(market: Market, language: str) -> None:
    page = market.browser("anonymous").get("/", query_string={"lang": language})
    assert page.status == 200
    assert page.tree.get("lang") == "en"
    assert "Set-Cookie" not in page.headers or "lang=" not in page.headers["Set-Cookie"]


def test_a_chosen_language_stays(market: Market) -> None:
    browser = market.browser("anonymous")
    assert browser.get("/?lang=zh-CN").tree.get("lang") == "zh-CN"
    assert browser.get("/rules").tree.get("lang") == "zh-CN"
    assert browser.get("/?lang=en").tree.get("lang") == "en"


def test_the_browsers_wish_decides_when_nothing_else_does(market: Market) -> None:
    browser = market.browser("anonymous")
    for wish, expected in (("zh-TW,zh;q=0.9", "zh-CN"), ("fr, en;q=0.5", "en"), ("fr", "en"), ("*", "en")):
        assert browser.get("/rules", headers={"Accept-Language": wish}).tree.get("lang") == expected


@pytest.mark.parametrize(
    "asked",
    [
        "endpoint=x", "_external=1&_scheme=javascript", "_scheme=ftp", "_method=PUT", "_anchor=x", "slug=another",
        "values=1", "self=1", "q=a&q=b", "lang=en&lang=zh-CN",
    ],
)  # fmt: skip
def test_what_a_visitor_writes_into_the_address_is_only_ever_written_back(market: Market, asked: str) -> None:
    path = f"/offerings/{market.offerings['live'].slug}"
    page = market.browser("anonymous").get(f"{path}?{asked}")
    assert page.status == 200
    (link,) = page.tree.xpath("//a[@hreflang='zh-CN']/@href") or page.tree.xpath("//a[@hreflang='en']/@href")
    assert link.startswith(f"{path}?")
    assert link.count("lang=") == 1
    kept = [pair for pair in asked.split("&") if not pair.startswith("lang=")]
    assert all(pair in link for pair in kept)


def test_the_language_link_of_a_refused_form_leads_to_the_form(market: Market) -> None:
    page = market.browser("anonymous").post("/sign-up")
    assert page.status == 422
    assert page.tree.xpath("//a[@hreflang='zh-CN']/@href") == ["/sign-up?lang=zh-CN"]
