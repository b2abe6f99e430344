"""Styles and scripts: only what is used of the base, compressed, kept for good; and the colours that somebody chose."""

from __future__ import annotations

import gzip
import re

import pytest

from app.web.static_files import used
from tests.web.browser import Page
from tests.web.market import Market

SHEET = (
    "/* © them */:root{--a:1}.btn{x:1}.btn,.gone:not(.btn,.card){y:1}.btn.gone{z:1}a:hover{c:1}"
    "@media (min-width:1px){.gone{a:1}.btn{b:1}}@media print{.gone{a:1}}@keyframes gone{to{a:1}}"
)
#: gzip, in bytes: what every page loads before it looks as it should.
MOST_STYLES, MOST_SCRIPTS = 20_000, 15_000


def links(page: Page) -> list[str]:
    return [
        str(one)
        for one in page.tree.xpath("//link[@rel='stylesheet']/@href | //script/@src | //link[@rel='icon']/@href")
    ]


def test_only_rules_whose_classes_are_used_are_kept() -> None:
    assert used(SHEET, ["btn"]) == ":root{--a:1}.btn{x:1}.btn{y:1}a:hover{c:1}@media (min-width:1px){.btn{b:1}}"
    assert used(SHEET, ["gone", "card", "btn"]).count("gone") == 4
    assert used("", ["btn"]) == ""


def test_files_are_small_and_kept_for_good(market: Market) -> None:
    browser = market.browser("anonymous")
    found = {path: browser.get(path, headers={"Accept-Encoding": "gzip"}) for path in links(browser.get("/"))}
    assert {path.rsplit("/", 1)[1] for path in found} == {"base.css", "site.css", "dark.css", "zone.js", "mark.svg"}
    for path, file in found.items():
        assert file.status == 200, path
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (file.headers["Content-Encoding"], file.headers["Vary"]) == ("gzip", "Accept-Encoding")
        plain = browser.get(path)
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(file.body) == plain.body
    weights = {path: len(file.body) for path, file in found.items()}
    assert sum(weight for path, weight in weights.items() if path.endswith(".css")) < MOST_STYLES
    assert sum(weight for path, weight in weights.items() if path.endswith(".js")) < MOST_SCRIPTS


def test_an_address_changes_with_its_file_and_an_old_one_is_not_kept(market: Market) -> None:
    browser = market.browser("anonymous")
    (site,) = (path for path in links(browser.get("/")) if path.endswith("site.css"))
    assert re.fullmatch(r"/static/[0-9a-f]{12}/site\.css", site)
    older = browser.get("/static/000000000000/site.css")
    assert (older.status, older.headers["Cache-Control"]) == (200, "no-cache")
    assert older.body == browser.get(site).body
    for nothing in ("/static/000000000000/other.css", "/static/site.css", "/static/0/..%2fstatic_files.py"):
        assert browser.get(nothing).status == 404, nothing


@pytest.mark.parametrize(
    ("chosen", "media"),
    [("auto", ["screen and (prefers-color-scheme: dark)"]), ("dark", ["screen"]), ("light", [])],
)  # fmt: skip
def test_the_colours_that_somebody_chose_stay(market: Market, chosen: str, media: list[str]) -> None:
    browser = market.browser("anonymous")
    for path in (f"/rules?theme={chosen}", "/rules", "/no-such-page"):
        page = browser.get(path)
        assert page.tree.xpath("//link[contains(@href, 'dark.css')]/@media") == media, path
        (current,) = page.tree.xpath("//footer//a[@aria-current='true']/@href")
        assert current.endswith(f"theme={chosen}")


def test_colours_that_nobody_offers_are_not_kept(market: Market) -> None:
    browser = market.browser("anonymous")
    page = browser.get("/rules?theme=%3Cb%3E")
    assert "theme" not in page.headers.get("Set-Cookie", "")
    assert page.tree.xpath("//link[contains(@href, 'dark.css')]/@media") == ["screen and (prefers-color-scheme: dark)"]
